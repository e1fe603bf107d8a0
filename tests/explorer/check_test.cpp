#include "explorer/check_comparison.hpp"
#include "explorer/messages.hpp"
#include "model/planted_bug.hpp"

#include <ensemble/check.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

// What holds `check` itself: that its reduction loses nothing, and that it runs the real engine, so
// that a bug of the engine is a fault of every definition.

namespace {

using namespace ensemble;
using namespace std::chrono_literals;

std::uint64_t runs(double full) {
  const auto* scale = std::getenv("ENSEMBLE_TEST_SCALE");
  return static_cast<std::uint64_t>(full * (scale ? std::atof(scale) : 1.0));
}

// Rule 20. Nothing else holds `check` itself: that its reduction loses nothing, that it calls no
// function of the definition, that conditions branch both ways, and that it promises nothing
// beyond its budget.
TEST(CheckReduction, FindsWhatTheFullExplorationFinds) {
  explorer::check_comparison all;
  for (std::uint64_t seed = 1; seed <= runs(600); ++seed)
    EXPECT_EQ(explorer::compare_check(seed, all), "") << "seed " << seed;
  std::cout << all.compared << " definitions, " << all.with_findings << " with findings, "
            << all.with_conditions << " with conditions, " << all.full_states << " states in full, "
            << all.reduced_states << " reduced\n";
  EXPECT_GE(all.compared, runs(200));
  EXPECT_GE(all.with_findings, runs(60));
  EXPECT_GE(all.with_conditions, runs(60));
  EXPECT_LT(all.reduced_states, all.full_states);
}

/// Two branches, a join, a pivot and a step after it; everything can be undone.
process_definition honest_process() {
  using namespace explorer;
  process_definition p;
  p.name = "honest";
  p.owner = "owner";
  p.deadline = 1h;
  p.start = {&type_of<begun>(), {}};
  const std::vector<std::vector<std::size_t>> after{{}, {0}, {0}, {1, 2}, {3}};
  for (std::size_t n = 0; n < after.size(); ++n) {
    step_definition s;
    s.name = "step" + std::to_string(n);
    s.after = after[n];
    s.ask = {"s", &type_of<asked>(), [](const std::any&) { return message(asked{}); }};
    s.successes = {{&type_of<worked>(), {}}};
    s.failures = {{&type_of<broke>(), {}}};
    s.pivot = n == 3;
    if (n < 3) {
      s.undo = {"", &type_of<undo_asked>(), [](const std::any&) { return message(undo_asked{}); }};
      s.undone = {&type_of<unworked>(), {}};
    }
    p.steps.push_back(std::move(s));
  }
  p.abort = {"owner", &type_of<cancel_asked>(),
             [](const std::any&) { return message(cancel_asked{}); }};
  p.aborted = {&type_of<explorer::cancelled>(), {}};
  return p;
}

TEST(CheckOfTheEngine, ProvesAnHonestProcess) {
  const auto report = check(honest_process());
  EXPECT_EQ(report.verdict, check_verdict::proven) << report.text();
}

class CheckOfABrokenEngine : public testing::TestWithParam<const char*> {
protected:
  void TearDown() override { planted_bug.clear(); }
};

TEST_P(CheckOfABrokenEngine, RefusesAnHonestProcess) {
  planted_bug = GetParam();
  const auto report = check(honest_process());
  EXPECT_EQ(report.verdict, check_verdict::refused);
  ASSERT_FALSE(report.findings.empty());
  EXPECT_FALSE(report.findings[0].trace.empty());
  std::cout << report.findings[0].step << ' ' << report.findings[0].text << '\n';
}

INSTANTIATE_TEST_SUITE_P(Bugs, CheckOfABrokenEngine,
                         testing::Values("no_closing", "undo_order", "no_freezing",
                                         "back_after_pivot", "refused_undo_is_done"),
                         [](const auto& bug) { return std::string(bug.param); });

} // namespace
