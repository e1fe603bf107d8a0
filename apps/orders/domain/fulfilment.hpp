#pragma once

#include "orders/domain/messages.hpp"

#include <ensemble/process.hpp>

#include <string>
#include <vector>

namespace orders {

/// The one warehouse that there is for now: all orders draw on the same stock.
inline constexpr auto main_warehouse = "main";

/// What the fulfilment of one order remembers of the events that it has seen.
struct fulfilment {
  std::string order_id{};
  money total{};
  std::vector<stock_item> items{};
  std::string payment_id{};
  std::string failure{};
};

/// How an order is fulfilled: paid, reserved, shipped, and taken off the stock; or, when one of
/// these fails, everything undone.
[[nodiscard]] ensemble::process_definition order_fulfilment();

} // namespace orders
