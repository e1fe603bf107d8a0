#include "model/machine.hpp"

// Rule 3: an unknown outcome is closed, never guessed.

namespace machine {
namespace {

process_definition side_by_side() { return make_process({{"a"}, {"b"}, {"c", "a", "b"}}); }

TEST(Closing, StepIsPendingFromThePointWhereItsDependenciesAreDone) {
  script s(side_by_side());
  EXPECT_THAT(s.due(), ElementsAre("do a", "do b"));
  EXPECT_THAT(s.works("b").due(), ElementsAre("do a"));
  EXPECT_THAT(s.works("a").due(), ElementsAre("do c"));
}

TEST(Closing, GoesToTheStepsServiceWithTheCommandThatItSettles) {
  script s(side_by_side());
  const auto asked = s.due("do b");
  s.breaks("a");
  const auto close = s.due("close do b");
  EXPECT_EQ(close.service, "s_b");
  EXPECT_EQ(close.direction, direction::close);
  EXPECT_EQ(close.target_direction, forward);
  EXPECT_EQ(close.target, asked.id);
  EXPECT_NE(close.id, asked.id);
  EXPECT_EQ(close.body, asked.body);
  EXPECT_EQ(close.cause, s.journal.back().id);
}

TEST(Closing, FailureOfASiblingClosesWhatIsPending) {
  for (const bool refused : {false, true}) {
    script s(side_by_side());
    refused ? s.refuses("a") : s.breaks("a");
    EXPECT_THAT(s.due(), ElementsAre("close do b"));
  }
}

TEST(Closing, StepThatTimesOutIsClosedWithAllThatIsPending) {
  script s(side_by_side());
  s.times_out("a");
  EXPECT_THAT(s.due(), ElementsAre("close do a", "close do b"));
  EXPECT_EQ(s.i.failure, "step 'a' timed out");
}

TEST(Closing, ProcessDeadlineClosesAllThatIsPending) {
  script s(side_by_side());
  s.works("a").process_times_out();
  EXPECT_THAT(s.due(), ElementsAre("undo a", "close do b"));
  EXPECT_EQ(s.i.failure, "the process's deadline has passed");
}

TEST(Closing, AbortClosesAllThatIsPending) {
  script s(side_by_side());
  s.abort_requested();
  EXPECT_THAT(s.due(), ElementsAre("close do a", "close do b"));
  EXPECT_EQ(s.i.failure, "aborted by an operator: customer's wish");
}

TEST(Closing, ExhaustedAttemptsCloseTheStep) {
  script s(make_process({{"a"}}));
  s.attempt_fails("a").attempt_fails("a");
  EXPECT_THAT(s.due(), ElementsAre("do a"));
  s.attempt_fails("a");
  EXPECT_THAT(s.due(), ElementsAre("close do a"));
  EXPECT_EQ(s.i.failure, "step 'a' had no answer in 3 attempts: no answer in time");
}

TEST(Closing, VoidedStepHadNoEffectAndIsNotUndone) {
  script s(side_by_side());
  s.breaks("a").voided("b");
  EXPECT_EQ(s.of("b").state, assignment::status::voided);
  EXPECT_THAT(s.due(), ElementsAre("abort"));
}

TEST(Closing, OutcomeThatWasThereCountsAndASuccessIsUndone) {
  script s(side_by_side());
  s.breaks("a").works("b");
  EXPECT_THAT(s.seen(), ElementsAre("broke a", "worked b"));
  EXPECT_THAT(s.due(), ElementsAre("undo b"));
}

TEST(Closing, OutcomeThatWasAFailureNeedsNoUndo) {
  script s(side_by_side());
  s.times_out("a").breaks("a").refuses("b");
  EXPECT_EQ(s.i.failure, "step 'a' timed out"); // the first cause stays
  EXPECT_THAT(s.due(), ElementsAre("abort"));
}

TEST(Closing, UndoIsAskedOnlyOfStepsKnownToHaveSucceeded) {
  script s(side_by_side());
  s.times_out("a");
  EXPECT_EQ(s.of("a", undo).state, assignment::status::idle);
  s.works("a");
  EXPECT_THAT(s.due(), ElementsAre("undo a", "close do b"));
}

TEST(Closing, AbortWaitsUntilNothingIsPendingAndEveryUndoIsDone) {
  script s(side_by_side());
  s.works("a").breaks("b");
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
  s.is_undone("a");
  EXPECT_THAT(s.due(), ElementsAre("abort"));
  script pending(side_by_side());
  pending.works("a").process_times_out().is_undone("a");
  EXPECT_THAT(pending.due(), ElementsAre("close do b"));
  pending.voided("b");
  EXPECT_THAT(pending.due(), ElementsAre("abort"));
  EXPECT_EQ(pending.cancels().phase(), instance_phase::compensated);
}

TEST(Closing, OutcomeAfterTheVoidChangesNothing) {
  script s(make_process({{"a"}}));
  s.times_out("a").voided("a").works("a");
  EXPECT_EQ(s.of("a").state, assignment::status::voided);
  EXPECT_THAT(s.seen(), IsEmpty());
  EXPECT_THAT(s.due(), ElementsAre("abort"));
}

TEST(Closing, TimeOutAndFailedAttemptOfWhatIsClosingChangeNothing) {
  script s(side_by_side());
  s.times_out("a");
  const auto before = s.due("close do a");
  s.times_out("a").times_out("b").process_times_out();
  const auto after = s.due("close do a");
  EXPECT_EQ(after.id, before.id);
  EXPECT_EQ(after.cause, before.cause);
  EXPECT_EQ(s.i.failure, "step 'a' timed out");
}

TEST(Closing, RefusedCloseIsStuckNotGuessed) {
  script s(side_by_side());
  s.breaks("a").close_refused("b");
  EXPECT_THAT(s.due(), IsEmpty());
  EXPECT_EQ(s.i.stuck_reason(), "step 'b' cannot cancel");
}

TEST(Closing, RefusedCloseOfWhatIsDoneOrNotClosingChangesNothing) {
  script s(side_by_side());
  s.close_refused("b"); // it is open, and nobody closes it
  s.works("a").close_refused("a");
  EXPECT_EQ(s.i.stuck_reason(), "");
  EXPECT_THAT(s.due(), ElementsAre("do b"));
}

TEST(Closing, RefusedCloseIsTriedAgainUnderANewIdAfterARetry) {
  script s(side_by_side());
  s.breaks("a");
  const auto first = s.due("close do b");
  s.close_refused("b").retry();
  const auto second = s.due("close do b");
  EXPECT_NE(second.id, first.id);
  EXPECT_EQ(second.target, first.target);
  s.voided("b");
  EXPECT_THAT(s.due(), ElementsAre("abort"));
}

TEST(Closing, OutcomeStillSettlesAStepWhoseCloseWasRefused) {
  script s(side_by_side());
  s.breaks("a").close_refused("b").works("b");
  EXPECT_THAT(s.due(), ElementsAre("undo b"));
}

} // namespace
} // namespace machine
