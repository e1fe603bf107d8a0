#pragma once

#include <ensemble/error.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

/// What the fuzz targets share. A target takes any bytes; it ends the program (claim) when what it
/// claims of them does not hold. The sanitizers see the rest.
namespace fuzz {

/// The bytes of one execution, taken from the front. Beyond the end everything is zero.
class input {
public:
  explicit input(std::span<const std::uint8_t> bytes) : left_(bytes) {}

  [[nodiscard]] bool empty() const noexcept { return left_.empty(); }
  std::uint8_t byte() {
    if (left_.empty()) return 0;
    const auto first = left_.front();
    left_ = left_.subspan(1);
    return first;
  }
  /// 0 .. n-1, of one byte.
  std::size_t below(std::size_t n) { return byte() % n; }
  bool flag() { return (byte() & 1U) != 0; }
  std::uint64_t number(std::size_t width = 8) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < width; ++i) value = value << 8 | byte();
    return value;
  }
  /// Up to `most` bytes.
  std::string text(std::size_t most) {
    const auto size = std::min(most, left_.size());
    std::string taken(reinterpret_cast<const char*>(left_.data()), size);
    left_ = left_.subspan(size);
    return taken;
  }
  /// A text with its length, one byte, in front.
  std::string short_text() { return text(byte()); }
  std::string rest() { return text(left_.size()); }
  std::span<const std::uint8_t> rest_bytes() {
    const auto all = left_;
    left_ = {};
    return all;
  }

private:
  std::span<const std::uint8_t> left_;
};

/// Ends the program, with `what`, if that does not hold.
void claim(bool holds, std::string_view what);

/// Runs `what`; true if it threw an ensemble::error with one of these codes. Any other exception
/// passes, and ends the program.
template <class Function>
bool refused(std::initializer_list<ensemble::errc> allowed, Function what) {
  try {
    what();
    return false;
  } catch (const ensemble::error& e) {
    if (std::ranges::find(allowed, e.code()) == allowed.end()) throw;
    return true;
  }
}

// The targets, by the names that scripts/fuzz knows them by.
void messages(input in);
void json(input in);
void names(input in);
void envelopes(input in);
void books(input in);
void flow_graphs(input in);
void journals(input in);
void control(input in);
void csv(input in);
void command_line(input in);
void definitions(input in);
void folds(input in);
void evidence(input in);
void frames(input in);

} // namespace fuzz
