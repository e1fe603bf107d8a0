#include "orders/domain/payment.hpp"

namespace orders {

using ensemble::decision;
using ensemble::reject;

void payment::apply(const payment_authorised& e) {
  status = payment_status::authorised;
  payment_id = e.payment_id;
  amount = e.amount;
}

void payment::apply(const payment_declined&) { status = payment_status::declined; }

void payment::apply(const payment_refunded&) { status = payment_status::refunded; }

payment_declined declined(const std::string& order_id) { return {order_id, "payment declined"}; }

namespace {

decision<payment_authorised, payment_declined> authorise(const mishaps& m, const payment& p,
                                                         const authorise_payment& c) {
  if (p.status != payment_status::none)
    return reject("the payment of " + c.order_id + " is settled already");
  if (c.amount <= money{}) return reject("an amount must be above zero");
  if (m.declined(c.order_id)) return declined(c.order_id);
  return payment_authorised{c.order_id, "pay-" + c.order_id, c.amount};
}

decision<payment_refunded> refund(const payment& p, const refund_payment& c) {
  if (p.status != payment_status::authorised || p.payment_id != c.payment_id)
    return reject("no such payment is authorised");
  return payment_refunded{c.order_id, p.payment_id, p.amount};
}

} // namespace

ensemble::service_definition payment_service(const mishaps& m) {
  return ensemble::service<payment>("payment")
      .on<authorise_payment>(
          &authorise_payment::order_id,
          [m](const payment& p, const authorise_payment& c) { return authorise(m, p, c); })
      .on<refund_payment>(&refund_payment::order_id, refund);
}

} // namespace orders
