#include "orders/domain/mishaps.hpp"

namespace orders {

namespace {

/// A number in [0, 1) that depends on all three: FNV-1a, with the finaliser of SplitMix64 to
/// spread ids that differ in their last digit.
double draw(std::uint64_t seed, std::string_view what, std::string_view order_id) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325ULL ^ (seed * 0x9E3779B97F4A7C15ULL);
  for (const auto text : {what, order_id})
    for (const char c : text) {
      hash ^= static_cast<unsigned char>(c);
      hash *= 0x00000100000001B3ULL;
    }
  hash = (hash ^ (hash >> 30)) * 0xBF58476D1CE4E5B9ULL;
  hash = (hash ^ (hash >> 27)) * 0x94D049BB133111EBULL;
  hash ^= hash >> 31;
  return static_cast<double>(hash >> 11) / 9007199254740992.0; // 53 bits, as many as a double has
}

} // namespace

bool mishaps::declined(std::string_view order_id) const noexcept {
  return draw(seed, "payment:", order_id) < decline_rate;
}

bool mishaps::out_of_stock(std::string_view order_id) const noexcept {
  return draw(seed, "stock:", order_id) < out_of_stock_rate;
}

bool mishaps::shipping_fails(std::string_view order_id) const noexcept {
  return draw(seed, "shipping:", order_id) < shipping_failure_rate;
}

bool mishaps::last_word_fails(std::string_view order_id) const noexcept {
  return draw(seed, "last word:", order_id) < last_word_failure_rate;
}

} // namespace orders
