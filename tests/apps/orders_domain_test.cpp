#include "orders/domain/messages.hpp"

#include <ensemble/testing.hpp>

#include <gtest/gtest.h>

namespace orders {
namespace {

using ensemble::given;
using ensemble::on;

const std::vector<order_line> two_lines{{"a", 2, money{150}}, {"b", 1, money{99}}};

mishaps every_order_fails() { return {1, 1, 1, 1}; }

// --- order ---

TEST(OrderService, PlacesAnOrderWithItsTotal) {
  given(order_service())
      .when(place_order{"o1", "ann", two_lines})
      .then(order_created{"o1", "ann", two_lines, money{399}});
}

TEST(OrderService, PlacesAnOrderWithoutACustomer) {
  given(order_service())
      .when(place_order{"o1", std::nullopt, two_lines})
      .then(order_created{"o1", std::nullopt, two_lines, money{399}});
}

TEST(OrderService, RefusesASecondOrderOfThatName) {
  given(order_service(), order_created{"o1", {}, two_lines, money{399}})
      .when(place_order{"o1", {}, two_lines})
      .then_rejected("there is an order o1 already");
}

TEST(OrderService, RefusesAnOrderWithoutLines) {
  given(order_service()).when(place_order{"o1", {}, {}}).then_rejected("an order needs a line");
}

TEST(OrderService, RefusesMoreLinesThanCanBeReservedAtOnce) {
  place_order big{"o1", {}, std::vector<order_line>(1000, {"a", 1, money{1}})};
  given(order_service()).when(big).then(order_created{"o1", {}, big.lines, money{1000}});
  big.lines.push_back({"a", 1, money{1}});
  given(order_service())
      .when(big)
      .then_rejected("an order has at most 1000 lines, this one has 1001; divide it");
}

TEST(OrderService, RefusesLinesThatAreNone) {
  const auto reason = "a line needs an item, a quantity and a price above zero";
  for (const auto& line :
       {order_line{"", 1, money{1}}, order_line{"a", 0, money{1}}, order_line{"a", -1, money{1}},
        order_line{"a", 1, money{0}}, order_line{"no\nkey", 1, money{1}},
        order_line{std::string(201, 'a'), 1, money{1}}})
    given(order_service()).when(place_order{"o1", {}, {line}}).then_rejected(reason);
}

TEST(OrderService, RefusesATotalOutOfRange) {
  const money most{std::numeric_limits<std::int64_t>::max()};
  given(order_service())
      .when(place_order{"o1", {}, {{"a", 2, most}}})
      .then_rejected("the total is out of range");
  given(order_service())
      .when(place_order{"o1", {}, {{"a", 1, most}, {"b", 1, money{1}}}})
      .then_rejected("the total is out of range");
}

TEST(OrderService, ConfirmsWhatWasPlaced) {
  given(order_service(), order_created{"o1", {}, two_lines, money{399}})
      .when(confirm_order{"o1"})
      .then(order_confirmed{"o1", money{399}});
}

TEST(OrderService, CancelsWhatWasPlaced) {
  given(order_service(), order_created{"o1", {}, two_lines, money{399}})
      .when(cancel_order{"o1", "why"})
      .then(order_cancelled{"o1", "why"});
}

TEST(OrderService, SaysTheLastWordOnce) {
  const order_created created{"o1", {}, two_lines, money{399}};
  given(order_service(), created, order_cancelled{"o1", "why"})
      .when(confirm_order{"o1"})
      .then_rejected("only a placed order can be confirmed");
  given(order_service(), created, order_confirmed{"o1", money{399}})
      .when(cancel_order{"o1", "why"})
      .then_rejected("only a placed order can be cancelled");
  given(order_service())
      .when(confirm_order{"o1"})
      .then_rejected("only a placed order can be confirmed");
}

// --- payment ---

TEST(PaymentService, Authorises) {
  given(payment_service())
      .when(authorise_payment{"o1", money{500}})
      .then(payment_authorised{"o1", "pay-o1", money{500}});
}

TEST(PaymentService, Declines) {
  given(payment_service(every_order_fails()))
      .when(authorise_payment{"o1", money{500}})
      .then(payment_declined{"o1", "payment declined"});
}

TEST(PaymentService, RefusesAnAmountThatIsNone) {
  given(payment_service())
      .when(authorise_payment{"o1", money{0}})
      .then_rejected("an amount must be above zero");
}

TEST(PaymentService, AuthorisesOnce) {
  given(payment_service(), payment_authorised{"o1", "pay-o1", money{500}})
      .when(authorise_payment{"o1", money{500}})
      .then_rejected("the payment of o1 is settled already");
}

TEST(PaymentService, RefundsWhatItAuthorised) {
  given(payment_service(), payment_authorised{"o1", "pay-o1", money{500}})
      .when(refund_payment{"o1", "pay-o1", money{1}})
      .then(payment_refunded{"o1", "pay-o1", money{500}});
}

TEST(PaymentService, RefundsNothingElse) {
  const auto reason = "no such payment is authorised";
  const payment_authorised authorised{"o1", "pay-o1", money{500}};
  given(payment_service()).when(refund_payment{"o1", "pay-o1", money{5}}).then_rejected(reason);
  given(payment_service(), authorised)
      .when(refund_payment{"o1", "pay-o2", money{500}})
      .then_rejected(reason);
  given(payment_service(), authorised, payment_refunded{"o1", "pay-o1", money{500}})
      .when(refund_payment{"o1", "pay-o1", money{500}})
      .then_rejected(reason);
}

// --- stock ---

ensemble::service_definition ten_of_each() { return stock_service(10); }

TEST(StockService, StocksAnItemWhenItIsFirstReserved) {
  given(ten_of_each())
      .entity("b", item_stocked{"b", 4})
      .when(reserve_stock{"o1", {{"a", 1}, {"b", 1}}})
      .then(on("a", item_stocked{"a", 10}), on("a", item_reserved{"o1", "a", 1, 9}),
            on("b", item_reserved{"o1", "b", 1, 3}));
}

TEST(StockService, ReservesAllItemsAtOnce) {
  given(ten_of_each())
      .entity("a", item_stocked{"a", 10})
      .entity("b", item_stocked{"b", 10}, item_reserved{"o1", "b", 5, 5})
      .when(reserve_stock{"o2", {{"b", 5}, {"a", 10}}})
      .then(on("b", item_reserved{"o2", "b", 5, 0}), on("a", item_reserved{"o2", "a", 10, 0}));
}

TEST(StockService, RejectsAllWhenOneItemIsShort) {
  given(ten_of_each())
      .entity("b", item_stocked{"b", 10}, item_reserved{"o1", "b", 8, 2})
      .when(reserve_stock{"o2", {{"a", 1}, {"b", 3}}})
      .then(stock_rejected{"o2", "out of stock: b"});
  given(ten_of_each())
      .when(reserve_stock{"o2", {{"a", 11}}})
      .then(stock_rejected{"o2", "out of stock: a"});
}

TEST(StockService, RejectsByMishap) {
  given(stock_service(10, every_order_fails()))
      .when(reserve_stock{"o1", {{"a", 1}}})
      .then(stock_rejected{"o1", "out of stock: a"});
}

TEST(StockService, RefusesWhatMakesNoSense) {
  given(ten_of_each())
      .when(reserve_stock{"o1", {{"a", 1}, {"b", 0}}})
      .then_rejected("a quantity must be above zero");
  given(ten_of_each())
      .entity("a", item_stocked{"a", 10}, item_reserved{"o1", "a", 1, 9})
      .when(reserve_stock{"o1", {{"b", 1}, {"a", 1}}})
      .then_rejected("order o1 holds a reservation of a already");
}

TEST(StockService, ReleasesWhatWasReserved) {
  given(ten_of_each())
      .entity("a", item_stocked{"a", 10}, item_reserved{"o1", "a", 3, 7},
              item_reserved{"o2", "a", 2, 5})
      .entity("b", item_stocked{"b", 10}, item_reserved{"o1", "b", 1, 9})
      .when(release_stock{"o1", {"a", "b"}})
      .then(on("a", item_released{"o1", "a", 3, 8}), on("b", item_released{"o1", "b", 1, 10}));
}

TEST(StockService, DispatchesWhatWasReserved) {
  given(ten_of_each())
      .entity("a", item_stocked{"a", 10}, item_reserved{"o1", "a", 3, 7},
              stock_rejected{"o2", "out of stock: a"})
      .when(dispatch_stock{"o1", {"a"}})
      .then(on("a", item_dispatched{"o1", "a", 3, 7}));
}

TEST(StockService, AReservationEndsOnce) {
  const item_stocked ten{"a", 10};
  const item_reserved reserved{"o1", "a", 3, 7};
  const auto reason = "order o1 holds no reservation of a";
  given(ten_of_each()).when(release_stock{"o1", {"a"}}).then_rejected(reason);
  given(ten_of_each())
      .entity("a", ten, reserved, item_released{"o1", "a", 3, 10})
      .when(dispatch_stock{"o1", {"a"}})
      .then_rejected(reason);
  given(ten_of_each())
      .entity("a", ten, reserved, item_dispatched{"o1", "a", 3, 7})
      .when(release_stock{"o1", {"a"}})
      .then_rejected(reason);
}

TEST(StockService, StateHoldsOnlyOpenReservations) {
  stock s;
  s.apply(item_stocked{"a", 10});
  s.apply(item_reserved{"o1", "a", 3, 7});
  s.apply(item_reserved{"o2", "a", 2, 5});
  s.apply(item_dispatched{"o1", "a", 3, 5});
  s.apply(item_released{"o2", "a", 2, 7});
  EXPECT_TRUE(s.reservations.empty());
  EXPECT_EQ(s.level.free, 7);
  EXPECT_EQ(s.level.reserved, 0);
  EXPECT_EQ(s.level.shipped, 3);
}

// --- shipping ---

TEST(ShippingService, Ships) {
  given(shipping_service()).when(ship_order{"o1"}).then(order_shipped{"o1", "parcel-o1"});
}

TEST(ShippingService, Fails) {
  given(shipping_service(every_order_fails()))
      .when(ship_order{"o1"})
      .then(shipping_failed{"o1", "no carrier took it"});
}

TEST(ShippingService, DecidesOnce) {
  const auto reason = "the shipment of o1 is settled already";
  given(shipping_service(), order_shipped{"o1", "parcel-o1"})
      .when(ship_order{"o1"})
      .then_rejected(reason);
  given(shipping_service(), shipping_failed{"o1", "no carrier took it"})
      .when(ship_order{"o1"})
      .then_rejected(reason);
}

} // namespace
} // namespace orders
