#include "apps/forged_journal.hpp"

#include <gtest/gtest.h>

#include <sstream>

// Each check is tried on a journal that is right, and must see every bug that is planted in one.

namespace orders {
namespace {

using ensemble::direction;

TEST(OrdersVerification, HoldsForOrdersThatEndInAnyWay) {
  forged_journal j;
  j.fulfilled("o1");
  j.compensated("o2");
  auto i = j.created("o3");
  j.declined(i, "o3");
  j.cancelled(i, "o3", "payment declined");
  i = j.created("o4");
  j.authorised(i, "o4");
  j.forward(i, "stock", "stock-a", stock_rejected{"o4", "out of stock: a"});
  j.refunded(i, "o4");
  j.cancelled(i, "o4", "out of stock: a");
  const auto r = j.report();
  EXPECT_TRUE(r.holds());
  EXPECT_TRUE(r.all_terminal());
  EXPECT_EQ(r.orders, 4U);
  EXPECT_EQ(r.confirmed, 1U);
  EXPECT_EQ(r.completed, 1U);
  EXPECT_EQ(r.compensated, 3U);
  EXPECT_EQ(r.cancelled.at("out of stock"), 1U);
  EXPECT_EQ(r.authorised, money{900});
  EXPECT_EQ(r.refunded, money{600});
  EXPECT_EQ(r.confirmed_money, money{300});
  EXPECT_EQ(r.shipped_units, 3);
}

TEST(OrdersVerification, TellsOpenOrdersAndWhereTheyStand) {
  forged_journal j;
  const auto i = j.created("o1");
  j.authorised(i, "o1");
  j.noted(i, "ensemble.attempt_failed");
  const auto r = j.report();
  EXPECT_TRUE(r.holds());
  EXPECT_FALSE(r.all_terminal());
  EXPECT_EQ(r.open, 1U);
  ASSERT_EQ(r.open_examples.size(), 1U);
  EXPECT_NE(r.open_examples[0].find("under way; done: payment; last note: ensemble.attempt_failed"),
            std::string::npos);
}

TEST(OrdersVerification, PrintsEachRuleWithItsVerdict) {
  forged_journal j;
  j.fulfilled("o1");
  std::ostringstream good;
  print(good, j.report());
  EXPECT_NE(
      good.str().find("D1     money, authorised 3.00 - refunded 0.00 = confirmed 3.00: holds"),
      std::string::npos);
  EXPECT_EQ(good.str().find("BROKEN"), std::string::npos);
  j.refunded(ensemble::make_instance_id({2}, "order_fulfilment"), "o1");
  std::ostringstream bad;
  print(bad, j.report());
  EXPECT_NE(bad.str().find("D4     every order is there, and created once: BROKEN 1 times"),
            std::string::npos);
  EXPECT_NE(bad.str().find("! D4: order o1 is refunded, but is not open"), std::string::npos);
}

// --- D1: money ---

TEST(OrdersVerification, SeesMoneyKeptFromACancelledOrder) {
  forged_journal j;
  const auto i = j.created("o1");
  j.authorised(i, "o1");
  j.forward(i, "stock", "stock-a", stock_rejected{"o1", "out of stock: a"});
  j.cancelled(i, "o1", "out of stock: a");
  EXPECT_EQ(j.broken(), "D1 G4");
}

TEST(OrdersVerification, SeesTheWrongAmount) {
  forged_journal j;
  const auto i = j.created("o1");
  j.authorised(i, "o1", money{299});
  j.reserved(i, "o1");
  j.shipped(i, "o1");
  j.dispatched(i, "o1");
  j.confirmed(i, "o1");
  EXPECT_EQ(j.broken(), "D1");
}

TEST(OrdersVerification, SeesAConfirmationForAnotherTotal) {
  forged_journal j;
  const auto i = j.created("o1");
  j.authorised(i, "o1", money{200});
  j.reserved(i, "o1");
  j.shipped(i, "o1");
  j.dispatched(i, "o1");
  j.confirmed(i, "o1", money{200});
  EXPECT_EQ(j.broken(), "D1");
}

TEST(OrdersVerification, SeesARefundOfLess) {
  forged_journal j;
  const auto i = j.created("o1");
  j.authorised(i, "o1");
  j.forward(i, "stock", "stock-a", stock_rejected{"o1", "out of stock: a"});
  j.refunded(i, "o1", money{100});
  j.cancelled(i, "o1", "out of stock: a");
  EXPECT_EQ(j.broken(), "D1");
}

// --- D2: stock ---

/// What an item tells of one of its movements.
struct movement {
  std::string sku{};
  std::int64_t quantity{};
  std::int64_t free{};
};

/// A journal in which one stock event of an order is changed.
std::string broken_by(const std::function<void(movement&)>& change, bool in_dispatch) {
  forged_journal j;
  const auto i = j.created("o1");
  j.authorised(i, "o1");
  movement r{"a", 3, 97};
  movement d{"a", 3, 97};
  change(in_dispatch ? d : r);
  j.forward(i, "stock", "stock-a", item_reserved{"o1", r.sku, r.quantity, r.free});
  j.shipped(i, "o1");
  j.forward(i, "dispatch", "stock-a", item_dispatched{"o1", d.sku, d.quantity, d.free});
  j.confirmed(i, "o1");
  return j.broken();
}

TEST(OrdersVerification, SeesStockThatDoesNotAddUp) {
  EXPECT_EQ(broken_by([](auto&) {}, false), "");
  EXPECT_EQ(broken_by([](auto& m) { m.free = 96; }, false), "D2");
  EXPECT_EQ(broken_by([](auto& m) { m.free = 100; }, true), "D2");
  EXPECT_EQ(broken_by([](auto& m) { m.quantity = 2; }, true), "D2");
  EXPECT_EQ(broken_by([](auto& m) { m.sku = "b"; }, true), "D2");
  EXPECT_EQ(broken_by([](auto& m) { m = {"a", 101, -1}; }, false), "D2");
  EXPECT_EQ(broken_by([](auto& m) { m.quantity = -3; }, false), "D2");
}

/// An order of two items, of which the second is stocked and reserved, and given back, last.
std::string broken_with_two_items(const std::function<void(ensemble::recorded_event&)>& change) {
  forged_journal j;
  const auto none = ensemble::direction::none;
  j.add("stock-b", item_stocked{"b", 9}, {}, {}, "", none);
  const auto i = j.created("o1");
  j.authorised(i, "o1");
  const auto further = [&](const ensemble::message& body, bool back) {
    j.events.back().last = false;
    (back ? j.undo(i, "stock", "stock-b", body) : j.forward(i, "stock", "stock-b", body));
    auto& e = j.events.back();
    e.index = 1;
    e.id = ensemble::make_event_id(j.events[j.events.size() - 2].command(), 1);
    if (back) change(e);
  };
  j.reserved(i, "o1");
  further(item_reserved{"o1", "b", 1, 8}, false);
  j.shipping_refused(i, "o1");
  j.released(i, "o1");
  further(item_released{"o1", "b", 1, 9}, true);
  j.refunded(i, "o1");
  j.cancelled(i, "o1", "no carrier took it");
  return j.broken();
}

TEST(OrdersVerification, SeesAReservationThatIsGivenBackInParts) {
  EXPECT_EQ(broken_with_two_items([](auto&) {}), "");
  EXPECT_EQ(broken_with_two_items([](auto& e) {
              e.body = item_released{"o1", "a", 3, 103};
            }),
            "D2");
}

TEST(OrdersVerification, SeesAnItemThatIsStockedTwiceOrNever) {
  forged_journal twice;
  twice.add("stock-a", item_stocked{"a", 100}, {}, {}, "", direction::none);
  EXPECT_EQ(twice.broken(), "D2");
  forged_journal never;
  never.events.clear();
  never.fulfilled("o1");
  EXPECT_EQ(never.broken(), "D2");
  forged_journal elsewhere;
  elsewhere.add("stock-b", item_stocked{"c", 100}, {}, {}, "", direction::none);
  EXPECT_EQ(elsewhere.broken(), "D2");
}

TEST(OrdersVerification, SeesStockBelowZero) {
  forged_journal j;
  for (int n = 0; n < 2; ++n) {
    const auto id = "o" + std::to_string(n);
    const auto i = j.created(id);
    j.authorised(i, id);
    j.forward(i, "stock", "stock-a", item_reserved{id, "a", 60, 40 - 60 * n});
  }
  EXPECT_EQ(j.broken(), "D2");
}

TEST(OrdersVerification, SeesAReservationThatIsLeft) {
  forged_journal j;
  const auto i = j.created("o1");
  j.authorised(i, "o1");
  j.reserved(i, "o1");
  j.shipping_refused(i, "o1");
  j.refunded(i, "o1");
  j.cancelled(i, "o1", "no carrier took it");
  EXPECT_EQ(j.broken(), "D2 G4 G5");
}

TEST(OrdersVerification, SeesAConfirmedOrderThatIsStillInTheHouse) {
  forged_journal j;
  const auto i = j.created("o1");
  j.authorised(i, "o1");
  j.reserved(i, "o1");
  j.shipped(i, "o1");
  j.confirmed(i, "o1");
  EXPECT_EQ(j.broken(), "D2 G4");
}

// --- D3, D4: orders ---

TEST(OrdersVerification, SeesASecondLastWord) {
  forged_journal j;
  j.fulfilled("o1");
  const auto i = ensemble::make_instance_id({2}, "order_fulfilment");
  j.cancelled(i, "o1", "why not");
  EXPECT_EQ(j.broken(), "D3 G2");
  forged_journal twice;
  twice.fulfilled("o1");
  twice.confirmed(i, "o1");
  EXPECT_EQ(twice.broken(), "D1 D3 G2");
}

TEST(OrdersVerification, SeesAnOrderThatIsCreatedAgain) {
  forged_journal j;
  j.fulfilled("o1");
  j.created("o1");
  EXPECT_EQ(j.broken(), "D4");
}

TEST(OrdersVerification, SeesWorkForAnOrderThatIsNotThere) {
  const ensemble::instance_id nobody = ensemble::make_instance_id({77}, "order_fulfilment");
  forged_journal j;
  j.authorised(nobody, "o9");
  j.reserved(nobody, "o9");
  j.confirmed(nobody, "o9");
  EXPECT_EQ(j.broken(), "D2 D3 D4 G2");
}

// --- S5 ---

TEST(OrdersVerification, SeesAGapAndATimeThatFalls) {
  forged_journal gap;
  gap.fulfilled("o1");
  gap.noted({}, "ensemble.attempt_failed");
  gap.events.back().position.value += 1;
  EXPECT_EQ(gap.broken(), "S5");
  forged_journal time;
  time.fulfilled("o1");
  time.events[3].time = {};
  EXPECT_EQ(time.broken(), "S5");
}

} // namespace
} // namespace orders
