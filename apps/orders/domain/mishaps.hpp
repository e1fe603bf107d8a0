#pragma once

#include <cstdint>
#include <string_view>

namespace orders {

/// Which orders fail, and where. A pure function of the order's id: so two runs can be compared,
/// and a decision that is made again after a crash is the same one.
struct mishaps {
  double decline_rate{};          ///< share of the payments that are declined, 0 to 1
  double out_of_stock_rate{};     ///< share of the reservations that are rejected
  double shipping_failure_rate{}; ///< share of the parcels that no carrier takes
  std::uint64_t seed = 1;         ///< another seed: other orders
  /// Share of the orders whose confirmation or cancellation fails the first time that it is tried:
  /// their processes are stuck until an operator retries.
  double last_word_failure_rate{};

  [[nodiscard]] bool declined(std::string_view order_id) const noexcept;
  [[nodiscard]] bool out_of_stock(std::string_view order_id) const noexcept;
  [[nodiscard]] bool shipping_fails(std::string_view order_id) const noexcept;
  [[nodiscard]] bool last_word_fails(std::string_view order_id) const noexcept;
};

} // namespace orders
