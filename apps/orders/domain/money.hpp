#pragma once

#include <ensemble/fields.hpp>

#include <charconv>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace orders {

/// An amount in minor units (cents). One currency, so it names none.
struct money {
  std::int64_t cents{};
  friend auto operator<=>(const money&, const money&) = default;
};
ENSEMBLE_FIELDS(money, cents)

/// a + b; nothing if that is out of range.
[[nodiscard]] inline std::optional<money> plus(money a, money b) noexcept {
  money sum;
  if (__builtin_add_overflow(a.cents, b.cents, &sum.cents)) return std::nullopt;
  return sum;
}

/// price * quantity; nothing if that is out of range.
[[nodiscard]] inline std::optional<money> times(money price, std::int64_t quantity) noexcept {
  money product;
  if (__builtin_mul_overflow(price.cents, quantity, &product.cents)) return std::nullopt;
  return product;
}

/// As in `-12.05`.
[[nodiscard]] inline std::string to_text(money amount) {
  auto cents = static_cast<std::uint64_t>(amount.cents);
  if (amount.cents < 0)
    cents = 0 - cents; // also right for the least of all, which has no positive twin
  const auto minor = std::to_string(cents % 100);
  return (amount.cents < 0 ? "-" : "") + std::to_string(cents / 100) +
         (minor.size() == 1 ? ".0" : ".") + minor;
}

/// Reads `12`, `2.1`, `2.55`, `-3.50`; nothing for anything else, fractions of a cent included:
/// rounding a price is not the reader's to decide.
[[nodiscard]] inline std::optional<money> parse_money(std::string_view text) noexcept {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const auto point = text.find('.');
  auto major_digits = text.substr(0, point);
  auto minor_digits = point == std::string_view::npos ? "0" : text.substr(point + 1);
  while (minor_digits.size() > 2 && minor_digits.back() == '0') minor_digits.remove_suffix(1);
  const auto number = [](std::string_view digits) -> std::optional<std::int64_t> {
    std::int64_t value = 0;
    const auto* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, value);
    if (digits.starts_with('-') || read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    return value;
  };
  const auto major = number(major_digits);
  const auto minor = number(minor_digits);
  if (!major || !minor || minor_digits.size() > 2) return std::nullopt;
  const auto whole = times(money{100}, *major);
  const auto sum =
      whole ? plus(*whole, money{minor_digits.size() == 1 ? *minor * 10 : *minor}) : std::nullopt;
  return sum && negative ? std::optional(money{-sum->cents}) : sum;
}

} // namespace orders
