#include "orders/gateway/payment_by_gateway.hpp"

namespace orders {

using ensemble::decision;
using ensemble::effect_context;

ensemble::service_definition payment_by_gateway(std::shared_ptr<payment_gateway> gateway,
                                                const mishaps& m) {
  const auto authorise = [gateway, m](const authorise_payment& c, const effect_context& context)
      -> decision<payment_authorised, payment_declined> {
    if (m.declined(c.order_id)) return declined(c.order_id);
    gateway->charge(context.idempotency_key, c.order_id, c.amount);
    // The charge is named by its key: that is what a refund must give.
    return payment_authorised{c.order_id, context.idempotency_key, c.amount};
  };
  const auto refund = [gateway](const refund_payment& c,
                                const effect_context& context) -> decision<payment_refunded> {
    gateway->refund(context.idempotency_key, c.payment_id, c.order_id, c.amount);
    return payment_refunded{c.order_id, c.payment_id, c.amount};
  };
  const auto cancel = [gateway](const authorise_payment& c, const effect_context& context) {
    gateway->cancel(context.idempotency_key, c.order_id);
  };
  return ensemble::service<payment>("payment")
      .effect<authorise_payment>(&authorise_payment::order_id, authorise)
      .cancels<authorise_payment>(cancel)
      .effect<refund_payment>(&refund_payment::order_id, refund);
}

} // namespace orders
