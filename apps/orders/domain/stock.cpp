#include "orders/domain/stock.hpp"

#include <utility>

namespace orders {

using ensemble::decision;
using ensemble::reject;

stock_level stock::level(const std::string& sku) const {
  const auto known = levels.find(sku);
  return known == levels.end() ? stock_level{units_an_item.value_or(0), 0, 0} : known->second;
}

stock_level& stock::level_of(const std::string& sku) {
  return levels.try_emplace(sku, level(sku)).first->second;
}

void stock::apply(const warehouse_opened& e) { units_an_item = e.units_an_item; }

void stock::apply(const stock_reserved& e) {
  auto& items = reservations[e.order_id];
  for (const auto& moved : e.moved) {
    auto& at = level_of(moved.sku);
    at.free -= moved.quantity;
    at.reserved += moved.quantity;
    items.push_back({moved.sku, moved.quantity});
  }
}

void stock::apply(const stock_rejected&) {}

void stock::apply(const stock_released& e) {
  for (const auto& moved : e.moved) {
    auto& at = level_of(moved.sku);
    at.reserved -= moved.quantity;
    at.free += moved.quantity;
  }
  reservations.erase(e.order_id);
}

void stock::apply(const stock_dispatched& e) {
  for (const auto& moved : e.moved) {
    auto& at = level_of(moved.sku);
    at.reserved -= moved.quantity;
    at.shipped += moved.quantity;
  }
  reservations.erase(e.order_id);
}

namespace {

decision<warehouse_opened> open(const stock& s, const open_warehouse& c) {
  if (s.units_an_item) return reject("the warehouse is open already");
  if (c.units_an_item < 0) return reject("stock cannot be below zero");
  return warehouse_opened{c.warehouse, c.units_an_item};
}

decision<stock_reserved, stock_rejected> reserve(const mishaps& m, const stock& s,
                                                 const reserve_stock& c) {
  if (!s.units_an_item) return reject("warehouse " + c.warehouse + " is not open");
  if (s.reservations.contains(c.order_id))
    return reject("order " + c.order_id + " holds a reservation already");
  stock_reserved reserved{c.order_id, {}};
  std::map<std::string_view, std::int64_t> wanted; // an order may name an item in several lines
  for (const auto& item : c.items) {
    auto& quantity = wanted[item.sku];
    if (item.quantity <= 0 || __builtin_add_overflow(quantity, item.quantity, &quantity))
      return reject("a quantity is out of range");
  }
  for (const auto& [name, quantity] : wanted) {
    std::string sku(name);
    const auto free = s.level(sku).free;
    if (free < quantity || m.out_of_stock(c.order_id))
      return stock_rejected{c.order_id, "out of stock: " + sku};
    reserved.moved.push_back({std::move(sku), quantity, free - quantity});
  }
  return reserved;
}

decision<stock_released> release(const stock& s, const release_stock& c) {
  const auto open_one = s.reservations.find(c.order_id);
  if (open_one == s.reservations.end())
    return reject("order " + c.order_id + " holds no reservation");
  stock_released released{c.order_id, {}};
  for (const auto& item : open_one->second)
    released.moved.push_back({item.sku, item.quantity, s.level(item.sku).free + item.quantity});
  return released;
}

decision<stock_dispatched> dispatch(const stock& s, const dispatch_stock& c) {
  const auto open_one = s.reservations.find(c.order_id);
  if (open_one == s.reservations.end())
    return reject("order " + c.order_id + " holds no reservation");
  stock_dispatched dispatched{c.order_id, {}};
  for (const auto& item : open_one->second)
    dispatched.moved.push_back({item.sku, item.quantity, s.level(item.sku).free});
  return dispatched;
}

} // namespace

ensemble::service_definition stock_service(const mishaps& m) {
  return ensemble::service<stock>("stock")
      .on<open_warehouse>(&open_warehouse::warehouse, open)
      .on<reserve_stock>(&reserve_stock::warehouse,
                         [m](const stock& s, const reserve_stock& c) { return reserve(m, s, c); })
      .on<release_stock>(&release_stock::warehouse, release)
      .on<dispatch_stock>(&dispatch_stock::warehouse, dispatch);
}

} // namespace orders
