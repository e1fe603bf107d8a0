#include "orders/domain/messages.hpp"

#include <ensemble/testing.hpp>

#include <gtest/gtest.h>

namespace orders {
namespace {

using ensemble::given;

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

TEST(OrderService, RefusesLinesThatAreNone) {
  const auto reason = "a line needs an item, a quantity and a price above zero";
  for (const auto& line : {order_line{"", 1, money{1}}, order_line{"a", 0, money{1}},
                           order_line{"a", -1, money{1}}, order_line{"a", 1, money{0}}})
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

const warehouse_opened ten_of_each{"main", 10};

TEST(StockService, OpensAWarehouseOnce) {
  given(stock_service()).when(open_warehouse{"main", 10}).then(ten_of_each);
  given(stock_service(), ten_of_each)
      .when(open_warehouse{"main", 11})
      .then_rejected("the warehouse is open already");
  given(stock_service())
      .when(open_warehouse{"main", -1})
      .then_rejected("stock cannot be below zero");
}

TEST(StockService, ReservesAllLinesAtOnceAndLinesOfOneItemTogether) {
  given(stock_service(), ten_of_each)
      .when(reserve_stock{"main", "o1", {{"b", 4}, {"a", 10}, {"b", 1}}})
      .then(stock_reserved{"o1", {{"a", 10, 0}, {"b", 5, 5}}});
}

TEST(StockService, RejectsAllWhenOneItemIsShort) {
  given(stock_service(), ten_of_each, stock_reserved{"o1", {{"b", 8, 2}}})
      .when(reserve_stock{"main", "o2", {{"a", 1}, {"b", 3}}})
      .then(stock_rejected{"o2", "out of stock: b"});
}

TEST(StockService, RejectsByMishap) {
  given(stock_service(every_order_fails()), ten_of_each)
      .when(reserve_stock{"main", "o1", {{"a", 1}}})
      .then(stock_rejected{"o1", "out of stock: a"});
}

TEST(StockService, RefusesWhatMakesNoSense) {
  given(stock_service())
      .when(reserve_stock{"main", "o1", {{"a", 1}}})
      .then_rejected("warehouse main is not open");
  given(stock_service(), ten_of_each)
      .when(reserve_stock{"main", "o1", {{"a", 0}}})
      .then_rejected("a quantity is out of range");
  const auto most = std::numeric_limits<std::int64_t>::max();
  given(stock_service(), ten_of_each)
      .when(reserve_stock{"main", "o1", {{"a", most}, {"a", most}}})
      .then_rejected("a quantity is out of range");
  given(stock_service(), ten_of_each, stock_reserved{"o1", {{"a", 1, 9}}})
      .when(reserve_stock{"main", "o1", {{"a", 1}}})
      .then_rejected("order o1 holds a reservation already");
}

TEST(StockService, ReleasesWhatWasReserved) {
  given(stock_service(), ten_of_each, stock_reserved{"o1", {{"a", 3, 7}, {"b", 1, 9}}},
        stock_reserved{"o2", {{"a", 2, 5}}})
      .when(release_stock{"main", "o1"})
      .then(stock_released{"o1", {{"a", 3, 8}, {"b", 1, 10}}});
}

TEST(StockService, DispatchesWhatWasReserved) {
  given(stock_service(), ten_of_each, stock_reserved{"o1", {{"a", 3, 7}}},
        stock_rejected{"o2", "out of stock: a"})
      .when(dispatch_stock{"main", "o1"})
      .then(stock_dispatched{"o1", {{"a", 3, 7}}});
}

TEST(StockService, AReservationEndsOnce) {
  const stock_reserved reserved{"o1", {{"a", 3, 7}}};
  const auto reason = "order o1 holds no reservation";
  given(stock_service(), ten_of_each).when(release_stock{"main", "o1"}).then_rejected(reason);
  given(stock_service(), ten_of_each, reserved, stock_released{"o1", {{"a", 3, 10}}})
      .when(dispatch_stock{"main", "o1"})
      .then_rejected(reason);
  given(stock_service(), ten_of_each, reserved, stock_dispatched{"o1", {{"a", 3, 7}}})
      .when(release_stock{"main", "o1"})
      .then_rejected(reason);
}

TEST(StockService, StateHoldsOnlyOpenReservations) {
  stock s;
  s.apply(ten_of_each);
  s.apply(stock_reserved{"o1", {{"a", 3, 7}}});
  s.apply(stock_reserved{"o2", {{"a", 2, 5}}});
  s.apply(stock_dispatched{"o1", {{"a", 3, 5}}});
  s.apply(stock_released{"o2", {{"a", 2, 7}}});
  EXPECT_TRUE(s.reservations.empty());
  EXPECT_EQ(s.level("a").free, 7);
  EXPECT_EQ(s.level("a").reserved, 0);
  EXPECT_EQ(s.level("a").shipped, 3);
  EXPECT_EQ(s.level("never asked for").free, 10);
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
