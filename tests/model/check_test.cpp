#include "model/machine.hpp"
#include "model/path_explorer.hpp"

#include <ensemble/check.hpp>

#include <iostream>
#include <set>
#include <stdexcept>

// What check proves, and that it takes nothing for it but the structure.

namespace {

using namespace machine;

/// Every step can be undone, and everything has a time limit.
process_definition limited(const std::vector<std::vector<std::string>>& steps) {
  auto p = make_process(steps);
  p.deadline = 1h;
  return p;
}

process_definition with_pivot(const std::vector<std::vector<std::string>>& steps,
                              const std::string& pivot) {
  auto p = limited(steps);
  auto& s = step_of(p, pivot);
  s.pivot = true;
  s.undo = {};
  s.undone = {};
  return p;
}

TEST(Check, ProvesAChain) {
  const auto report = check(limited({{"a"}, {"b", "a"}, {"c", "b"}}));
  EXPECT_EQ(report.verdict, check_verdict::proven) << report.text();
  EXPECT_THAT(report.findings, IsEmpty()) << report.text();
  EXPECT_GT(report.states, 20U);
}

TEST(Check, ProvesBranchesThatMeet) {
  const auto report = check(limited({{"a"}, {"b", "a"}, {"c", "a"}, {"d", "b", "c"}}));
  EXPECT_EQ(report.verdict, check_verdict::proven) << report.text();
}

TEST(Check, ProvesAProcessWithAPivot) {
  auto p = with_pivot({{"a"}, {"b", "a"}, {"c", "b"}, {"d", "b"}}, "b");
  for (const auto* name : {"c", "d"}) step_of(p, name).undo = {};
  const auto report = check(p);
  EXPECT_EQ(report.verdict, check_verdict::proven) << report.text();
  EXPECT_THAT(report.findings, IsEmpty()) << report.text();
}

TEST(Check, ProvesConditionsDelaysAndAwaitedEvents) {
  auto p = limited({{"a"}, {"b", "a"}, {"c", "b"}});
  step_of(p, "a").only_if = [](const std::any&) { return true; };
  step_of(p, "a").delay = 1min;
  step_of(p, "c").only_if = [](const std::any&) { return true; };
  auto& b = step_of(p, "b");
  const auto key = [](const auto&) { return std::string("key"); };
  const auto name = b.name;
  const auto after = b.after;
  b = {};
  b.name = name;
  b.after = after;
  b.awaited = {{{&type_of<worked>(), {}}, key, key, true},
               {{&type_of<broke>(), {}}, key, key, false}};
  const auto report = check(p);
  EXPECT_EQ(report.verdict, check_verdict::proven) << report.text();
}

TEST(Check, TakesTheWordOfAStepThatNeedsNoUndo) {
  auto p = limited({{"a"}, {"b", "a"}});
  step_of(p, "a").undo = {};
  EXPECT_EQ(check(p).verdict, check_verdict::refused);
  step_of(p, "a").needs_no_undo = true;
  EXPECT_EQ(check(p).verdict, check_verdict::proven) << check(p).text();
}

template <class Result, class... Arguments>
std::function<Result(Arguments...)> forbidden() {
  return [](Arguments...) -> Result { throw std::logic_error("check called a user's function"); };
}

TEST(Check, CallsNoFunctionOfTheDefinition) {
  auto p = limited({{"a"}, {"b", "a"}, {"c", "b"}});
  const auto fold = forbidden<void, std::any&, const message&>();
  const auto make = forbidden<message, const std::any&>();
  p.initial = forbidden<std::any>();
  p.start.fold = p.completed.fold = p.aborted.fold = fold;
  p.complete.make = p.abort.make = make;
  for (auto& s : p.steps) {
    s.only_if = forbidden<bool, const std::any&>();
    s.ask.make = s.undo.make = make;
    for (auto& o : s.successes) o.fold = fold;
    for (auto& o : s.failures) o.fold = fold;
    s.undone.fold = fold;
  }
  auto& c = p.steps[2];
  c.ask = c.undo = {};
  c.successes.clear();
  c.failures.clear();
  c.awaited = {{{&type_of<worked>(), fold},
                forbidden<std::string, const message&>(),
                forbidden<std::string, const std::any&>(),
                true}};
  const auto report = check(p);
  EXPECT_EQ(report.verdict, check_verdict::proven) << report.text();
}

TEST(Check, BeyondItsBudgetNothingIsProven) {
  const auto p = limited({{"a"}, {"b"}, {"c"}, {"d"}});
  check_options few;
  few.max_states = check(p).states;
  EXPECT_EQ(check(p, few).verdict, check_verdict::proven);
  --few.max_states;
  EXPECT_EQ(check(p, few).verdict, check_verdict::not_proven);
  EXPECT_THAT(check(p, few).text(), HasSubstr("not proven"));
}

TEST(Check, BeyondItsBudgetAFaultIsStillAFault) {
  auto p = limited({{"a"}, {"b"}, {"c"}, {"d"}});
  step_of(p, "a").undo = {};
  check_options few;
  few.max_states = 50;
  EXPECT_EQ(check(p, few).verdict, check_verdict::refused);
}

TEST(Check, TwelveStepsWithBranchesAreWithinTheBudget) {
  const auto branches = check(limited({{"a"},
                                       {"b", "a"},
                                       {"c", "a"},
                                       {"d", "a"},
                                       {"e", "a"},
                                       {"f", "b"},
                                       {"g", "c"},
                                       {"h", "d"},
                                       {"i", "e"},
                                       {"j", "f", "g", "h", "i"},
                                       {"k", "j"},
                                       {"l", "k"}}));
  EXPECT_EQ(branches.verdict, check_verdict::proven);
  std::cout << branches.states << " states with four branches\n";
  const auto wide = check(limited(
      {{"a"}, {"b"}, {"c"}, {"d"}, {"e"}, {"f"}, {"g"}, {"h"}, {"i"}, {"j"}, {"k"}, {"l"}}));
  EXPECT_EQ(wide.verdict, check_verdict::proven);
  std::cout << wide.states << " states with twelve steps side by side\n";
}

TEST(CheckDanced, TellsWhoDoesWhatAndWhatWaitsForWhom) {
  check_options danced;
  danced.mode = process_mode::choreography;
  auto p = with_pivot({{"a"}, {"b", "a"}, {"c", "a"}, {"d", "b", "c"}, {"e", "d"}}, "d");
  step_of(p, "e").undo = {};
  step_of(p, "c").ask.service = "s_b";
  step_of(p, "b").within = 1s;
  const auto report = check(p, danced);
  EXPECT_THAT(report.text(), HasSubstr(R"(
  danced by:
    owner (owner): gives complete and abort; keeps the process's deadline, those of 'b'
      while it is away these wait: complete and abort; every deadline; nothing else stops
    s_a: )"));
  EXPECT_THAT(report.text(), HasSubstr(R"(
    s_b: gives do and close of 'b', 'c'; undo of 'b', 'c'
      while it is away these wait: steps 'b', 'c', 'd', 'e'; on the way back, once one of its )"
                                       R"(steps has begun, the undos of 'a', 'b', 'c' and abort
      deadlines still run, kept by owner; nothing else stops
    s_d: )"));
  EXPECT_THAT(report.text(), HasSubstr(R"(
    s_e: gives do and close of 'e'
      while it is away these wait: steps 'e'
      deadlines still run, kept by owner; nothing else stops
)"));
  ASSERT_EQ(report.participants.size(), 5U);
  const auto& owner = report.participants[0];
  EXPECT_TRUE(owner.owner && owner.process_deadline && owner.completes && owner.aborts);
  EXPECT_THAT(owner.step_deadlines, ElementsAre("b"));
  EXPECT_THAT(owner.steps_waiting, IsEmpty());
  const auto& b = report.participants[2];
  EXPECT_EQ(b.service, "s_b");
  EXPECT_THAT(b.does, ElementsAre("b", "c"));
  EXPECT_THAT(b.undoes, ElementsAre("b", "c"));
  EXPECT_THAT(b.steps_waiting, ElementsAre("b", "c", "d", "e"));
  EXPECT_THAT(b.undos_waiting, ElementsAre("a", "b", "c"));
  const auto& e = report.participants[4];
  EXPECT_THAT(e.undos_waiting, IsEmpty()); // after the pivot there is no way back
  EXPECT_FALSE(e.abort_waiting);
  EXPECT_THAT(check(p).participants, IsEmpty());
}

TEST(CheckDanced, TheOwnerHandsOverWhatIsAwaited) {
  check_options danced;
  danced.mode = process_mode::choreography;
  auto p = limited({{"a"}, {"b", "a"}, {"c", "b"}});
  p.complete = p.abort = {};
  auto& b = step_of(p, "b");
  const auto key = [](const auto&) { return std::string("key"); };
  b.ask = b.undo = {};
  b.successes.clear();
  b.failures.clear();
  b.awaited = {{{&type_of<worked>(), {}}, key, key, true}};
  step_of(p, "c").ask.service = "owner";
  const auto owner = check(p, danced).participants.at(0);
  EXPECT_THAT(owner.receives, ElementsAre("b"));
  EXPECT_THAT(owner.does, ElementsAre("c"));
  EXPECT_THAT(owner.steps_waiting, ElementsAre("b", "c"));
  EXPECT_THAT(owner.undos_waiting, ElementsAre("a", "c"));
  EXPECT_FALSE(owner.completes || owner.aborts || owner.abort_waiting);
}

TEST(Check, ReportTellsTheVerdictAndEachFindingWithItsTrace) {
  auto p = limited({{"a"}, {"b", "a"}});
  EXPECT_THAT(check(p).text(), HasSubstr("process 'trial': proven, "));
  step_of(p, "a").undo = {};
  const auto text = check(p).text();
  EXPECT_THAT(text, HasSubstr("process 'trial': refused, "));
  EXPECT_THAT(text, HasSubstr("  error: step 'a' stays done when the process fails"));
  EXPECT_THAT(text, HasSubstr("    1. begun begins it: 'a' begins\n"
                              "    2. 'a' is answered with worked: 'b' begins\n"
                              "    3. 'b' is answered with broke: the process turns back\n"));
}

TEST(CheckDanced, TellsAProcessWithoutLastWordsAndDeadlines) {
  check_options danced;
  danced.mode = process_mode::choreography;
  auto p = make_process({{"a"}});
  p.complete = p.abort = {};
  EXPECT_THAT(check(p, danced).text(),
              HasSubstr("\n    owner (owner): \n      while it is away these wait: none; "));
  p.complete = make_process({{"a"}}).complete;
  EXPECT_THAT(check(p, danced).text(), HasSubstr("owner (owner): gives complete\n"));
  p.abort = make_process({{"a"}}).abort;
  p.complete = {};
  step_of(p, "a").undo = {};
  step_of(p, "a").within = 1h;
  const auto text = check(p, danced).text();
  EXPECT_THAT(text, HasSubstr("owner (owner): gives abort; keeps the deadlines of 'a'\n"));
  EXPECT_THAT(text, HasSubstr("on the way back, once one of its steps has begun, abort\n"));
  EXPECT_THAT(text, HasSubstr("  error: the process ")); // it has no deadline
}

TEST(Check, NamesOfVerdictsAreTold) {
  EXPECT_EQ(to_string(check_verdict::not_proven), "not proven");
  EXPECT_EQ(to_string(static_cast<check_verdict>(9)), "unknown");
}

// Nothing is reduced: what the quick way finds must be all that there is.
TEST(CheckReduction, FindsWhatTheFullExplorationOfSmallProcessesFinds) {
  const std::vector<const service_definition*> unknown;
  const known_services services(unknown);
  auto kept = limited({{"a"}, {"b", "a"}});
  auto broken = kept;
  step_of(broken, "a").undo = {};
  auto harmless = broken;
  step_of(harmless, "a").needs_no_undo = true;
  const auto beside = with_pivot({{"a"}, {"b"}}, "a");
  for (const auto& p : {kept, broken, harmless, beside}) {
    const auto full = explore_paths(p, services, 10'000, exploration_kind::full);
    const auto reduced = explore_paths(p, services, 10'000);
    ASSERT_TRUE(full.whole && reduced.whole);
    EXPECT_LE(reduced.states, full.states);
    const auto sentences = [](const exploration& e) {
      std::set<std::pair<std::string, std::string>> all;
      for (const auto& f : e.findings) all.emplace(f.step, f.text);
      return all;
    };
    EXPECT_EQ(sentences(full), sentences(reduced));
  }
}

} // namespace
