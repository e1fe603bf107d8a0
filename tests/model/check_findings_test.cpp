#include "model/machine.hpp"

#include <ensemble/check.hpp>

#include <algorithm>

// Each fault that check knows, by the smallest definition that has it.

namespace {

using namespace machine;

process_definition limited(const std::vector<std::vector<std::string>>& steps) {
  auto p = make_process(steps);
  p.deadline = 1h;
  return p;
}

step_definition awaiting(const std::string& name, std::vector<std::size_t> after = {}) {
  const auto key = [](const auto&) { return std::string("key"); };
  step_definition s;
  s.name = name;
  s.after = std::move(after);
  s.awaited = {{{&type_of<worked>(), {}}, key, key, true}};
  return s;
}

/// The one finding about that step with those words in it.
check_finding finding_of(const check_report& report, const std::string& step,
                         const std::string& words) {
  for (const auto& f : report.findings)
    if (f.step == step && f.text.find(words) != std::string::npos) return f;
  ADD_FAILURE() << "nothing about '" << step << "' with \"" << words << "\" in\n" << report.text();
  return {};
}

void expect_error(const process_definition& p, const std::string& step, const std::string& words,
                  std::size_t trace, const check_options& options = {}) {
  const auto report = check(p, options);
  EXPECT_EQ(report.verdict, check_verdict::refused) << report.text();
  const auto f = finding_of(report, step, words);
  EXPECT_EQ(f.level, severity::error);
  EXPECT_EQ(f.trace.size(), trace) << report.text();
}

void expect_warning(const process_definition& p, const std::string& step, const std::string& words,
                    std::size_t trace, const check_options& options = {}) {
  const auto report = check(p, options);
  EXPECT_EQ(report.verdict, check_verdict::proven) << report.text();
  const auto f = finding_of(report, step, words);
  EXPECT_EQ(f.level, severity::warning);
  EXPECT_EQ(f.trace.size(), trace) << report.text();
}

TEST(CheckFinding, StepThatALaterFailureLeavesDone) {
  auto p = limited({{"a"}, {"b", "a"}, {"c", "b"}});
  step_of(p, "b").undo = {};
  expect_error(p, "b", "nothing undoes it: add .undone_by", 4);
}

TEST(CheckFinding, StepThatAFailureBesideItLeavesDone) {
  auto p = limited({{"a"}, {"b"}});
  step_of(p, "b").undo = {};
  const auto report = check(p);
  EXPECT_EQ(report.verdict, check_verdict::refused);
  EXPECT_THAT(finding_of(report, "b", "nothing undoes it").trace,
              ElementsAre("begun begins it: 'a' begins, 'b' begins",
                          "'a' is answered with broke: the process turns back, 'b' is to be closed",
                          "'b', before it could be closed, is answered with worked"));
}

// It may be given up and yet be done before its close arrives.
TEST(CheckFinding, LastStepThatIsDoneWhenItWasGivenUp) {
  auto p = limited({{"a"}, {"b", "a"}});
  step_of(p, "b").undo = {};
  expect_error(p, "b", "make it the .pivot()", 4);
  step_of(p, "b").pivot = true;
  EXPECT_EQ(check(p).verdict, check_verdict::proven) << check(p).text();
}

TEST(CheckFinding, ProcessWithoutDeadline) {
  auto p = limited({{"a"}, {"b", "a"}});
  p.deadline = {};
  step_of(p, "a").within = 1s;
  expect_error(p, "", "has no deadline", 1);
  expect_error(p, "", "'b' not even has a .within", 1);
}

TEST(CheckFinding, AwaitingStepThatCanWaitForEver) {
  auto p = limited({{"a"}});
  p.steps.push_back(awaiting("approval", {0}));
  p.steps[1].within = 1min;
  EXPECT_EQ(check(p).verdict, check_verdict::proven) << check(p).text();
  p.steps[1].within = {};
  EXPECT_EQ(check(p).verdict, check_verdict::proven) << "the process's deadline holds";
  p.deadline = {};
  expect_error(p, "approval", "can wait for ever", 2);
}

TEST(CheckFinding, AwaitingStepAfterThePivotNeedsItsOwnLimit) {
  auto p = limited({{"a"}});
  p.steps[0].pivot = true;
  p.steps[0].undo = {};
  p.steps.push_back(awaiting("receipt", {0}));
  expect_error(p, "receipt", "add .within(duration); the process's deadline ends at the pivot", 2);
  p.steps[1].within = 1h;
  EXPECT_EQ(check(p).verdict, check_verdict::proven) << check(p).text();
}

TEST(CheckFinding, PivotBesideAnotherStep) {
  auto p = limited({{"a"}, {"b", "a"}, {"c", "a"}});
  auto& pivot = step_of(p, "b");
  pivot.pivot = true;
  pivot.undo = {};
  EXPECT_THROW(validate(p), error);
  expect_error(p, "b", "is the pivot and runs beside step 'c'", 2);
}

TEST(CheckFinding, UndoAndLastWordsWithoutTheEventThatConfirmsThem) {
  auto p = limited({{"a"}, {"b", "a"}});
  step_of(p, "a").undone = {};
  expect_error(p, "a", "has an undo without the event that confirms it", 3);
  p = limited({{"a"}});
  p.completed = {};
  expect_error(p, "", "complete has no event that confirms it", 2);
  p = limited({{"a"}});
  p.aborted = {};
  expect_error(p, "", "abort has no event that confirms it", 2);
}

TEST(CheckFinding, EventThatMeansSuccessAndFailure) {
  auto p = limited({{"a"}, {"b", "a"}});
  step_of(p, "b").failures = {{&type_of<worked>(), {}}};
  expect_error(p, "b", "names 'worked' both as success and as failure", 2);
}

TEST(CheckFinding, EventThatIsNamedTwice) {
  auto p = limited({{"a"}});
  p.steps[0].successes.push_back({&type_of<worked>(), {}});
  expect_warning(p, "a", "names 'worked' twice as a success", 1);
  p = limited({{"a"}});
  p.steps[0].failures.push_back({&type_of<broke>(), {}});
  expect_warning(p, "a", "names 'broke' twice as a failure", 1);
}

TEST(CheckFinding, UndoThatIsNeverAsked) {
  auto p = limited({{"a"}, {"b", "a"}, {"c", "b"}});
  step_of(p, "a").pivot = true;
  expect_warning(p, "a", "nothing is undone once the pivot is done", 1);
  expect_warning(p, "c", "nothing is undone after the pivot", 3);
}

TEST(CheckFinding, DelaysBeyondTheDeadline) {
  auto p = limited({{"a"}, {"b", "a"}});
  step_of(p, "a").delay = 40min;
  step_of(p, "b").delay = 20min;
  expect_error(p, "b", "is delayed until the process's deadline has passed", 2);
  step_of(p, "a").only_if = [](const std::any&) { return true; };
  EXPECT_EQ(check(p).verdict, check_verdict::proven) << "the first delay may be passed over";
}

TEST(CheckFinding, DefinitionThatDoesNotFitTogether) {
  auto p = limited({{"a"}, {"b", "a"}});
  p.steps[1].after = {7};
  expect_error(p, "", "after() names a step that is not defined before it", 0);
  p = limited({{"a"}});
  p.steps[0].successes = {{}};
  expect_error(p, "a", "waits for an event without a type", 0);
  p = limited({{"a"}});
  p.steps[0].ask.command = nullptr;
  expect_error(p, "a", "makes a command without a type", 0);
  p.steps.clear();
  expect_error(p, "", "has no step", 0);
}

// --- with the services ---

using asking = decision<worked, broke>;

service_definition worker(const std::string& name) {
  return service<>(name)
      .on<work>([](const work& w) -> asking { return worked{w.step}; })
      .on<undo_work>([](const undo_work& w) -> decision<undone> { return undone{w.step}; });
}

service_definition owner() {
  return service<>("owner")
      .on<finish>([](const finish&) -> decision<finished> { return finished{}; })
      .on<cancel>([](const cancel&) -> decision<cancelled> { return cancelled{}; });
}

class CheckWithServices : public testing::Test {
protected:
  /// Steps a and b, and services for both.
  process_definition p = limited({{"a"}, {"b", "a"}});
  service_definition a = worker("s_a");
  service_definition b = worker("s_b");
  service_definition last = owner();

  [[nodiscard]] check_options options() const {
    check_options o;
    o.services = {&a, &b, &last};
    return o;
  }
};

TEST_F(CheckWithServices, ProvesWhatFits) {
  const auto report = check(p, options());
  EXPECT_EQ(report.verdict, check_verdict::proven) << report.text();
  EXPECT_THAT(report.findings, IsEmpty()) << report.text();
}

TEST_F(CheckWithServices, ServiceThatIsNotThere) {
  auto o = options();
  o.services.pop_back();
  expect_error(p, "", "complete asks service 'owner', which is not there", 3, o);
  o.services.pop_back();
  expect_error(p, "b", "asks service 's_b', which is not there", 2, o);
}

TEST_F(CheckWithServices, CommandThatTheServiceDoesNotTake) {
  a.handlers.erase("undo_work");
  expect_error(p, "a", "its undo asks 's_a' for 'undo_work', which it does not take", 3, options());
}

TEST_F(CheckWithServices, SuccessThatTheServiceNeverDecidesAndTheStepsBehindIt) {
  a.handlers.find("work")->second.outcomes = {&type_of<broke>()};
  expect_error(p, "a", "waits for 'worked', but 's_a' never decides 'work' so", 1, options());
  expect_error(p, "b", "can never begin, for step 'a' is never done", 1, options());
}

TEST_F(CheckWithServices, OutcomeThatTheStepDoesNotDeclare) {
  step_of(p, "b").failures.clear();
  expect_warning(p, "b", "may be answered with 'broke', which it does not declare", 2, options());
}

TEST_F(CheckWithServices, EffectWithoutCancels) {
  a = service<>("s_a")
          .effect<work>([](const work&, const effect_context&) -> asking { return worked{}; })
          .on<undo_work>([](const undo_work& w) -> decision<undone> { return undone{w.step}; });
  expect_warning(p, "a", "service 's_a' cannot cancel the effect: add .cancels<work>(...)", 3,
                 options());
  a = service<>("s_a")
          .effect<work>([](const work&, const effect_context&) -> asking { return worked{}; })
          .cancels<work>([](const work&, const effect_context&) {})
          .on<undo_work>([](const undo_work& w) -> decision<undone> { return undone{w.step}; });
  EXPECT_THAT(check(p, options()).findings, IsEmpty()) << check(p, options()).text();
}

} // namespace
