#include "orders/domain/shipping.hpp"

namespace orders {

using ensemble::decision;
using ensemble::reject;

void shipment::apply(const order_shipped&) { status = shipment_status::shipped; }

void shipment::apply(const shipping_failed&) { status = shipment_status::failed; }

namespace {

decision<order_shipped, shipping_failed> ship(const mishaps& m, const shipment& s,
                                              const ship_order& c) {
  if (s.status != shipment_status::none)
    return reject("the shipment of " + c.order_id + " is settled already");
  if (m.shipping_fails(c.order_id)) return shipping_failed{c.order_id, "no carrier took it"};
  return order_shipped{c.order_id, "parcel-" + c.order_id};
}

} // namespace

ensemble::service_definition shipping_service(const mishaps& m) {
  return ensemble::service<shipment>("shipping")
      .on<ship_order>(&ship_order::order_id,
                      [m](const shipment& s, const ship_order& c) { return ship(m, s, c); });
}

} // namespace orders
