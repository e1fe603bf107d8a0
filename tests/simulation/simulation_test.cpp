#include "simulation/order_scenario.hpp"
#include "simulation/random_scenario.hpp"
#include "simulation/trip_scenario.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

// What CI runs of the simulations; scripts/torture runs them by the thousand.

namespace {

using namespace ensemble::simulation;

/// A share of the cases, where the tests are slow (ENSEMBLE_TEST_SCALE).
std::size_t scaled(std::size_t cases) {
  const char* scale = std::getenv("ENSEMBLE_TEST_SCALE");
  return scale ? static_cast<std::size_t>(static_cast<double>(cases) * std::atof(scale)) : cases;
}

TEST(Simulation, EveryOrderEndsWhateverGoesWrong) {
  options how;
  how.seeds = scaled(300);
  how.repeat_every = 10;
  const auto report = simulate(scenarios::order_scenario, how);
  EXPECT_TRUE(report.holds()) << report.text();
  EXPECT_GT(report.restarts, 0U);
}

TEST(Simulation, EveryRandomProcessEndsWhateverGoesWrong) {
  options how;
  how.seeds = scaled(300);
  how.repeat_every = 10;
  const auto report = simulate(scenarios::random_scenario, how);
  EXPECT_TRUE(report.holds()) << report.text();
}

TEST(Simulation, EveryTripEndsWhateverGoesWrong) {
  options how;
  how.seeds = scaled(300);
  how.repeat_every = 10;
  const auto report = simulate(scenarios::trip_scenario, how);
  EXPECT_TRUE(report.holds()) << report.text();
}

// Rules 16 and 18.
TEST(Simulation, EveryTripEndsWhateverOperatorsSayAndWhicheverVersionItHas) {
  options how;
  how.seeds = scaled(200);
  how.repeat_every = 10;
  how.faults = {fault::operator_word, fault::new_version, fault::power_cut, fault::call_fails};
  const auto report = simulate(scenarios::trip_scenario, how);
  EXPECT_TRUE(report.holds()) << report.text();
  EXPECT_GT(report.faults.at(fault::operator_word), 0U);
  EXPECT_GT(report.faults.at(fault::new_version), 0U);
}

// The random processes are those of which anything may be skipped.
TEST(Simulation, EveryRandomProcessEndsWhateverOperatorsSay) {
  options how;
  how.seeds = scaled(200);
  how.repeat_every = 10;
  how.faults = {fault::operator_word, fault::cut_after_commit, fault::call_refuses};
  const auto report = simulate(scenarios::random_scenario, how);
  EXPECT_TRUE(report.holds()) << report.text();
  EXPECT_GT(report.faults.at(fault::operator_word), 0U);
}

TEST(Simulation, OneSeedIsOneTraceInAnyNumberOfThreads) {
  options how;
  how.seeds = 40;
  const auto alone = simulate(scenarios::order_scenario, how);
  how.threads = 2;
  EXPECT_EQ(simulate(scenarios::order_scenario, how).hash, alone.hash);
  how.first_seed = 2;
  EXPECT_NE(simulate(scenarios::order_scenario, how).hash, alone.hash);
}

// A promise that nobody could keep: the report names the seed, as small as it can be.
TEST(Simulation, ShrinksARunThatGoesWrongAndTellsHowToRunItAgain) {
  const auto picky = [](std::uint64_t seed, std::size_t requests) {
    auto s = scenarios::order_scenario(seed, requests);
    s.check = [](ensemble::journal_reader& journal, const tell_violation& tell) {
      for (const auto& e : journal.read_all({1}))
        if (e.body.is<orders::order_cancelled>()) tell("X1: an order was cancelled");
    };
    return s;
  };
  const auto report = simulate(picky, {});
  ASSERT_EQ(report.failures.size(), 1U) << report.text();
  const auto& failed = report.failures.front();
  EXPECT_EQ(failed.violations.front(), "X1: an order was cancelled");
  EXPECT_LE(failed.faults.size(), 1U);
  ASSERT_EQ(setenv("ENSEMBLE_SIMULATION",
                   failed.replay
                       .substr(failed.replay.find('"') + 1,
                               failed.replay.rfind('"') - failed.replay.find('"') - 1)
                       .c_str(),
                   1),
            0);
  const auto again = simulate(picky, {});
  ASSERT_EQ(setenv("ENSEMBLE_SIMULATION", "seed=1 faults=sunshine", 1), 0);
  EXPECT_THROW((void)simulate(picky, {}), ensemble::error);
  unsetenv("ENSEMBLE_SIMULATION");
  EXPECT_EQ(again.runs, 1U);
  ASSERT_EQ(again.failures.size(), 1U);
  EXPECT_EQ(again.failures.front().violations, failed.violations);
}

TEST(Simulation, SameSeedWithOtherBehaviourIsSeen) {
  std::uint64_t runs = 0;
  const auto forgetful = [&](std::uint64_t seed, std::size_t requests) {
    return scenarios::order_scenario(seed + ++runs % 2, requests);
  };
  options how;
  how.repeat_every = 1;
  how.seeds = 1;
  how.shrink = false;
  const auto report = simulate(forgetful, how);
  ASSERT_EQ(report.failures.size(), 1U);
  EXPECT_EQ(report.failures.front().violations.back(), "the same seed did not do the same again");
}

TEST(Simulation, RefusesOptionsOutOfRange) {
  options how;
  how.requests = 0;
  EXPECT_THROW((void)simulate(scenarios::order_scenario, how), ensemble::error);
}

// --- the systematic list ---

class OrderFailures : public testing::TestWithParam<step_case> {};

TEST_P(OrderFailures, EndAsTheyShould) {
  const auto report = make_happen(GetParam(), scenarios::order_scenario);
  EXPECT_TRUE(report.holds()) << report.text();
  EXPECT_GE(report.coverage.met.at(GetParam()), 2U) << "once in each mode";
}

INSTANTIATE_TEST_SUITE_P(Orders, OrderFailures,
                         testing::ValuesIn(generate_failure_tests(orders::order_fulfilment())),
                         [](const auto& test) { return test.param.name(); });

TEST(FailureTests, CoverEveryStepAndItsUndo) {
  const auto all = step_cases(orders::order_fulfilment());
  const auto some = generate_failure_tests(orders::order_fulfilment());
  EXPECT_EQ(all.size(), some.size());
  EXPECT_THROW(
      (void)make_happen(
          {"order_fulfilment", "shipping", ensemble::direction::undo, happening::rejection, {}},
          scenarios::order_scenario),
      ensemble::error);
}

} // namespace
