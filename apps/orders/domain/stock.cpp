#include "orders/domain/stock.hpp"

namespace orders {

using ensemble::decision_on_all;
using ensemble::on;
using ensemble::reject;

void stock::apply(const item_stocked& e) {
  stocked = true;
  level.free = e.units;
}

void stock::apply(const item_reserved& e) {
  level.free -= e.quantity;
  level.reserved += e.quantity;
  reservations.emplace(e.order_id, e.quantity);
}

void stock::apply(const stock_rejected&) {}

void stock::apply(const item_released& e) {
  level.reserved -= e.quantity;
  level.free += e.quantity;
  reservations.erase(e.order_id);
}

void stock::apply(const item_dispatched& e) {
  level.reserved -= e.quantity;
  level.shipped += e.quantity;
  reservations.erase(e.order_id);
}

namespace {

using items = ensemble::entities<stock>;

std::vector<std::string> skus_of(const reserve_stock& c) {
  std::vector<std::string> skus;
  skus.reserve(c.items.size());
  for (const auto& item : c.items) skus.push_back(item.sku);
  return skus;
}

decision_on_all<item_stocked, item_reserved, stock_rejected>
reserve(std::int64_t units_an_item, const mishaps& m, const items& all, const reserve_stock& c) {
  decision_on_all<item_stocked, item_reserved, stock_rejected> reserved;
  for (const auto& [sku, quantity] : c.items) {
    const auto& s = all.at(sku);
    if (quantity <= 0) return reject("a quantity must be above zero");
    if (s.reservations.contains(c.order_id))
      return reject("order " + c.order_id + " holds a reservation of " + sku + " already");
    const auto free = s.stocked ? s.level.free : units_an_item;
    if (free < quantity || m.out_of_stock(c.order_id))
      return stock_rejected{c.order_id, "out of stock: " + sku};
    if (!s.stocked) reserved.add(on(sku, item_stocked{sku, units_an_item}));
    reserved.add(on(sku, item_reserved{c.order_id, sku, quantity, free - quantity}));
  }
  return reserved;
}

ensemble::rejection holds_nothing(const std::string& order_id, const std::string& sku) {
  return reject("order " + order_id + " holds no reservation of " + sku);
}

decision_on_all<item_released> release(const items& all, const release_stock& c) {
  decision_on_all<item_released> released;
  for (const auto& sku : c.skus) {
    const auto& s = all.at(sku);
    const auto held = s.reservations.find(c.order_id);
    if (held == s.reservations.end()) return holds_nothing(c.order_id, sku);
    released.add(
        on(sku, item_released{c.order_id, sku, held->second, s.level.free + held->second}));
  }
  return released;
}

decision_on_all<item_dispatched> dispatch(const items& all, const dispatch_stock& c) {
  decision_on_all<item_dispatched> dispatched;
  for (const auto& sku : c.skus) {
    const auto& s = all.at(sku);
    const auto held = s.reservations.find(c.order_id);
    if (held == s.reservations.end()) return holds_nothing(c.order_id, sku);
    dispatched.add(on(sku, item_dispatched{c.order_id, sku, held->second, s.level.free}));
  }
  return dispatched;
}

} // namespace

ensemble::service_definition stock_service(std::int64_t units_an_item, const mishaps& m) {
  return ensemble::service<stock>("stock")
      .on_all<reserve_stock>(skus_of,
                             [units_an_item, m](const items& all, const reserve_stock& c) {
                               return reserve(units_an_item, m, all, c);
                             })
      .on_all<release_stock>(&release_stock::skus, release)
      .on_all<dispatch_stock>(&dispatch_stock::skus, dispatch);
}

} // namespace orders
