#include "runtime/bookshop.hpp"
#include "runtime/leave.hpp"
#include "runtime/runtime_access.hpp"
#include "runtime/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <mutex>

// Rule 7 in a runtime: outside events, the sleep of who awaits them, and what survives a restart.

namespace {

using namespace leave;
using namespace std::chrono_literals;
using bookshop::in_memory;
using ensemble::outcome_kind;

ensemble::runtime_options on_file(const temporary_folder& folder) {
  auto options = in_memory();
  options.journal = folder.file("j.db");
  return options;
}

bool asleep(ensemble::runtime& r, std::uint64_t count) {
  return eventually([&] { return r.stats().instances_asleep == count; });
}

TEST(Awaiting, AProcessSleepsUntilItsEventComes) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  const auto receipts = ask(r, "a", 3);
  ASSERT_TRUE(asleep(r, 3));
  EXPECT_EQ(r.stats().instances_completed, 0U);
  grant_all(r, "a", 3);
  for (const auto& receipt : receipts)
    EXPECT_EQ(r.await(receipt, 20s).kind, outcome_kind::completed);
  EXPECT_EQ(r.stats().instances_asleep, 0U);
  EXPECT_EQ(r.stats().outside_events_kept, 0U);
}

TEST(Awaiting, AFailureThatComesFromOutsideCompensates) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  const auto receipt = ask(r, "a", 1).front();
  (void)r.send("boss", deny{"t-a0"}).get();
  const auto outcome = r.await(receipt, 20s);
  EXPECT_EQ(outcome.kind, outcome_kind::compensated);
  EXPECT_NE(outcome.reason.find("denied"), std::string::npos) << outcome.reason;
}

TEST(Awaiting, WhoSleepsHoldsNoCredit) {
  auto options = in_memory();
  options.credits = 4;
  ensemble::runtime r(options);
  set_up(r);
  r.start();
  const auto receipts = ask(r, "a", 100); // would block for ever
  ASSERT_TRUE(asleep(r, 100));
  grant_all(r, "a", 100);
  for (const auto& receipt : receipts)
    EXPECT_EQ(r.await(receipt, 20s).kind, outcome_kind::completed);
}

TEST(Awaiting, AnEarlyEventIsKept) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  grant_all(r, "a", 2);
  ASSERT_TRUE(eventually([&] { return r.stats().outside_events_kept == 2; }));
  const auto receipt = ask(r, "a", 1).front();
  EXPECT_EQ(r.await(receipt, 20s).kind, outcome_kind::completed);
  EXPECT_TRUE(eventually([&] { return r.stats().outside_events_kept == 1; }));
}

TEST(Awaiting, AnEventThatFitsSeveralInstancesIsParkedAndStaysSo) {
  const temporary_folder folder;
  {
    ensemble::runtime r(on_file(folder));
    set_up(r);
    r.start();
    (void)r.send("staff", ask_leave{"a", "same"}).get();
    (void)r.send("staff", ask_leave{"b", "same"}).get();
    ASSERT_TRUE(asleep(r, 2));
    (void)r.send("boss", grant{"same"}).get();
    ASSERT_TRUE(eventually([&] { return r.stats().outside_events_parked == 1; }));
    EXPECT_EQ(r.stats().instances_open, 2U);
  }
  ensemble::runtime r(on_file(folder));
  set_up(r);
  r.start();
  EXPECT_EQ(r.stats().outside_events_parked, 1U);
  EXPECT_EQ(r.stats().instances_asleep, 2U);
}

TEST(Awaiting, ARestartLeavesSleepersAsleepAndTheirEventsFindThem) {
  const temporary_folder folder;
  std::vector<ensemble::receipt> receipts;
  {
    ensemble::runtime r(on_file(folder));
    set_up(r);
    r.start();
    receipts = ask(r, "a", 50);
    grant_all(r, "b", 1); // early
    ASSERT_TRUE(asleep(r, 50));
    // A checkpoint of the book, which is written once a second.
    const auto before = r.stats().commits;
    ASSERT_TRUE(eventually([&] { return r.stats().commits > before; }));
  }
  ensemble::runtime r(on_file(folder));
  set_up(r);
  r.start();
  EXPECT_EQ(r.stats().instances_asleep, 50U);
  EXPECT_EQ(r.stats().instances_recovered, 0U) << "nothing had to be folded";
  EXPECT_EQ(r.stats().outside_events_kept, 1U);
  receipts.push_back(ask(r, "b", 1).front());
  grant_all(r, "a", 50);
  for (const auto& receipt : receipts)
    EXPECT_EQ(r.await(receipt, 20s).kind, outcome_kind::completed);
}

// The checkpoint of the second start passes events that the rows of the first do not know.
TEST(Awaiting, WhoMovedBeforeARestartIsNotTakenForASleeperByTheNext) {
  const temporary_folder folder;
  const auto row_written = [](ensemble::runtime& r) {
    const auto before = r.stats().commits;
    return eventually([&] { return r.stats().commits > before; });
  };
  std::vector<ensemble::receipt> receipts;
  {
    ensemble::runtime r(on_file(folder));
    set_up(r);
    r.start();
    receipts = ask(r, "a", 30);
    ASSERT_TRUE(asleep(r, 30));
    ASSERT_TRUE(row_written(r));
  }
  {
    ensemble::runtime r(on_file(folder));
    set_up(r, {.jammed = true});
    r.start();
    grant_all(r, "a", 30);
    ASSERT_TRUE(eventually([&] { return r.stats().attempts_failed > 30; }));
  }
  {
    auto options = on_file(folder);
    options.recovery_rate = 1; // a second: most are not even folded before the checkpoint
    ensemble::runtime r(options);
    set_up(r, {.jammed = true});
    r.start();
    ASSERT_TRUE(row_written(r));
  }
  ensemble::runtime r(on_file(folder));
  set_up(r);
  r.start();
  for (const auto& receipt : receipts)
    ASSERT_EQ(r.await(receipt, 30s).kind, outcome_kind::completed);
}

TEST(Awaiting, ADeadlineWakesASleeperAlsoAfterARestart) {
  const temporary_folder folder;
  ensemble::receipt receipt;
  {
    ensemble::runtime r(on_file(folder));
    set_up(r, {.within = 3s});
    r.start();
    receipt = ask(r, "a", 1).front();
    const auto before = r.stats().commits;
    ASSERT_TRUE(asleep(r, 1));
    ASSERT_TRUE(eventually([&] { return r.stats().commits > before; }));
  }
  ensemble::runtime r(on_file(folder));
  set_up(r, {.within = 3s});
  r.start();
  EXPECT_EQ(r.await(receipt, 20s).kind, outcome_kind::compensated);
  EXPECT_EQ(r.stats().deadlines_passed, 1U);
}

TEST(Awaiting, ADelayedCommandSleepsMeanwhileAndIsGivenAfterARestart) {
  const temporary_folder folder;
  ensemble::receipt receipt;
  {
    ensemble::runtime r(on_file(folder));
    set_up(r, {.booked_after = 2s});
    r.start();
    receipt = ask(r, "a", 1).front();
    grant_all(r, "a", 1);
    ASSERT_TRUE(asleep(r, 1));
    const auto before = r.stats().commits;
    ASSERT_TRUE(eventually([&] { return r.stats().commits > before; }));
    EXPECT_EQ(r.stats().instances_completed, 0U);
  }
  ensemble::runtime r(on_file(folder));
  set_up(r, {.booked_after = 2s});
  r.start();
  EXPECT_EQ(r.await(receipt, 20s).kind, outcome_kind::completed);
}

// Grants race with their requests while actors die: everybody gets theirs, once.
class AwaitingUnderFire : public testing::TestWithParam<std::string> {};

TEST_P(AwaitingUnderFire, EveryRequestReceivesItsOwnGrantOnce) {
  auto options = in_memory();
  options.deaths_borne = 1'000;
  ensemble::runtime r(options);
  set_up(r);
  r.start();
  std::mutex mutex;
  std::map<std::string, int> bookings;
  r.observe({1}, [&](const ensemble::recorded_event& e) {
    if (const auto* b = e.body.get_if<booked>()) {
      const std::lock_guard lock(mutex);
      ++bookings[b->id];
    }
  });
  std::vector<ensemble::receipt> receipts;
  for (int round = 0; round < 10; ++round) {
    const auto prefix = std::to_string(round) + "-";
    if (round % 2 == 0) grant_all(r, prefix, 20);
    for (auto& receipt : ask(r, prefix, 20)) receipts.push_back(std::move(receipt));
    ensemble::runtime_access::kill(r, GetParam());
    if (round % 2 == 1) grant_all(r, prefix, 20);
  }
  for (const auto& receipt : receipts) {
    ensemble::outcome outcome;
    // A manager that has just died tells so with a reason; its successor knows.
    ASSERT_TRUE(eventually([&] {
      outcome = r.await(receipt, 30s);
      return outcome.reason.empty();
    }));
    ASSERT_EQ(outcome.kind, outcome_kind::completed) << outcome.reason;
  }
  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return bookings.size() == receipts.size();
  }));
  const std::lock_guard lock(mutex);
  for (const auto& [id, count] : bookings) EXPECT_EQ(count, 1) << id;
}

INSTANTIATE_TEST_SUITE_P(Actors, AwaitingUnderFire,
                         testing::Values("process manager", "saga", "journal reader",
                                         "journal writer"),
                         [](const auto& which) {
                           auto name = which.param;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

// Stops at any moment, again and again: what was granted is booked in the end, once.
TEST(Awaiting, StopsAtAnyMomentLoseNoGrant) {
  const temporary_folder folder;
  std::vector<std::string> asked;
  for (int round = 0; round < 12; ++round) {
    ensemble::runtime r(on_file(folder));
    set_up(r);
    r.start();
    const auto prefix = std::to_string(round) + "-";
    for (int n = 0; n < 20; ++n) {
      const auto id = prefix + std::to_string(n);
      asked.push_back(id);
      const auto give = [&] {
        (void)r.send("boss", grant{"t-" + id}, {.idempotency_key = "g" + id});
      };
      if (n % 3 == 0) give();
      (void)r.send("staff", ask_leave{id, "t-" + id}, {.idempotency_key = id});
      if (n % 3 == 1) give();
    }
    if (round % 3 == 0) (void)eventually([&] { return r.stats().instances_started > 5; });
    r.stop(); // in the middle of it
  }
  ensemble::runtime r(on_file(folder));
  set_up(r);
  r.start();
  for (const auto& id : asked) {
    const auto receipt = r.send("staff", ask_leave{id, "t-" + id}, {.idempotency_key = id}).get();
    (void)r.send("boss", grant{"t-" + id}, {.idempotency_key = "g" + id}).get();
    ASSERT_EQ(r.await(receipt, 30s).kind, outcome_kind::completed) << id;
  }
}

} // namespace
