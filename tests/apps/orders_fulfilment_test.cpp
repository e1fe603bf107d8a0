#include "orders/domain/fulfilment.hpp"

#include <gtest/gtest.h>

namespace orders {
namespace {

const std::vector<order_line> two_lines{{"a", 2, money{150}}, {"b", 1, money{99}}};

TEST(OrderFulfilment, IsPaymentStockShippingDispatchWithShippingAsPivot) {
  const auto p = order_fulfilment();
  ASSERT_EQ(p.steps.size(), 4U);
  EXPECT_EQ(p.steps[0].name, "payment");
  EXPECT_EQ(p.steps[1].name, "stock");
  EXPECT_EQ(p.steps[2].name, "shipping");
  EXPECT_EQ(p.steps[3].name, "dispatch");
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(p.steps[i].pivot, i == 2);
    EXPECT_EQ(static_cast<bool>(p.steps[i].undo), i < 2);
    EXPECT_EQ(p.steps[i].after, i == 0 ? std::vector<std::size_t>{} : std::vector{i - 1});
  }
}

TEST(OrderFulfilment, CancelsWithTheReasonOfTheStepThatFailed) {
  const auto p = order_fulfilment();
  auto state = p.initial();
  p.start.fold(state, order_created{"o1", {}, two_lines, money{399}});
  EXPECT_EQ(p.abort.make(state).as<cancel_order>().reason, "not fulfilled in time");
  p.steps[1].failures[0].fold(state, stock_rejected{"o1", "out of stock: a"});
  EXPECT_EQ(p.abort.make(state).as<cancel_order>().reason, "out of stock: a");
}

TEST(OrderFulfilment, AsksForWhatTheOrderNames) {
  const auto p = order_fulfilment();
  auto state = p.initial();
  p.start.fold(state, order_created{"o1", {}, two_lines, money{399}});
  EXPECT_EQ(p.steps[0].ask.make(state).as<authorise_payment>().amount, money{399});
  const auto reserve = p.steps[1].ask.make(state);
  ASSERT_EQ(reserve.as<reserve_stock>().items.size(), 2U);
  EXPECT_EQ(reserve.as<reserve_stock>().items[0].quantity, 2);
  p.steps[0].successes[0].fold(state, payment_authorised{"o1", "pay-7", money{399}});
  EXPECT_EQ(p.steps[0].undo.make(state).as<refund_payment>().payment_id, "pay-7");
}

TEST(OrderFulfilment, ReservesLinesOfOneItemTogether) {
  const auto p = order_fulfilment();
  auto state = p.initial();
  const std::vector<order_line> lines{{"b", 4, money{1}}, {"a", 10, money{1}}, {"b", 1, money{2}}};
  p.start.fold(state, order_created{"o1", {}, lines, money{16}});
  const auto reserve = p.steps[1].ask.make(state);
  const auto& items = reserve.as<reserve_stock>().items;
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[0].sku, "b");
  EXPECT_EQ(items[0].quantity, 5);
  EXPECT_EQ(items[1].quantity, 10);
  const std::vector<std::string> skus{"b", "a"};
  EXPECT_EQ(p.steps[1].undo.make(state).as<release_stock>().skus, skus);
  EXPECT_EQ(p.steps[3].ask.make(state).as<dispatch_stock>().skus, skus);
}

TEST(Mishaps, DependOnTheOrderAndTheSeedAlone) {
  const mishaps one{0.5, 0.5, 0.5, 1};
  const mishaps same{0.5, 0.5, 0.5, 1};
  const mishaps other{0.5, 0.5, 0.5, 2};
  int different = 0;
  for (int i = 0; i < 1000; ++i) {
    const auto id = "o" + std::to_string(i);
    EXPECT_EQ(one.declined(id), same.declined(id));
    different += one.declined(id) != other.declined(id) ? 1 : 0;
  }
  EXPECT_GT(different, 400);
  EXPECT_LT(different, 600);
}

TEST(Mishaps, HappenAtTheirRatesAndApart) {
  const mishaps m{0.1, 0.05, 0, 1};
  int declined = 0;
  int short_of = 0;
  int both = 0;
  for (int i = 0; i < 20000; ++i) {
    const auto id = "1-" + std::to_string(i);
    declined += m.declined(id) ? 1 : 0;
    short_of += m.out_of_stock(id) ? 1 : 0;
    both += m.declined(id) && m.out_of_stock(id) ? 1 : 0;
    EXPECT_FALSE(m.shipping_fails(id));
  }
  EXPECT_NEAR(declined, 2000, 150);
  EXPECT_NEAR(short_of, 1000, 120);
  EXPECT_NEAR(both, 100, 40);
}

} // namespace
} // namespace orders
