#include "orders/domain/fulfilment.hpp"

#include <string_view>
#include <unordered_map>

namespace orders {

using namespace std::chrono_literals;

namespace {

void begin(fulfilment& f, const order_created& e) {
  f.order_id = e.order_id;
  f.total = e.total;
  std::unordered_map<std::string_view, std::size_t> places; // an item may stand in several lines
  for (const auto& line : e.lines) {
    const auto place = places.try_emplace(line.sku, f.items.size()).first->second;
    if (place == f.items.size()) f.items.push_back({line.sku, 0});
    // In range: an order's total is, and no unit costs less than a cent.
    f.items[place].quantity += line.quantity;
  }
}

std::vector<std::string> reserved_skus(const fulfilment& f) {
  std::vector<std::string> skus;
  skus.reserve(f.items.size());
  for (const auto& item : f.items) skus.push_back(item.sku);
  return skus;
}

/// Keeps the reason of whatever event says that a step has failed.
constexpr auto failed = [](fulfilment& f, const auto& e) { f.failure = e.reason; };

/// A step that times out leaves no event with a reason.
std::string reason_of(const fulfilment& f) {
  return f.failure.empty() ? "not fulfilled in time" : f.failure;
}

constexpr ensemble::retry_policy patient{5, 6s, 100ms, 5s};

} // namespace

ensemble::process_definition order_fulfilment() {
  using state = const fulfilment&;
  return ensemble::process<fulfilment>("order_fulfilment", "order")
      .version(2)
      .deadline(72h)
      .starts_on<order_created>(begin)

      .step("payment")
      .asks("payment",
            [](state f) {
              return authorise_payment{f.order_id, f.total};
            })
      .succeeds_on<payment_authorised>(
          [](fulfilment& f, const payment_authorised& e) { f.payment_id = e.payment_id; })
      .fails_on<payment_declined>(failed)
      .undone_by<payment_refunded>([](state f) {
        return refund_payment{f.order_id, f.payment_id, f.total};
      })
      .within(30s)
      .retries(patient)

      .step("stock")
      .after("payment")
      .asks("stock",
            [](state f) {
              return reserve_stock{f.order_id, f.items};
            })
      .succeeds_on<item_reserved>()
      .fails_on<stock_rejected>(failed)
      .undone_by<item_released>([](state f) {
        return release_stock{f.order_id, reserved_skus(f)};
      })
      .within(30s)
      .retries(patient)

      // What is shipped cannot be taken back.
      .step("shipping")
      .after("stock")
      .pivot()
      .asks("shipping", [](state f) { return ship_order{f.order_id}; })
      .succeeds_on<order_shipped>()
      .fails_on<shipping_failed>(failed)
      .within(30s)
      .retries(patient)

      // Only now, so that units that are reserved can always be released.
      .step("dispatch")
      .after("shipping")
      .asks("stock",
            [](state f) {
              return dispatch_stock{f.order_id, reserved_skus(f)};
            })
      .succeeds_on<item_dispatched>()
      .retries(patient)

      .completes<order_confirmed>([](state f) { return confirm_order{f.order_id}; })
      .aborts<order_cancelled>([](state f) {
        return cancel_order{f.order_id, reason_of(f)};
      });
}

} // namespace orders
