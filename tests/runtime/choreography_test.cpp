#include "runtime/bookshop.hpp"
#include "runtime/leave.hpp"
#include "runtime/runtime_access.hpp"
#include "runtime/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <new>
#include <string>
#include <utility>
#include <vector>

// What is particular to danced processes; what both modes promise the other tests of the runtime
// hold in both.

namespace {

using namespace std::chrono_literals;
using ensemble::outcome_kind;
using ensemble::process_mode;

void add(ensemble::runtime& r, ensemble::process_definition process, process_mode mode) {
  if (mode == process_mode::orchestration)
    r.orchestrate(std::move(process));
  else
    r.choreograph(std::move(process));
}

struct change_of_mode {
  process_mode first;
  process_mode second;
};

class ModeChange : public testing::TestWithParam<change_of_mode> {
protected:
  ensemble::runtime_options options() const {
    auto o = bookshop::in_memory();
    o.journal = folder_.file("j.db");
    return o;
  }

private:
  const temporary_folder folder_;
};

TEST_P(ModeChange, OpenInstancesGoOnInTheOtherMode) {
  const ensemble::retry_policy patient{
      .attempts = 1'000'000, .attempt_within = 1h, .first_delay = 1ms, .max_delay = 2ms};
  std::vector<ensemble::receipt> receipts;
  {
    bookshop::till_switches jammed;
    jammed.throws = 1'000'000'000;
    ensemble::runtime r(options());
    r.host(bookshop::shop()).host(bookshop::till(&jammed)).host(bookshop::packing_table());
    add(r, bookshop::selling(patient), GetParam().first);
    r.start();
    for (int n = 0; n < 50; ++n) {
      const auto id = (n % 5 == 0 ? "unpackable-" : "b-") + std::to_string(n);
      receipts.push_back(r.send("shop", bookshop::buy{id, 20}).get());
    }
  }
  ensemble::runtime r(options());
  r.host(bookshop::shop()).host(bookshop::till()).host(bookshop::packing_table());
  add(r, bookshop::selling(patient), GetParam().second);
  r.start();
  for (std::size_t n = 0; n < receipts.size(); ++n)
    EXPECT_EQ(r.await(receipts[n], 30s).kind,
              n % 5 == 0 ? outcome_kind::compensated : outcome_kind::completed);
  EXPECT_EQ(r.stats().instances_recovered, 50U);
  EXPECT_EQ(r.stats().instances_open, 0U);
}

TEST_P(ModeChange, SleepersSleepOnAndWakeInTheOtherMode) {
  constexpr int count = 20;
  std::vector<ensemble::receipt> asked;
  {
    ensemble::runtime r(options());
    leave::host_services(r);
    add(r, leave::leaving(), GetParam().first);
    r.start();
    asked = leave::ask(r, "l", count);
    ASSERT_TRUE(leave::eventually([&] { return r.stats().instances_asleep == count; }));
  }
  {
    ensemble::runtime r(options());
    leave::host_services(r);
    add(r, leave::leaving(), GetParam().second);
    r.start();
    EXPECT_EQ(r.stats().instances_open, std::uint64_t{count});
    EXPECT_EQ(r.stats().instances_recovered, 0U) << "none was folded";
    leave::grant_all(r, "l", count / 2);
    for (int n = 0; n < count / 2; ++n)
      EXPECT_EQ(r.await(asked[static_cast<std::size_t>(n)], 30s).kind, outcome_kind::completed);
    EXPECT_EQ(r.stats().instances_open, std::uint64_t{count / 2});
  }
  ensemble::runtime r(options());
  leave::host_services(r);
  add(r, leave::leaving(), GetParam().first);
  r.start();
  leave::grant_all(r, "l", count); // the first half once more, for nobody
  for (const auto& receipt : asked) EXPECT_EQ(r.await(receipt, 30s).kind, outcome_kind::completed);
  EXPECT_EQ(r.stats().instances_open, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Modes, ModeChange,
    testing::Values(change_of_mode{process_mode::orchestration, process_mode::choreography},
                    change_of_mode{process_mode::choreography, process_mode::orchestration},
                    change_of_mode{process_mode::choreography, process_mode::choreography}),
    [](const auto& which) {
      return std::string(to_string(which.param.first)) + "Then" +
             std::string(to_string(which.param.second));
    });

TEST(Choreography, NeedsNoProcessManager) {
  auto options = bookshop::in_memory();
  options.deaths_borne = 1'000'000;
  ensemble::runtime r(options);
  r.host(bookshop::shop()).host(bookshop::till()).host(bookshop::packing_table());
  r.choreograph(bookshop::selling());
  r.start();
  for (int n = 0; n < 200; ++n) {
    ensemble::runtime_access::kill(r, "process manager");
    const auto receipt = r.send("shop", bookshop::buy{"b-" + std::to_string(n), 20}).get();
    EXPECT_EQ(r.await(receipt, 30s).kind, outcome_kind::completed);
  }
}

TEST(Choreography, StandsBesideAnOrchestratedProcess) {
  ensemble::runtime r(bookshop::in_memory());
  r.host(bookshop::shop()).host(bookshop::till()).host(bookshop::packing_table());
  leave::host_services(r);
  r.orchestrate(bookshop::selling()).choreograph(leave::leaving({.breaks = true}));
  r.start();
  const auto bought = r.send("shop", bookshop::buy{"b-1", 20}).get();
  EXPECT_EQ(r.await(bought, 30s).kind, outcome_kind::completed);
  const auto asked = leave::ask(r, "l", 3);
  for (const auto& receipt : asked) EXPECT_EQ(r.await(receipt, 30s).kind, outcome_kind::stuck);
  EXPECT_EQ(r.stats().instances_stuck, 3U);
  EXPECT_EQ(r.stuck().get().instances.size(), 3U) << "whoever keeps them is asked";
}

std::string refusal_of(ensemble::runtime& r) {
  try {
    r.start();
  } catch (const ensemble::error& e) {
    return e.what();
  }
  return "taken";
}

// Rule 5: what no holder can fold is stuck. But here the first of the three can, and if that is the
// keeper nobody is told; then those who could not have to try again.
TEST(Choreography, AFaultThatOnlySomeParticipantsHadIsMadeGood) {
  auto ended = outcome_kind::stuck;
  for (int n = 0; n < 200 && ended == outcome_kind::stuck; ++n) {
    std::atomic<int> calls = 0;
    auto process = bookshop::selling();
    process.steps[0].ask.make = [&calls, n, make = process.steps[0].ask.make](const auto& state) {
      const auto call = calls++;
      if (call < 3 && call != n % 3) throw std::bad_alloc();
      return make(state);
    };
    ensemble::runtime r(bookshop::in_memory());
    r.host(bookshop::shop()).host(bookshop::till()).host(bookshop::packing_table());
    r.choreograph(std::move(process));
    r.start();
    ended = r.await(r.send("shop", bookshop::buy{"b", 20}).get(), 30s).kind;
  }
  EXPECT_EQ(ended, outcome_kind::completed);
}

TEST(Choreography, VersionsOfAProcessHaveOneMode) {
  ensemble::runtime r;
  leave::options second;
  second.version = 2;
  r.choreograph(leave::leaving());
  EXPECT_THROW(r.orchestrate(leave::leaving(second)), ensemble::error);
  r.choreograph(leave::leaving(second));
}

TEST(Choreography, TheOwnerIsHosted) {
  ensemble::runtime r;
  r.host(bookshop::till()).host(bookshop::packing_table());
  auto process = bookshop::selling();
  process.complete = {};
  process.abort = {};
  r.choreograph(std::move(process));
  EXPECT_NE(refusal_of(r).find("'shop', which owns it, is not hosted"), std::string::npos);
}

TEST(Choreography, AnEventIsAwaitedByProcessesOfOneKeeper) {
  ensemble::runtime r;
  leave::host_services(r);
  auto other = leave::leaving();
  other.name = "leaving_too";
  r.choreograph(leave::leaving()).orchestrate(std::move(other));
  EXPECT_NE(refusal_of(r).find("which are kept apart"), std::string::npos);
}

} // namespace
