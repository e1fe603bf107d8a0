#include "orders/checks/order_check.hpp"

namespace orders {

namespace {

// A journal adds up far below this range, and a forged one may wrap round: both must not crash.
money sum(money a, money b) { return plus(a, b).value_or(money{}); }
money difference(money a, money b) { return sum(a, money{-b.cents}); }

} // namespace

void order_check::feed(const ensemble::recorded_event& e) {
  const auto& body = e.body;
  if (const auto* order = body.get_if<order_created>()) {
    created(*order, e);
  } else if (const auto* paid = body.get_if<payment_authorised>()) {
    if (auto* it = find(paid->order_id))
      it->authorised = sum(it->authorised, paid->amount);
    else
      report("D4", paid->order_id, "is paid for, but is not open");
    authorised_ = sum(authorised_, paid->amount);
  } else if (const auto* back = body.get_if<payment_refunded>()) {
    if (auto* it = find(back->order_id))
      it->refunded = sum(it->refunded, back->amount);
    else
      report("D4", back->order_id, "is refunded, but is not open");
    refunded_ = sum(refunded_, back->amount);
  } else if (const auto* item = body.get_if<item_stocked>()) {
    stocked(*item, e);
  } else if (const auto* reserved = body.get_if<item_reserved>()) {
    moved(*reserved, movement::reserve, e.last);
  } else if (const auto* released = body.get_if<item_released>()) {
    moved(*released, movement::release, e.last);
  } else if (const auto* dispatched = body.get_if<item_dispatched>()) {
    moved(*dispatched, movement::dispatch, e.last);
  } else if (const auto* confirmed = body.get_if<order_confirmed>()) {
    ended(confirmed->order_id, confirmed);
  } else if (const auto* cancelled = body.get_if<order_cancelled>()) {
    ++cancelled_[cancelled->reason.substr(0, cancelled->reason.find(':'))];
    ended(cancelled->order_id, nullptr);
  }
}

void order_check::created(const order_created& e, const ensemble::recorded_event& at) {
  ++created_;
  // Only open orders are kept, but the place in the stream tells a second creation all the same.
  if (at.version.value != 0) report("D4", e.order_id, "is created again");
  open_.insert_or_assign(e.order_id, open_order{e.total, {}, {}, {}, false});
}

void order_check::ended(const std::string& order_id, const order_confirmed* confirmed) {
  if (confirmed) {
    ++confirmed_;
    confirmed_money_ = sum(confirmed_money_, confirmed->total);
  }
  const auto* it = find(order_id);
  if (!it) {
    report("D3", order_id, "gets a last word, but is not open");
    return;
  }
  const auto kept = difference(it->authorised, it->refunded);
  const auto owed = confirmed ? confirmed->total : money{};
  if (kept != owed)
    report("D1", order_id,
           "authorised " + to_text(it->authorised) + " - refunded " + to_text(it->refunded) +
               " is not what was confirmed, " + to_text(owed));
  if (confirmed && confirmed->total != it->total)
    report("D1", order_id,
           "was created for " + to_text(it->total) + ", confirmed for " +
               to_text(confirmed->total));
  if (!it->reserved.empty()) report("D2", order_id, "has ended, but holds a reservation");
  if (it->dispatched != (confirmed != nullptr))
    report("D2", order_id,
           confirmed ? "is confirmed, but nothing was dispatched"
                     : "is cancelled, but was dispatched");
  open_.erase(order_id);
}

void order_check::stocked(const item_stocked& e, const ensemble::recorded_event& at) {
  if (at.stream != ensemble::make_stream_name("stock", e.sku) || items_.contains(e.sku) ||
      e.units < 0)
    found_.add("D2", "item " + e.sku + ": is stocked again, or where it does not belong");
  items_.insert_or_assign(e.sku, item_account{e.units, {e.units, 0, 0}});
}

template <class ItemMoved>
void order_check::moved(const ItemMoved& e, movement how, bool last) {
  auto* order = find(e.order_id);
  if (!order) report("D4", e.order_id, "moves stock, but is not open");
  const auto known = items_.find(e.sku);
  if (known == items_.end() || e.quantity <= 0 || e.quantity > known->second.initial) {
    report("D2", e.order_id, "moves " + std::to_string(e.quantity) + " units of " + e.sku);
    return;
  }
  const stock_item m{e.sku, e.quantity};
  auto& item = known->second;
  count(item, m, how, e.order_id);
  if (item.initial != e.free + item.level.reserved + item.level.shipped)
    report("D2", e.order_id,
           "leaves " + std::to_string(item.level.free) + " units of " + e.sku +
               " free, the item says " + std::to_string(e.free));
  if (!order) return;
  settle(*order, m, how, e.order_id);
  if (how != movement::reserve && last && !order->reserved.empty())
    report("D2", e.order_id, "gave back a part of its reservation only");
  if (how == movement::dispatch) order->dispatched = true;
}

void order_check::count(item_account& item, const stock_item& m, movement how,
                        const std::string& order_id) {
  auto& level = item.level;
  if (how == movement::reserve) {
    level.free -= m.quantity;
    level.reserved += m.quantity;
    reserved_units_ += m.quantity;
  } else {
    level.reserved -= m.quantity;
    reserved_units_ -= m.quantity;
    (how == movement::release ? level.free : level.shipped) += m.quantity;
    shipped_units_ += how == movement::dispatch ? m.quantity : 0;
  }
  if (level.free < 0 || level.reserved < 0)
    report("D2", order_id, "leaves " + m.sku + " below zero");
}

void order_check::settle(open_order& order, const stock_item& m, movement how,
                         const std::string& order_id) {
  if (how == movement::reserve) {
    if (!order.reserved.emplace(m.sku, m.quantity).second)
      report("D2", order_id, "reserves " + m.sku + " twice");
    return;
  }
  const auto held = order.reserved.find(m.sku);
  if (held == order.reserved.end() || held->second != m.quantity)
    report("D2", order_id, "gives back " + m.sku + " that it does not hold so");
  else
    order.reserved.erase(held);
}

order_check::open_order* order_check::find(const std::string& order_id) {
  const auto it = open_.find(order_id);
  return it == open_.end() ? nullptr : &it->second;
}

void order_check::finish() {
  if (open_.empty() && difference(authorised_, refunded_) != confirmed_money_)
    found_.add("D1", "in total: authorised " + to_text(authorised_) + " - refunded " +
                         to_text(refunded_) + " is not what was confirmed, " +
                         to_text(confirmed_money_));
  if (open_.empty() && reserved_units_ != 0)
    found_.add("D2", "all orders have ended, but " + std::to_string(reserved_units_) +
                         " units are reserved");
}

void order_check::report(const char* rule, const std::string& order_id, const std::string& text) {
  found_.add(rule, "order " + order_id + " " + text);
}

} // namespace orders
