#include "common/order_process.hpp"

namespace reference {

namespace {

using namespace std::chrono_literals;
using ensemble::decision;
using ensemble::reject;

struct order {
  bool placed{};
  void apply(const order_created&) { placed = true; }
  void apply(const order_confirmed&) {}
  void apply(const order_cancelled&) {}
};

ensemble::service_definition order_service() {
  return ensemble::service<order>("order")
      .on<place_order>(&place_order::order,
                       [](const order& o, const place_order& c) -> decision<order_created> {
                         if (o.placed) return reject("placed already");
                         return order_created{c.order, c.item, c.cents, c.shippable};
                       })
      .on<confirm_order>(&confirm_order::order,
                         [](const order&, const confirm_order& c) -> decision<order_confirmed> {
                           return order_confirmed{c.order};
                         })
      .on<cancel_order>(&cancel_order::order,
                        [](const order&, const cancel_order& c) -> decision<order_cancelled> {
                          return order_cancelled{c.order};
                        });
}

struct payment {
  std::int64_t held{};
  void apply(const payment_authorised& e) { held += e.cents; }
  void apply(const payment_released&) { held = 0; }
};

ensemble::service_definition payment_service() {
  return ensemble::service<payment>("payment")
      .on<authorise_payment>(
          &authorise_payment::order,
          [](const payment& p, const authorise_payment& c) -> decision<payment_authorised> {
            if (p.held > 0) return reject("paid already");
            return payment_authorised{c.order, c.cents};
          })
      .on<release_payment>(
          &release_payment::order,
          [](const payment&, const release_payment& c) -> decision<payment_released> {
            return payment_released{c.order};
          });
}

struct stock {
  std::int64_t free = 1'000'000'000;
  void apply(const stock_reserved&) { --free; }
  void apply(const stock_released&) { ++free; }
};

ensemble::service_definition stock_service() {
  return ensemble::service<stock>("stock")
      .on<reserve_stock>(&reserve_stock::item,
                         [](const stock& s, const reserve_stock& c) -> decision<stock_reserved> {
                           if (s.free == 0) return reject("out of stock");
                           return stock_reserved{c.order, c.item};
                         })
      .on<release_stock>(&release_stock::item,
                         [](const stock&, const release_stock& c) -> decision<stock_released> {
                           return stock_released{c.order, c.item};
                         });
}

struct parcel {
  bool shipped{};
  void apply(const parcel_shipped&) { shipped = true; }
};

ensemble::service_definition shipping_service() {
  return ensemble::service<parcel>("shipping")
      .on<ship_parcel>(&ship_parcel::order,
                       [](const parcel&, const ship_parcel& c) -> decision<parcel_shipped> {
                         if (!c.shippable) return reject("no carrier");
                         return parcel_shipped{c.order};
                       });
}

struct fulfilment {
  std::string order{};
  std::string item{};
  std::int64_t cents{};
  bool shippable{};
};

} // namespace

ensemble::process_definition order_fulfilment() {
  using state = const fulfilment&;
  return ensemble::process<fulfilment>("order_fulfilment", "order")
      .deadline(72h)
      .starts_on<order_created>([](fulfilment& f, const order_created& e) {
        f = {e.order, e.item, e.cents, e.shippable};
      })
      .step("payment")
      .asks("payment",
            [](state f) {
              return authorise_payment{f.order, f.cents};
            })
      .succeeds_on<payment_authorised>()
      .undone_by<payment_released>([](state f) { return release_payment{f.order}; })
      .within(30s)
      .step("stock")
      .after("payment")
      .asks("stock",
            [](state f) {
              return reserve_stock{f.order, f.item};
            })
      .succeeds_on<stock_reserved>()
      .undone_by<stock_released>([](state f) {
        return release_stock{f.order, f.item};
      })
      .within(30s)
      .step("shipping")
      .after("stock")
      .pivot()
      .asks("shipping",
            [](state f) {
              return ship_parcel{f.order, f.shippable};
            })
      .succeeds_on<parcel_shipped>()
      .within(30s)
      .completes<order_confirmed>([](state f) { return confirm_order{f.order}; })
      .aborts<order_cancelled>([](state f) { return cancel_order{f.order}; });
}

ensemble::service_definition counting_service() {
  return ensemble::service<tally>("counting")
      .on<count_one>(&count_one::key, [](const tally&, const count_one& c) -> decision<counted> {
        return counted{c.key};
      });
}

void set_up(ensemble::runtime& r, bool danced) {
  r.host(order_service()).host(payment_service()).host(stock_service()).host(shipping_service());
  if (danced)
    r.choreograph(order_fulfilment());
  else
    r.orchestrate(order_fulfilment());
}

place_order nth_order(std::uint64_t n, bool shippable) {
  // Over some items, so that no entity is a queue for all orders.
  return {"order-" + std::to_string(10'000'000 + n), "item-" + std::to_string(n % 64),
          static_cast<std::int64_t>(100 + n % 10'000), shippable};
}

} // namespace reference
