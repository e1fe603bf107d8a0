#pragma once

#include "orders/domain/messages.hpp"

#include <ensemble/process.hpp>

#include <string>
#include <vector>

namespace orders {

/// What the fulfilment of one order remembers of the events that it has seen.
struct fulfilment {
  std::string order_id{};
  money total{};
  std::vector<stock_item> items{}; ///< each once, whatever the lines
  std::string payment_id{};
  std::string failure{};
};

/// How an order is fulfilled: paid, reserved, shipped, and taken off the stock; or, when one of
/// these fails, everything undone.
[[nodiscard]] ensemble::process_definition order_fulfilment();

} // namespace orders
