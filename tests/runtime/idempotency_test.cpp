#include "runtime/bookshop.hpp"
#include "runtime/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace {

using namespace bookshop;
using namespace std::chrono_literals;
using ensemble::outcome_kind;

TEST(Idempotency, TheSameKeyGetsTheSameAnswer) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  const auto first = r.send("shop", buy{"b1", 20}, {.idempotency_key = "k"}).get();
  const auto second = r.send("shop", buy{"b1", 20}, {.idempotency_key = "k"}).get();
  EXPECT_FALSE(first.repeated);
  EXPECT_TRUE(second.repeated);
  ASSERT_EQ(second.events.size(), 1U);
  EXPECT_EQ(second.events[0].position, first.events[0].position);
  EXPECT_EQ(second.correlation, first.correlation);
  EXPECT_EQ(r.await(second, 10s).kind, outcome_kind::completed);
  EXPECT_EQ(r.stats().instances_started, 1U);
}

TEST(Idempotency, ManyRepeatsAtOnceAreOneEffect) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  std::vector<std::future<ensemble::receipt>> all;
  for (int n = 0; n < 200; ++n)
    all.push_back(r.send("shop", buy{"b1", 20}, {.idempotency_key = "k"}));
  ensemble::position at{};
  for (auto& one : all) {
    const auto receipt = one.get();
    ASSERT_EQ(receipt.events.size(), 1U);
    if (at.value == 0) at = receipt.events[0].position;
    EXPECT_EQ(receipt.events[0].position, at);
  }
  // A receipt may be there before who begins the instance has met the event.
  const auto last = r.send("shop", buy{"b1", 20}, {.idempotency_key = "k"}).get();
  EXPECT_EQ(r.await(last, 10s).kind, outcome_kind::completed);
  EXPECT_EQ(r.stats().instances_started, 1U);
}

TEST(Idempotency, ARefusalIsRepeatedToo) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  const auto first = r.send("shop", buy{"b1", 0}, {.idempotency_key = "k"}).get();
  EXPECT_EQ(first.refusal, "nothing is free");
  // Meanwhile the purchase would be accepted; the request stays refused.
  EXPECT_FALSE(r.send("shop", buy{"b1", 5}, {.idempotency_key = "other"}).get().refused());
  const auto again = r.send("shop", buy{"b1", 0}, {.idempotency_key = "k"}).get();
  EXPECT_EQ(again.refusal, "nothing is free");
  EXPECT_TRUE(again.repeated);
}

TEST(Idempotency, WithoutAKeyEveryRequestIsItsOwn) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  EXPECT_FALSE(r.send("shop", buy{"b1", 5}).get().refused());
  EXPECT_EQ(r.send("shop", buy{"b1", 5}).get().refusal, "bought already");
}

TEST(Idempotency, HoldsAcrossARestart) {
  const temporary_folder folder;
  auto options = in_memory();
  options.journal = folder.file("j.db");
  ensemble::position at{};
  {
    ensemble::runtime r(options);
    set_up(r);
    r.start();
    const auto receipt = r.send("shop", buy{"b1", 20}, {.idempotency_key = "k"}).get();
    at = receipt.events.at(0).position;
    EXPECT_EQ(r.await(receipt, 10s).kind, outcome_kind::completed);
  }
  ensemble::runtime r(options);
  set_up(r);
  r.start();
  const auto receipt = r.send("shop", buy{"b1", 20}, {.idempotency_key = "k"}).get();
  EXPECT_TRUE(receipt.repeated);
  EXPECT_EQ(receipt.events.at(0).position, at);
  // The instance is not in memory any more: the journal tells how it ended.
  EXPECT_EQ(r.await(receipt, 10s).kind, outcome_kind::completed);
  EXPECT_EQ(r.stats().instances_started, 0U);
}

} // namespace
