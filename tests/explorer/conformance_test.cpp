#include "explorer/world.hpp"
#include "model/planted_bug.hpp"
#include "trace/instance_replay.hpp"

#include <ensemble/conformance.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

// Whatever honest holders do under random faults, with random definitions, conforms to these; and
// what holders with a bug do does not: here the bug is planted while the world runs, and removed
// before its journal is replayed. Run a seed alone with ENSEMBLE_SEED=<seed>.

namespace {

using ensemble::conformance_kind;
using explorer::mode;

struct judgement {
  std::vector<std::string> outside{};    ///< the language of the definition
  std::vector<std::string> undeclared{}; ///< reactions
};

judgement judge(std::uint64_t seed, const std::string& bug = {}) {
  ensemble::planted_bug = bug;
  explorer::world w(seed, seed % 2 == 0 ? mode::conducted : mode::danced);
  w.run();
  ensemble::planted_bug.clear();
  judgement all;
  ensemble::trace::instance_replay replay(
      w.definition, w.journal.front(),
      [&](ensemble::position at, std::string_view rule, const std::string& what) {
        all.outside.push_back("at " + std::to_string(at.value) + ", " + std::string(rule) + ": " +
                              what);
      });
  ensemble::flow_graph graph;
  for (const auto& e : w.journal) {
    graph.add(e);
    if (e.origin.instance == w.id) replay.take(e);
  }
  const auto report = conformance(graph, {{*w.definition}, {}});
  for (const auto& f : report.findings)
    if (f.kind == conformance_kind::undeclared_reaction) all.undeclared.push_back(f.text);
  return all;
}

TEST(ConformanceOfWorlds, WhatHonestHoldersDoConforms) {
  const auto* scale = std::getenv("ENSEMBLE_TEST_SCALE");
  const auto* chosen = std::getenv("ENSEMBLE_SEED");
  const std::uint64_t first = chosen ? std::strtoull(chosen, nullptr, 10) : 1;
  const auto count =
      chosen ? 1 : static_cast<std::uint64_t>(4'000 * (scale ? std::atof(scale) : 1.0));
  int failures = 0;
  for (std::uint64_t seed = first; seed < first + count && failures < 5; ++seed) {
    const auto found = judge(seed);
    for (const auto& text : found.outside) ADD_FAILURE() << "seed " << seed << ": " << text;
    for (const auto& text : found.undeclared)
      // The services here decide whatever they like; their definitions are not given.
      if (text.find("neither the process nor the service names") == std::string::npos) {
        ADD_FAILURE() << "seed " << seed << ": " << text;
        ++failures;
      }
    failures += found.outside.empty() ? 0 : 1;
  }
  std::cout << "seeds " << first << " to " << first + count - 1 << '\n';
}

class ConformancePlanted : public testing::TestWithParam<const char*> {};

TEST_P(ConformancePlanted, IsSeen) {
  constexpr int enough = 10;
  int found = 0;
  std::uint64_t seed = 0;
  std::string first;
  while (found < enough && ++seed <= 3'000) {
    const auto all = judge(seed, GetParam());
    if (all.outside.empty()) continue;
    if (found++ == 0) first = all.outside.front();
  }
  std::cout << "seen in " << found << " of the first " << seed << " runs: " << first << '\n';
  EXPECT_GE(found, enough);
}

INSTANTIATE_TEST_SUITE_P(Bugs, ConformancePlanted,
                         testing::Values("no_closing", "no_freezing", "undo_order", "timer_early",
                                         "refused_undo_is_done", "back_after_pivot", "no_delay"),
                         [](const auto& which) { return std::string(which.param); });

} // namespace
