#include "model/machine.hpp"

// Rule 6: after the pivot there is no way back; whether it happened is found out, not guessed.

namespace machine {
namespace {

/// a, then the pivot b, then c.
process_definition with_pivot() {
  auto p = make_process({{"a"}, {"b", "a"}, {"c", "b"}});
  step_of(p, "b").pivot = true;
  p.deadline = 1h;
  return p;
}

TEST(Pivot, FailureBeforeItCompensates) {
  script s(with_pivot());
  s.works("a").breaks("b");
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
}

TEST(Pivot, ThatTimedOutIsClosedFirst) {
  script s(with_pivot());
  s.works("a").times_out("b");
  EXPECT_EQ(s.phase(), instance_phase::forward);
  EXPECT_THAT(s.due(), ElementsAre("close do b"));
}

TEST(Pivot, ThatHadSucceededGoesForward) {
  script s(with_pivot());
  s.works("a").times_out("b").works("b");
  EXPECT_THAT(s.due(), ElementsAre("do c"));
  EXPECT_EQ(s.works("c").finishes().phase(), instance_phase::completed);
}

TEST(Pivot, ThatWasVoidedCompensatesForTheFirstReason) {
  script s(with_pivot());
  s.works("a").times_out("b").process_times_out().voided("b");
  EXPECT_EQ(s.i.failure, "step 'b' timed out");
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
}

TEST(Pivot, ThatHadFailedCompensates) {
  script s(with_pivot());
  s.works("a").times_out("b").breaks("b");
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
}

TEST(Pivot, WhosePresentOutcomeIsUnknownIsClosedFirstByAbortDeadlineAndExhaustedAttempts) {
  EXPECT_THAT(script(with_pivot()).works("a").abort_requested().due(), ElementsAre("close do b"));
  EXPECT_THAT(script(with_pivot()).works("a").process_times_out().due(), ElementsAre("close do b"));
  script s(with_pivot());
  s.works("a").attempt_fails("b").attempt_fails("b").attempt_fails("b");
  EXPECT_THAT(s.due(), ElementsAre("close do b"));
  EXPECT_EQ(s.phase(), instance_phase::forward);
}

TEST(Pivot, WhoseCloseIsRefusedIsStuckUntilItsOutcomeIsKnown) {
  script s(with_pivot());
  s.works("a").times_out("b").close_refused("b");
  EXPECT_TRUE(s.i.stuck());
  EXPECT_THAT(s.due(), IsEmpty());
  EXPECT_THAT(s.retry().due(), ElementsAre("close do b"));
  EXPECT_THAT(s.works("b").due(), ElementsAre("do c"));
}

TEST(Pivot, NoDeadlineWhileItIsBeingClosed) {
  script s(with_pivot());
  s.works("a");
  EXPECT_EQ(deadlines(s.i).size(), 1U);
  s.abort_requested();
  EXPECT_THAT(deadlines(s.i), IsEmpty());
}

TEST(Pivot, FailureAfterItIsRetriedInANewRoundThenStuck) {
  script s(with_pivot());
  s.works("a").works("b").breaks("c");
  EXPECT_THAT(s.due(), ElementsAre("do c #1"));
  EXPECT_GE(s.due("do c #1").not_before, s.now + 100ms);
  s.refuses("c");
  EXPECT_THAT(s.due(), ElementsAre("do c #2"));
  s.answered("c", forward, {remarked{}});
  EXPECT_THAT(s.due(), IsEmpty());
  EXPECT_THAT(s.i.stuck_reason(), HasSubstr("step 'c' answered with"));
  EXPECT_EQ(s.phase(), instance_phase::forward);
}

TEST(Pivot, VoidAfterItIsANewRoundToo) {
  script s(with_pivot());
  s.works("a").works("b").voided("c"); // nobody asked for it; but there is no way back
  EXPECT_EQ(s.phase(), instance_phase::forward);
  EXPECT_THAT(s.due(), ElementsAre("do c #1"));
}

TEST(Pivot, SuccessOfALaterRoundGoesForward) {
  script s(with_pivot());
  s.works("a").works("b").refuses("c").works("c");
  EXPECT_THAT(s.due(), ElementsAre("complete"));
}

TEST(Pivot, AfterItExhaustedAttemptsAndTimeOutsAreStuck) {
  script attempts(with_pivot());
  attempts.works("a").works("b").attempt_fails("c").attempt_fails("c").attempt_fails("c");
  EXPECT_EQ(attempts.i.stuck_reason(), "step 'c' had no answer in 3 attempts: no answer in time");
  script time(with_pivot());
  time.works("a").works("b").times_out("c");
  EXPECT_EQ(time.i.stuck_reason(), "step 'c' timed out");
  EXPECT_EQ(time.phase(), instance_phase::forward);
  EXPECT_THAT(time.works("c").due(), ElementsAre("complete")); // it came after all
}

TEST(Pivot, AfterItDeadlineAndAbortAreIgnored) {
  script s(with_pivot());
  s.works("a").works("b");
  EXPECT_THAT(deadlines(s.i), IsEmpty());
  s.process_times_out().abort_requested();
  EXPECT_THAT(s.due(), ElementsAre("do c"));
  EXPECT_EQ(s.phase(), instance_phase::forward);
}

TEST(Pivot, SecondPivotBehindTheFirstHasNoWayBackEither) {
  auto p = with_pivot();
  step_of(p, "c").pivot = true;
  script s(std::move(p));
  s.works("a").works("b").times_out("c");
  EXPECT_THAT(s.due(), IsEmpty());
  EXPECT_TRUE(s.i.stuck());
}

TEST(Pivot, StepsBesideEachOtherAfterItGoOnWhileOneIsStuck) {
  auto p = make_process({{"a"}, {"b", "a"}, {"c", "a"}, {"d", "c"}});
  step_of(p, "a").pivot = true;
  script s(std::move(p));
  s.works("a").refuses("b").refuses("b").refuses("b");
  EXPECT_TRUE(s.i.stuck());
  EXPECT_THAT(s.works("c").due(), ElementsAre("do d"));
}

} // namespace
} // namespace machine
