#pragma once

#include "orders/domain/mishaps.hpp"
#include "orders/domain/money.hpp"

#include <ensemble/service.hpp>

#include <string>

namespace orders {

struct authorise_payment {
  std::string order_id{};
  money amount{};
};
ENSEMBLE_MESSAGE(authorise_payment, 1, order_id, amount)

struct payment_authorised {
  std::string order_id{};
  std::string payment_id{};
  money amount{};
};
ENSEMBLE_MESSAGE(payment_authorised, 1, order_id, payment_id, amount)

struct payment_declined {
  std::string order_id{};
  std::string reason{};
};
ENSEMBLE_MESSAGE(payment_declined, 1, order_id, reason)

struct refund_payment {
  std::string order_id{};
  std::string payment_id{};
  money amount{};
};
ENSEMBLE_MESSAGE(refund_payment, 1, order_id, payment_id, amount)

struct payment_refunded {
  std::string order_id{};
  std::string payment_id{};
  money amount{};
};
ENSEMBLE_MESSAGE(payment_refunded, 1, order_id, payment_id, amount)

enum class payment_status { none, authorised, declined, refunded };

/// What the payment of one order remembers of its events.
struct payment {
  payment_status status{};
  std::string payment_id{};
  money amount{};

  void apply(const payment_authorised& e);
  void apply(const payment_declined& e);
  void apply(const payment_refunded& e);
};

/// Authorises and refunds payments. One entity an order. It decides by itself; for one that asks a
/// gateway outside see payment_by_gateway.
[[nodiscard]] ensemble::service_definition payment_service(const mishaps& m = {});

/// Why a payment is declined.
[[nodiscard]] payment_declined declined(const std::string& order_id);

} // namespace orders
