#include "orders/domain/order.hpp"

namespace orders {

using ensemble::decision;
using ensemble::reject;

void order::apply(const order_created& e) {
  status = order_status::placed;
  total = e.total;
}

void order::apply(const order_confirmed&) { status = order_status::confirmed; }

void order::apply(const order_cancelled& e) {
  status = order_status::cancelled;
  reason = e.reason;
}

void order::apply(const last_word_postponed&) { postponed = true; }

namespace {

/// Whether the last word fails: a function of the order and of what it has seen.
bool fails(const mishaps& m, const order& o, const std::string& order_id) {
  return !o.postponed && m.last_word_fails(order_id);
}

decision<order_created> place(const order& o, const place_order& c) {
  if (o.status != order_status::none) return reject("there is an order " + c.order_id + " already");
  if (c.lines.empty()) return reject("an order needs a line");
  if (c.lines.size() > most_lines)
    return reject("an order has at most " + std::to_string(most_lines) + " lines, this one has " +
                  std::to_string(c.lines.size()) + "; divide it");
  money total;
  for (const auto& line : c.lines) {
    if (line.quantity <= 0 || line.price <= money{} || !ensemble::is_entity_key(line.sku))
      return reject("a line needs an item, a quantity and a price above zero");
    const auto amount = times(line.price, line.quantity);
    const auto sum = amount ? plus(total, *amount) : std::nullopt;
    if (!sum) return reject("the total is out of range");
    total = *sum;
  }
  return order_created{c.order_id, c.customer, c.lines, total};
}

decision<order_confirmed, last_word_postponed> confirm(const mishaps& m, const order& o,
                                                       const confirm_order& c) {
  if (o.status != order_status::placed) return reject("only a placed order can be confirmed");
  if (fails(m, o, c.order_id)) return last_word_postponed{c.order_id, "not confirmed yet"};
  return order_confirmed{c.order_id, o.total};
}

decision<order_cancelled, last_word_postponed> cancel(const mishaps& m, const order& o,
                                                      const cancel_order& c) {
  if (o.status != order_status::placed) return reject("only a placed order can be cancelled");
  if (fails(m, o, c.order_id)) return last_word_postponed{c.order_id, "not cancelled yet"};
  return order_cancelled{c.order_id, c.reason};
}

} // namespace

ensemble::service_definition order_service(const mishaps& m) {
  return ensemble::service<order>("order")
      .on<place_order>(&place_order::order_id, place)
      .on<confirm_order>(&confirm_order::order_id,
                         [m](const order& o, const confirm_order& c) { return confirm(m, o, c); })
      .on<cancel_order>(&cancel_order::order_id,
                        [m](const order& o, const cancel_order& c) { return cancel(m, o, c); });
}

} // namespace orders
