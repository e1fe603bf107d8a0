#include "runtime/bookshop.hpp"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace {

using namespace bookshop;
using namespace std::chrono_literals;
using ensemble::outcome_kind;

TEST(Runtime, ACompletedProcessIsAwaited) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  const auto receipt = r.send("shop", buy{"b1", 20}).get();
  ASSERT_FALSE(receipt.refused());
  ASSERT_EQ(receipt.events.size(), 1U);
  EXPECT_EQ(receipt.stream, "shop-b1");
  EXPECT_EQ(r.await(receipt, 10s).kind, outcome_kind::completed);
  EXPECT_TRUE(r.query<purchase>("shop", "b1").get().is_confirmed);
  EXPECT_EQ(r.stats().instances_completed, 1U);
}

TEST(Runtime, AFailedStepUndoesWhatWasDone) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  const auto receipt = r.send("shop", buy{"unpackable-1", 20}).get();
  const auto outcome = r.await(receipt, 10s);
  EXPECT_EQ(outcome.kind, outcome_kind::compensated);
  EXPECT_NE(outcome.reason.find("unpackable"), std::string::npos) << outcome.reason;
  EXPECT_EQ(r.query<till_state>("till", "unpackable-1").get().refunds, 1);
  EXPECT_TRUE(r.query<purchase>("shop", "unpackable-1").get().is_cancelled);
}

TEST(Runtime, ARefusedStepCompensates) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  for (const auto* id : {"declined-1", "rejected-1", "nothing-1"}) {
    const auto receipt = r.send("shop", buy{id, 20}).get();
    EXPECT_EQ(r.await(receipt, 10s).kind, outcome_kind::compensated) << id;
    EXPECT_EQ(r.query<till_state>("till", id).get().refunds, 0) << id;
  }
}

TEST(Runtime, ManyAtOnceAllEnd) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  std::vector<std::future<ensemble::receipt>> receipts;
  for (int n = 0; n < 2'000; ++n) {
    const auto id = (n % 3 == 0 ? "unpackable-" : "b-") + std::to_string(n);
    receipts.push_back(r.send("shop", buy{id, 20}));
  }
  int completed = 0;
  for (auto& receipt : receipts)
    completed += r.await(receipt.get(), 30s).kind == outcome_kind::completed ? 1 : 0;
  EXPECT_EQ(completed, 2'000 - 667);
  EXPECT_EQ(r.stats().instances_open, 0U);
}

} // namespace
