#include "orders/input/order_generator.hpp"

namespace orders {

namespace {

constexpr std::uint64_t items = 1000;     // the shop's assortment
constexpr std::uint64_t customers = 5000; // and its regulars

// SplitMix64 (Steele, Lea, Flood 2014). The distributions of the standard library differ from one
// implementation to the next; this does not.
struct splitmix {
  std::uint64_t state;

  std::uint64_t next() noexcept {
    state += 0x9E3779B97F4A7C15ULL;
    auto z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  std::uint64_t below(std::uint64_t limit) noexcept { return next() % limit; }
};

std::string numbered(const std::string& prefix, std::uint64_t number, std::size_t digits) {
  auto text = std::to_string(number);
  if (text.size() < digits) text.insert(0, digits - text.size(), '0');
  return prefix + text;
}

} // namespace

place_order order_generator::make(std::uint64_t n) const {
  splitmix chance{seed * 0xD1342543DE82EF95ULL ^ n};
  place_order order;
  order.order_id = numbered(std::to_string(seed) + "-", n, 8);
  if (chance.below(10) != 0) // one in ten buys without an account
    order.customer = numbered("c", chance.below(customers), 4);
  for (std::uint32_t i = 0; i < lines; ++i) {
    const auto item = chance.below(items);
    const auto price = splitmix{item}.below(4900) + 100; // the same for every customer
    order.lines.push_back({numbered("sku-", item, 4),
                           static_cast<std::int64_t>(chance.below(5) + 1),
                           money{static_cast<std::int64_t>(price)}});
  }
  return order;
}

} // namespace orders
