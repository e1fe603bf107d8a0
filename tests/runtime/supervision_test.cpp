#include "runtime/bookshop.hpp"
#include "runtime/runtime_access.hpp"
#include "runtime/temporary_folder.hpp"
#include "runtime/tested_mode.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>
#include <vector>

namespace {

using namespace bookshop;
using namespace std::chrono_literals;
using ensemble::outcome_kind;

/// Sends many purchases and kills the role again and again meanwhile.
void everything_ends_although_killed(const std::string& role, const std::string& journal) {
  auto options = in_memory();
  options.journal = journal;
  options.deaths_borne = 1'000'000;
  ensemble::runtime r(options);
  set_up(r, nullptr, {.attempts = 100, .attempt_within = 300ms, .first_delay = 1ms});
  r.start();
  std::vector<std::future<ensemble::receipt>> all;
  for (int n = 0; n < 400; ++n) {
    const auto id = (n % 4 == 0 ? "unpackable-" : "b-") + std::to_string(n);
    all.push_back(r.send("shop", buy{id, 20}, {.idempotency_key = id}));
    if (n % 100 == 50) {
      (void)all.back().wait_for(1s); // something is under way
      ensemble::runtime_access::kill(r, role);
    }
  }
  int completed = 0;
  int compensated = 0;
  for (std::size_t n = 0; n < all.size(); ++n) {
    const auto id = (n % 4 == 0 ? "unpackable-" : "b-") + std::to_string(n);
    ensemble::receipt receipt;
    for (int attempt = 0;; ++attempt) {
      try {
        receipt = attempt == 0 ? all[n].get()
                               : r.send("shop", buy{id, 20}, {.idempotency_key = id}).get();
        break;
      } catch (const ensemble::error& e) { // the gateway died: ask again under the same key
        ASSERT_EQ(e.code(), ensemble::errc::unknown_outcome);
        ASSERT_LT(attempt, 1'000);
        std::this_thread::sleep_for(5ms); // until there is another one
      }
    }
    auto outcome = r.await(receipt, 30s);
    // A waiter dies with the manager and is told that the outcome is unknown.
    for (int k = 0; k < 1'000 && outcome.kind == outcome_kind::unknown; ++k) {
      std::this_thread::sleep_for(5ms);
      outcome = r.await(receipt, 30s);
    }
    completed += outcome.kind == outcome_kind::completed ? 1 : 0;
    compensated += outcome.kind == outcome_kind::compensated ? 1 : 0;
  }
  EXPECT_EQ(completed, 300);
  EXPECT_EQ(compensated, 100);
  EXPECT_EQ(r.query<till_state>("till", "unpackable-0").get().refunds, 1);
  EXPECT_GE(r.stats().actors_respawned, 1U);
  EXPECT_EQ(r.stats().instances_open, 0U);
}

class Supervision : public testing::TestWithParam<std::string> {};

TEST_P(Supervision, KilledActorsComeBackAndNothingIsLost) {
  everything_ends_although_killed(GetParam(), "memory:");
}

TEST_P(Supervision, KilledActorsComeBackOnAFileToo) {
  const temporary_folder folder;
  everything_ends_although_killed(GetParam(), folder.file("j.db"));
}

std::vector<std::string> roles() {
  std::vector<std::string> all{
      "shop",           "till",           "table",         "process manager",
      "journal writer", "journal reader", "caller gateway"};
  if (tested_mode() == ensemble::process_mode::orchestration)
    all.emplace_back("saga");
  else
    for (const auto* service : {"shop", "till", "table"})
      all.push_back("participant of " + std::string(service));
  return all;
}

INSTANTIATE_TEST_SUITE_P(Roles, Supervision, testing::ValuesIn(roles()), [](const auto& which) {
  std::string name = which.param;
  std::erase(name, ' ');
  return name;
});

TEST(Supervision, TooManyDeathsFailTheRuntimeAndTheHostLearnsOfIt) {
  auto options = in_memory();
  options.deaths_borne = 2;
  ensemble::runtime r(options);
  set_up(r);
  std::promise<ensemble::errc> told;
  r.on_failure([&](const ensemble::error& e) { told.set_value(e.code()); });
  r.start();
  auto failed = told.get_future();
  for (int n = 0; n < 1'000 && failed.wait_for(5ms) != std::future_status::ready; ++n)
    ensemble::runtime_access::kill(r, "till");
  ASSERT_EQ(failed.wait_for(10s), std::future_status::ready);
  EXPECT_EQ(failed.get(), ensemble::errc::wrong_state);
  try {
    (void)r.send("shop", buy{"b1", 20});
    FAIL() << "accepted by a runtime that has failed";
  } catch (const ensemble::error& e) {
    EXPECT_EQ(e.code(), ensemble::errc::wrong_state);
  }
}

} // namespace
