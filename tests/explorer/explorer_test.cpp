#include "explorer/world.hpp"
#include "model/planted_bug.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>

// Random processes under random faults, thousands of them, in both modes; and the proof that the
// checks see the bugs that the rules were made against. A failure prints its seed: run it alone
// with ENSEMBLE_SEED=<seed>.

namespace {

using explorer::explore;
using explorer::faults;
using explorer::mode;

std::uint64_t runs(double full) {
  const auto* scale = std::getenv("ENSEMBLE_TEST_SCALE");
  return static_cast<std::uint64_t>(full * (scale ? std::atof(scale) : 1.0));
}

std::uint64_t first_seed() {
  const auto* seed = std::getenv("ENSEMBLE_SEED");
  return seed ? std::strtoull(seed, nullptr, 10) : 1;
}

void explore_many(mode m) {
  const auto first = first_seed();
  const auto count = std::getenv("ENSEMBLE_SEED") ? 1 : runs(20'000);
  std::cout << "seeds " << first << " to " << first + count - 1 << '\n';
  int failures = 0;
  for (std::uint64_t seed = first; seed < first + count && failures < 5; ++seed) {
    const auto violations = explore(seed, m);
    for (const auto& v : violations) ADD_FAILURE() << "seed " << seed << ": " << v;
    failures += violations.empty() ? 0 : 1;
  }
}

/// Whether the checks find fault with some of the runs while the bug is planted.
bool caught(const std::string& bug, mode m, faults f = {}) {
  constexpr int enough = 20;
  ensemble::planted_bug = bug;
  int found = 0;
  std::uint64_t seed = 0;
  while (found < enough && ++seed <= 5'000) found += explore(seed, m, f).empty() ? 0 : 1;
  ensemble::planted_bug.clear();
  std::cout << "seen in " << found << " of the first " << seed << " runs\n";
  return found >= enough;
}

struct comparison {
  std::vector<std::string> violations{};
  std::size_t folds = 0; ///< how many were compared
};

/// The journal of one run, in either mode, and what its holders make of every prefix of it.
comparison compare_prefixes(std::uint64_t seed, const faults& f = {}) {
  explorer::world w(seed, seed % 2 == 0 ? mode::conducted : mode::danced);
  w.run();
  w.violations.clear(); // those are the other tests' matter
  const auto folds = explorer::compare_every_prefix(w, seed, f);
  return {std::move(w.violations), folds};
}

/// Whether comparing the holders finds fault with some of the runs.
bool caught_by_prefixes(const faults& f) {
  constexpr int enough = 20;
  int found = 0;
  std::uint64_t seed = 0;
  while (found < enough && ++seed <= 2'000)
    found += compare_prefixes(seed, f).violations.empty() ? 0 : 1;
  std::cout << "seen in " << found << " of the first " << seed << " runs\n";
  return found >= enough;
}

TEST(EqualHolders, FoldAndOweTheSameAtEveryPrefixOfEveryJournal) {
  const auto first = first_seed();
  const auto count = std::getenv("ENSEMBLE_SEED") ? 1 : runs(12'000);
  int failures = 0;
  std::size_t folds = 0;
  for (std::uint64_t seed = first; seed < first + count && failures < 5; ++seed) {
    const auto compared = compare_prefixes(seed);
    for (const auto& v : compared.violations) ADD_FAILURE() << "seed " << seed << ": " << v;
    failures += compared.violations.empty() ? 0 : 1;
    folds += compared.folds;
  }
  std::cout << "seeds " << first << " to " << first + count - 1 << ", a definition each; " << folds
            << " folds compared\n";
}

TEST(EqualHolders, AKeeperThatSleepsWhileOthersAreAtWorkIsSeen) {
  EXPECT_TRUE(caught("idle_alone", mode::danced));
}

TEST(EqualHolders, AParticipantThatActsForAnotherIsSeen) {
  EXPECT_TRUE(caught_by_prefixes({.act_for_another = true}));
  EXPECT_TRUE(caught("", mode::danced, {.act_for_another = true}));
}

TEST(EqualHolders, AMissedBatchThatIsNotRecoveredIsSeen) {
  EXPECT_TRUE(caught_by_prefixes({.leave_gaps = true}));
  EXPECT_TRUE(caught("", mode::danced, {.leave_gaps = true}));
}

TEST(EqualHolders, BatchesFoldedTopicByTopicAreSeen) {
  EXPECT_TRUE(caught_by_prefixes({.fold_by_topic = true}));
}

TEST(EqualHolders, AParticipantThatUndoesInAnotherOrderIsSeen) {
  EXPECT_TRUE(caught_by_prefixes({.bug_of_one = "undo_order"}));
}

TEST(EqualHolders, AParticipantThatEvaluatesACommandAnewIsSeen) {
  EXPECT_TRUE(caught_by_prefixes({.bug_of_one = "evaluated_anew"}));
}

TEST(Explorer, ConductedProcessesKeepEveryRule) { explore_many(mode::conducted); }

TEST(Explorer, DancedProcessesKeepEveryRule) { explore_many(mode::danced); }

class PlantedBug : public testing::TestWithParam<mode> {};

TEST_P(PlantedBug, GuessingInsteadOfClosingIsSeen) {
  EXPECT_TRUE(caught("no_closing", GetParam()));
}

TEST_P(PlantedBug, BeginningStepsAfterTheDecisionIsSeen) {
  EXPECT_TRUE(caught("no_freezing", GetParam()));
}

TEST_P(PlantedBug, UndoInForwardOrderIsSeen) { EXPECT_TRUE(caught("undo_order", GetParam())); }

TEST_P(PlantedBug, RefusedUndoTakenForDoneIsSeen) {
  EXPECT_TRUE(caught("refused_undo_is_done", GetParam()));
}

TEST_P(PlantedBug, EvaluatingACommandAnewIsSeen) {
  EXPECT_TRUE(caught("evaluated_anew", GetParam()));
}

TEST_P(PlantedBug, TimerFromTheWrongEventIsSeen) { EXPECT_TRUE(caught("timer_early", GetParam())); }

TEST_P(PlantedBug, RepeatingARefusedUndoUnderItsOldIdIsSeen) {
  EXPECT_TRUE(caught("same_round", GetParam()));
}

TEST_P(PlantedBug, CompensatingAfterThePivotIsSeen) {
  EXPECT_TRUE(caught("back_after_pivot", GetParam()));
}

TEST_P(PlantedBug, ADelayThatIsNotKeptIsSeen) { EXPECT_TRUE(caught("no_delay", GetParam())); }

TEST_P(PlantedBug, AHolderThatForgetsToWakeIsSeen) { EXPECT_TRUE(caught("no_wake", GetParam())); }

TEST_P(PlantedBug, FoldingABatchTopicByTopicIsSeen) {
  EXPECT_TRUE(caught("", GetParam(), {.fold_by_topic = true}));
}

INSTANTIATE_TEST_SUITE_P(BothModes, PlantedBug, testing::Values(mode::conducted, mode::danced),
                         [](const auto& which) {
                           return which.param == mode::conducted ? "Conducted" : "Danced";
                         });

} // namespace
