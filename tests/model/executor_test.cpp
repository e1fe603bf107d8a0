#include "model/executor.hpp"
#include "model/machine.hpp"

// Rule 9: who acts for whom. Rule 10: "was it sent" is volatile; attempts and deadlines are not.

namespace machine {
namespace {

/// A script and one who executes it.
struct acting {
  script s;
  executor_role role{};
  executor by;
  executor_actions last{};

  explicit acting(process_definition p, executor_role as = {}, bool recovered = false)
      : s(std::move(p)),
        role(std::move(as)),
        by(role, recovered ? std::optional(s.now) : std::nullopt) {}

  /// Acts after that time, and tells what was sent: repeats with a "again" in front.
  std::vector<std::string> after(duration d) {
    s.now += d;
    last = by.act(s.i, s.now);
    std::vector<std::string> sent;
    for (const auto& out : last.send)
      sent.push_back((out.repeat ? "again " : "") + told(out.command));
    return sent;
  }
  /// Acts, and appends what is to be recorded.
  std::vector<std::string> after_and_record(duration d) {
    auto sent = after(d);
    for (auto& e : last.record) s.record(e);
    return sent;
  }
};

process_definition one_step() { return make_process({{"a"}}); }

TEST(Executor, GivesWhatIsDueOnce) {
  acting x(make_process({{"a"}, {"b"}, {"c", "a"}}));
  EXPECT_THAT(x.after(0s), ElementsAre("do a", "do b"));
  EXPECT_THAT(x.after(1ms), IsEmpty()); // outstanding
  x.s.works("a");
  EXPECT_THAT(x.after(0s), ElementsAre("do c"));
}

TEST(Executor, ForgetsWhatIsNoLongerDue) {
  acting x(one_step());
  x.after(0s);
  EXPECT_FALSE(x.by.idle());
  x.s.works("a").finishes();
  EXPECT_THAT(x.after(0s), IsEmpty());
  EXPECT_TRUE(x.by.idle());
  EXPECT_EQ(x.last.wake, std::nullopt);
}

TEST(Executor, WakesWhenTheAttemptIsOver) {
  acting x(one_step());
  x.after(0s);
  EXPECT_EQ(x.last.wake, x.s.now + 10ms);
  x.after(4ms);
  EXPECT_EQ(x.last.wake, x.s.now + 6ms);
}

TEST(Executor, NoAnswerInTimeRecordsAFailedAttempt) {
  acting x(one_step());
  x.after(0s);
  const auto derived = make_attempt_failed(x.s.i, x.s.due("do a"), x.s.now, "").id;
  EXPECT_THAT(x.after(9ms), IsEmpty());
  EXPECT_THAT(x.last.record, IsEmpty());
  EXPECT_THAT(x.after(1ms), IsEmpty()); // recorded first, given again later
  ASSERT_EQ(x.last.record.size(), 1U);
  EXPECT_EQ(x.last.record[0].id, derived);
  EXPECT_EQ(x.last.record[0].body.as<engine::attempt_failed>().reason, "no answer in time");
}

TEST(Executor, GivesItAgainOnlyAtTheRecordedTime) {
  acting x(one_step());
  x.after(0s);
  x.after_and_record(10ms);
  const auto next = x.s.due("do a").not_before;
  EXPECT_THAT(x.after(next - x.s.now - 1ns), IsEmpty());
  EXPECT_THAT(x.after(1ns), ElementsAre("again do a"));
  EXPECT_THAT(x.after(1ns), IsEmpty());
}

TEST(Executor, RecordsAFailedAttemptAgainWhenItDoesNotComeBack) {
  acting x(one_step());
  x.after(0s);
  x.after(10ms);
  const auto id = x.last.record.at(0).id;
  x.after(1ms);
  EXPECT_THAT(x.last.record, IsEmpty());
  x.after(10ms);
  ASSERT_EQ(x.last.record.size(), 1U);
  EXPECT_EQ(x.last.record[0].id, id);
}

TEST(Executor, ServicesOwnFailureEndsTheAttemptAtOnce) {
  acting x(one_step());
  x.after(0s);
  x.by.attempt_failed(x.s.due("do a").id, "the line is dead");
  x.after(1ms);
  ASSERT_EQ(x.last.record.size(), 1U);
  EXPECT_EQ(x.last.record[0].body.as<engine::attempt_failed>().reason, "the line is dead");
  x.by.attempt_failed(command_id::of(7, 7), "unknown commands are ignored");
}

TEST(Executor, AttemptsInAllArePolicysThenTheStepIsClosed) {
  acting x(one_step());
  int given = 0;
  for (int n = 0; n < 1000 && x.s.phase() == instance_phase::forward; ++n)
    given += static_cast<int>(x.after_and_record(1ms).size());
  EXPECT_EQ(given, 3);
  EXPECT_THAT(x.after(0s), ElementsAre("close do a"));
}

TEST(Executor, AttemptsOfAnUndoExhaustedAreStuckAndQuiet) {
  acting x(make_process({{"a"}, {"b", "a"}}));
  x.s.works("a").breaks("b");
  int given = 0;
  for (int n = 0; n < 1000; ++n) given += static_cast<int>(x.after_and_record(1ms).size());
  EXPECT_EQ(given, 3);
  EXPECT_TRUE(x.s.i.stuck());
  EXPECT_EQ(x.last.wake, std::nullopt);
  x.s.retry();
  EXPECT_THAT(x.after(0s), ElementsAre("again undo a"));
}

TEST(Executor, AttemptsAndDelaysHoldAcrossARestart) {
  acting x(one_step());
  x.after(0s);
  x.after_and_record(10ms);
  executor restarted(x.role, x.s.now);
  const auto at_once = restarted.act(x.s.i, x.s.now);
  EXPECT_THAT(at_once.send, IsEmpty());
  EXPECT_EQ(at_once.wake, x.s.due("do a").not_before);
  EXPECT_EQ(restarted.act(x.s.i, *at_once.wake).send.size(), 1U);
}

TEST(Executor, NewRoundWaitsForItsTime) {
  acting x(make_process({{"a"}, {"b", "a"}}));
  x.s.works("a").breaks("b");
  EXPECT_THAT(x.after(0s), ElementsAre("undo a"));
  x.s.refuses("a", undo);
  EXPECT_THAT(x.after(0s), IsEmpty());
  EXPECT_EQ(x.last.wake, x.s.due("undo a #1").not_before);
  EXPECT_THAT(x.after(1s), ElementsAre(HasSubstr("undo a #1")));
}

TEST(Executor, AfterARecoveryEverythingIsGivenAgainAsARepeat) {
  acting x(make_process({{"a"}, {"b"}}), {}, true);
  EXPECT_THAT(x.after(0s), ElementsAre("again do a", "again do b"));
  EXPECT_THAT(x.after(1ms), IsEmpty());
}

TEST(Executor, WhatAServiceMayHaveLostIsGivenAgain) {
  acting x(make_process({{"a"}, {"b"}}));
  x.after(0s);
  x.by.forget("s_b");
  EXPECT_THAT(x.after(1ms), ElementsAre("again do b"));
  EXPECT_THAT(x.last.record, IsEmpty()); // no attempt has failed
  EXPECT_THAT(x.after(1ms), IsEmpty());
}

TEST(Executor, ClosesAreRepeatedForEverAtGrowingDistances) {
  acting x(one_step());
  x.s.times_out("a");
  EXPECT_THAT(x.after(0s), ElementsAre("close do a"));
  auto before = x.s.now;
  duration longest{};
  for (int n = 0; n < 40; ++n) {
    EXPECT_THAT(x.after(x.last.wake.value() - x.s.now), ElementsAre("again close do a"));
    EXPECT_THAT(x.last.record, IsEmpty());
    EXPECT_GE(x.s.now - before, longest);
    longest = x.s.now - before;
    before = x.s.now;
  }
  EXPECT_EQ(longest, 60s);
}

TEST(Executor, CloseThatCouldNotBeHandledIsNotRepeatedInATightLoop) {
  acting x(one_step());
  x.s.times_out("a");
  x.after(0s);
  for (int n = 0; n < 3; ++n) {
    x.by.attempt_failed(x.s.due("close do a").id, "no line");
    EXPECT_THAT(x.after(0s), IsEmpty());
    EXPECT_GT(x.last.wake.value(), x.s.now);
  }
  EXPECT_THAT(x.after(60s), ElementsAre("again close do a"));
}

TEST(Executor, ConductorActsForAllParticipantForItsOwn) {
  acting conductor(make_process({{"a"}, {"b"}}));
  EXPECT_THAT(conductor.after(0s), ElementsAre("do a", "do b"));
  executor_role own;
  own.acts_for = [](std::string_view service) { return service == "s_b"; };
  acting participant(make_process({{"a"}, {"b"}}), own);
  EXPECT_THAT(participant.after(0s), ElementsAre("do b"));
  participant.s.breaks("b");
  EXPECT_THAT(participant.after(0s), IsEmpty()); // the close belongs to the other one
}

process_definition with_deadlines() {
  auto p = one_step();
  p.deadline = 1h;
  step_of(p, "a").within = 10s;
  return p;
}

TEST(ExecutorsDeadlines, AreRecordedWhenTheyHavePassed) {
  auto p = with_deadlines();
  step_of(p, "a").retries.attempt_within = 1h;
  acting x(std::move(p));
  x.after(0s);
  EXPECT_EQ(x.last.wake, x.s.now + 10s);
  x.after(10s - 1ns);
  EXPECT_THAT(x.last.record, IsEmpty());
  x.after(1ns);
  ASSERT_EQ(x.last.record.size(), 1U);
  EXPECT_TRUE(x.last.record[0].body.is<engine::step_timed_out>());
}

TEST(Executor, WhileARetryIsDelayedItIsNotLookedAtBefore) {
  auto p = make_process({{"a"}});
  step_of(p, "a").retries = {3, 1ms, 1h, 2h}; // the delay is longer than the attempt
  acting x(std::move(p));
  x.after(0s);
  x.s.attempt_fails("a");
  x.after(1ms);
  EXPECT_THAT(x.last.send, IsEmpty());
  EXPECT_EQ(x.last.wake, x.s.due("do a").not_before);
  EXPECT_FALSE(x.by.idle()) << "it keeps its credit: a service that fails slows new work down";
  x.after(2h);
  ASSERT_EQ(x.last.send.size(), 1U);
  EXPECT_TRUE(x.last.send[0].repeat);
}

TEST(ExecutorsDeadlines, AreRecordedAgainWhenTheyDoNotComeBack) {
  auto p = with_deadlines();
  step_of(p, "a").retries.attempt_within = 1h;
  acting x(std::move(p));
  x.after(10s);
  const auto id = x.last.record.at(0).id;
  x.after(1s);
  EXPECT_THAT(x.last.record, IsEmpty());
  x.after(4s);
  ASSERT_EQ(x.last.record.size(), 1U);
  EXPECT_EQ(x.last.record[0].id, id);
}

TEST(ExecutorsDeadlines, BelongToTheirKeeperAlone) {
  executor_role without;
  without.keeps_deadlines = false;
  acting x(with_deadlines(), without);
  x.after(0s);
  x.s.attempt_fails("a");
  x.after(2h);
  for (const auto& e : x.last.record) EXPECT_FALSE(e.body.is<engine::step_timed_out>());
}

TEST(ExecutorsDeadlines, FireAfterARecoveryOnlyAfterAResendAndTheGrace) {
  auto p = with_deadlines();
  step_of(p, "a").retries.attempt_within = 1h;
  acting x(std::move(p));
  x.s.now += 1min; // the deadline passed while nobody looked
  executor restarted(x.role, x.s.now);
  const auto first = restarted.act(x.s.i, x.s.now);
  EXPECT_EQ(first.send.size(), 1U);
  EXPECT_THAT(first.record, IsEmpty());
  EXPECT_EQ(first.wake, x.s.now + x.role.recovery_grace);
  EXPECT_THAT(restarted.act(x.s.i, *first.wake - 1ns).record, IsEmpty());
  EXPECT_EQ(restarted.act(x.s.i, *first.wake).record.size(), 1U);
}

TEST(ExecutorsDeadlines, GraceRunsFromTheResendHoweverLateThatIs) {
  auto p = with_deadlines();
  step_of(p, "a").retries.attempt_within = 1h;
  acting x(std::move(p));
  executor paced(x.role, x.s.now);
  x.s.now += 10min; // so many others were resumed before this one
  const auto first = paced.act(x.s.i, x.s.now);
  EXPECT_EQ(first.send.size(), 1U);
  EXPECT_THAT(first.record, IsEmpty());
  EXPECT_EQ(paced.act(x.s.i, x.s.now + x.role.recovery_grace).record.size(), 1U);
}

// The keeper of a danced instance: who gives the step's command was away, and may not have given
// it again yet.
TEST(ExecutorsDeadlines, WaitForTheOthersWhoResumeAndThenForTheGrace) {
  std::optional<timestamp> resumed;
  acting x(with_deadlines());
  executor_role keeper = x.role;
  keeper.acts_for = [](std::string_view) { return false; };
  keeper.others_resumed = [&] { return resumed; };
  executor owner(keeper, std::nullopt);
  x.s.now += 1min; // the deadline passed
  const auto held = owner.act(x.s.i, x.s.now);
  EXPECT_THAT(held.record, IsEmpty());
  EXPECT_EQ(held.wake, x.s.now + keeper.recovery_grace);
  resumed = x.s.now;
  EXPECT_THAT(owner.act(x.s.i, x.s.now + keeper.recovery_grace - 1ns).record, IsEmpty());
  EXPECT_EQ(owner.act(x.s.i, x.s.now + keeper.recovery_grace).record.size(), 1U);
  // What became due after they were back has its own time and no more.
  executor later(keeper, std::nullopt);
  resumed = x.s.i.started - 1ns;
  EXPECT_EQ(later.act(x.s.i, x.s.now).record.size(), 1U);
}

TEST(ExecutorsDeadlines, OfTwoHoldersAreOneEvent) {
  auto p = with_deadlines();
  step_of(p, "a").retries.attempt_within = 2h;
  acting x(std::move(p));
  executor other(x.role, std::nullopt);
  x.s.now += 1h;
  const auto one = x.by.act(x.s.i, x.s.now).record;
  const auto two = other.act(x.s.i, x.s.now).record;
  ASSERT_EQ(one.size(), 2U);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(one[0].id, two[0].id);
  EXPECT_EQ(one[1].id, two[1].id);
}

TEST(Executor, GivesAnewWhatAnOperatorRetriedBehindItsBack) {
  auto p = make_process({{"a"}, {"b", "a"}});
  step_of(p, "a").pivot = true;
  step_of(p, "b").within = 1h;
  acting x(p);
  x.s.works("a");
  EXPECT_THAT(x.after(0s), ElementsAre("do b"));
  x.s.times_out("b").retry(); // both before it looks again
  EXPECT_THAT(x.after(0s), ElementsAre("again do b"));
  acting late(p);
  late.s.works("a").times_out("b").retry();
  EXPECT_THAT(late.after(0s), ElementsAre("again do b")); // somebody may have given it before
}

} // namespace
} // namespace machine
