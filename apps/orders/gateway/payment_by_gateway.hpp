#pragma once

#include "orders/domain/payment.hpp"
#include "orders/gateway/payment_gateway.hpp"

#include <memory>

namespace orders {

/// The payment service whose money moves outside the journal: its handlers ask the gateway, under
/// the idempotency key that they are given. It takes the same commands and has the same outcomes
/// as payment_service.
[[nodiscard]] ensemble::service_definition
payment_by_gateway(std::shared_ptr<payment_gateway> gateway, const mishaps& m);

} // namespace orders
