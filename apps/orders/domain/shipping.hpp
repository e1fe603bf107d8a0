#pragma once

#include "orders/domain/mishaps.hpp"

#include <ensemble/service.hpp>

#include <string>

namespace orders {

struct ship_order {
  std::string order_id{};
};
ENSEMBLE_MESSAGE(ship_order, 1, order_id)

struct order_shipped {
  std::string order_id{};
  std::string parcel_id{};
};
ENSEMBLE_MESSAGE(order_shipped, 1, order_id, parcel_id)

struct shipping_failed {
  std::string order_id{};
  std::string reason{};
};
ENSEMBLE_MESSAGE(shipping_failed, 1, order_id, reason)

enum class shipment_status { none, shipped, failed };

/// What the shipment of one order remembers of its events.
struct shipment {
  shipment_status status{};

  void apply(const order_shipped& e);
  void apply(const shipping_failed& e);
};

/// Hands parcels to a carrier. One entity an order. What is shipped cannot be taken back.
[[nodiscard]] ensemble::service_definition shipping_service(const mishaps& m = {});

} // namespace orders
