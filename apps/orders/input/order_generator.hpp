#pragma once

#include "orders/domain/messages.hpp"

#include <cstdint>

namespace orders {

/// Makes orders up. The n-th order depends on the seed, n and the number of lines alone, and its id
/// on the seed and n: so a second run with the same flags speaks of the same orders.
struct order_generator {
  std::uint64_t seed = 1;
  std::uint32_t lines = 1; ///< of each order

  /// The n-th order, from 1. Ids sort as their numbers do.
  [[nodiscard]] place_order make(std::uint64_t n) const;
};

} // namespace orders
