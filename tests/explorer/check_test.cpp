#include "explorer/messages.hpp"
#include "explorer/random_definition.hpp"
#include "model/path_explorer.hpp"
#include "model/planted_bug.hpp"

#include <ensemble/check.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <map>

// What holds `check` itself: that its reduction loses nothing, and that it runs the real engine, so
// that a bug of the engine is a fault of every definition.

namespace {

using namespace ensemble;
using namespace std::chrono_literals;
using explorer::dice;

std::uint64_t runs(double full) {
  const auto* scale = std::getenv("ENSEMBLE_TEST_SCALE");
  return static_cast<std::uint64_t>(full * (scale ? std::atof(scale) : 1.0));
}

/// A random definition with everything that a step can have: also faults of every kind.
process_definition any_definition(dice& d) {
  auto p = *explorer::random_definition(d);
  for (auto& s : p.steps) {
    s.needs_no_undo = !s.undo && d.chance(0.3);
    if (d.chance(0.2)) s.only_if = [](const std::any&) { return true; };
    if (!d.chance(0.2)) continue;
    s.ask = {};
    s.undo = {};
    s.successes.clear();
    s.failures.clear();
    const auto text = [](const auto&) { return std::string("key"); };
    s.awaited.push_back({{&type_of<explorer::worked>(), {}}, text, text, true});
    if (d.chance(0.5)) s.awaited.push_back({{&type_of<explorer::broke>(), {}}, text, text, false});
  }
  for (auto& s : p.steps) s.pivot = s.pivot || d.chance(0.05);
  return p;
}

/// The length of the trace to each finding.
std::map<std::string, std::size_t> findings_of(const exploration& e) {
  std::map<std::string, std::size_t> found;
  for (const auto& f : e.findings) found.emplace(f.step + " " + f.text, f.trace.size());
  return found;
}

std::vector<std::size_t> lengths(const std::vector<std::vector<std::string>>& traces) {
  std::vector<std::size_t> found;
  for (const auto& t : traces) found.push_back(t.size());
  return found;
}

TEST(CheckReduction, FindsWhatTheFullExplorationFinds) {
  const std::vector<const service_definition*> unknown;
  const known_services services(unknown);
  std::size_t compared = 0;
  std::size_t full_states = 0;
  std::size_t reduced_states = 0;
  std::size_t with_findings = 0;
  for (std::uint64_t seed = 1; seed <= runs(600); ++seed) {
    dice d(seed);
    const auto p = any_definition(d);
    const auto full = explore_paths(p, services, 4'000, exploration_kind::full);
    const auto reduced = explore_paths(p, services, 4'000);
    if (!full.whole) continue;
    ++compared;
    with_findings += full.findings.empty() ? 0 : 1;
    full_states += full.states;
    reduced_states += reduced.states;
    EXPECT_TRUE(reduced.whole) << "seed " << seed;
    EXPECT_EQ(findings_of(full), findings_of(reduced)) << "seed " << seed;
    EXPECT_EQ(lengths(full.begun), lengths(reduced.begun)) << "seed " << seed;
  }
  std::cout << compared << " definitions, " << with_findings << " with findings, " << full_states
            << " states in full, " << reduced_states << " reduced\n";
  EXPECT_GE(compared, runs(200));
  EXPECT_GE(with_findings, runs(60));
  EXPECT_LT(reduced_states, full_states);
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
