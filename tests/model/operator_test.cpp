#include "model/machine.hpp"

// Rule 18: an operator's word. (Rule 2: a retry after a recorded refusal is a new round.)

namespace machine {
namespace {

process_definition with_pivot() {
  auto p = make_process({{"a"}, {"b", "a"}, {"c", "b"}});
  step_of(p, "a").pivot = true;
  step_of(p, "b").within = 10s;
  return p;
}

/// Stuck in step b, after the pivot, without an outcome.
script stuck_in_b() {
  script s(with_pivot());
  s.works("a").times_out("b");
  return s;
}

TEST(OperatorsRetry, GivesTheStepItsAttemptsAndItsTimeAnew) {
  auto s = stuck_in_b();
  const auto before = make_command_id(s.i.id, "b", forward, 0);
  s.now += 1h;
  s.retry("b", forward);
  EXPECT_FALSE(s.i.stuck());
  const auto again = s.due("do b");
  EXPECT_EQ(again.id, before); // nothing was recorded under it, so it is the same request
  EXPECT_EQ(again.not_before, s.now);
  EXPECT_EQ(again.cause, s.journal.back().id);
  ASSERT_EQ(deadlines(s.i).size(), 1U);
  EXPECT_EQ(deadlines(s.i).at(0).at, s.now + 10s);
  s.attempt_fails("b").attempt_fails("b");
  EXPECT_FALSE(s.i.stuck());
  EXPECT_TRUE(s.attempt_fails("b").i.stuck());
}

TEST(OperatorsRetry, HasADeadlineWithAnIdOfItsOwn) {
  script s(with_pivot());
  s.works("a");
  const auto first = deadlines(s.i).at(0).event.id;
  s.times_out("b").retry();
  EXPECT_NE(deadlines(s.i).at(0).event.id, first);
}

TEST(OperatorsRetry, IsNotUndoneByATimeOutFromBefore) {
  script s(with_pivot());
  s.works("a");
  const auto before = deadlines(s.i).at(0).event;
  s.attempt_fails("b").attempt_fails("b").attempt_fails("b").retry();
  s.record(before); // by a holder that had not seen the retry
  EXPECT_FALSE(s.i.stuck());
  s.record(deadlines(s.i).at(0).event);
  EXPECT_TRUE(s.i.stuck());
}

TEST(OperatorsRetry, AfterARecordedRefusalIsANewRound) {
  script s(make_process({{"a"}}));
  s.works("a").refuses("", complete);
  EXPECT_THAT(s.retry("", complete).due(), ElementsAre("complete #1"));
  EXPECT_EQ(s.finishes().phase(), instance_phase::completed);
  script back(make_process({{"a"}}));
  back.breaks("a").refuses("", machine::abort);
  EXPECT_THAT(back.retry().due(), ElementsAre("abort #1"));
  EXPECT_EQ(back.cancels().phase(), instance_phase::compensated);
}

TEST(OperatorsRetry, OfAnUndoThatWasRefusedGoesOnCounting) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a").breaks("b").refuses("a", undo).refuses("a", undo).refuses("a", undo);
  EXPECT_THAT(s.retry("a", undo).due(), ElementsAre("undo a #3"));
  EXPECT_THAT(s.is_undone("a").due(), ElementsAre("abort"));
}

TEST(OperatorsRetry, WithoutAStepMeansAllThatIsStuckAndNothingElse) {
  auto p = make_process({{"a"}, {"b", "a"}, {"c", "a"}, {"d", "a"}});
  step_of(p, "a").pivot = true;
  script s(std::move(p));
  s.works("a").times_out("b").times_out("c");
  const auto untouched = s.due("do d");
  EXPECT_THAT(s.retry().due(), ElementsAre("do b", "do c", "do d"));
  EXPECT_EQ(s.due("do d").cause, untouched.cause);
  EXPECT_EQ(s.due("do d").retries, 0U);
}

TEST(OperatorsRetry, OfOneStepLeavesTheOthersStuck) {
  auto p = make_process({{"a"}, {"b", "a"}, {"c", "a"}});
  step_of(p, "a").pivot = true;
  script s(std::move(p));
  s.works("a").times_out("b").times_out("c").retry("c", forward);
  EXPECT_THAT(s.due(), ElementsAre("do c"));
  EXPECT_THAT(s.i.stuck_reason(), HasSubstr("step 'b'"));
}

TEST(OperatorsRetry, OfWhatIsNotStuckChangesNothing) {
  script s(with_pivot());
  const auto before = s.due("do a");
  s.retry().retry("a", forward).retry("z", forward);
  EXPECT_EQ(s.due("do a").cause, before.cause);
  EXPECT_EQ(s.due("do a").retries, 0U);
}

TEST(OperatorsSkip, ClosesTheStepFirst) {
  auto s = stuck_in_b();
  s.skip("b");
  EXPECT_THAT(s.due(), ElementsAre("close do b"));
  s.voided("b");
  EXPECT_EQ(s.of("b").state, assignment::status::skipped);
  EXPECT_THAT(s.due(), ElementsAre("do c"));
}

TEST(OperatorsSkip, FoldsTheEventInThePlaceOfTheStepsOwn) {
  auto s = stuck_in_b();
  s.skip("b", forward, worked{"by hand"});
  EXPECT_THAT(s.seen(), ElementsAre("worked a"));
  s.voided("b");
  EXPECT_THAT(s.seen(), ElementsAre("worked a", "worked by hand"));
  EXPECT_EQ(s.due("do c").body.as<work>().seen, 2);
}

TEST(OperatorsSkip, FoldsAsTheStepItselfWouldWhereOthersDeclareTheSameEvent) {
  auto p = with_pivot();
  step_of(p, "b").successes[0].fold = [](std::any& state, const message&) {
    std::any_cast<memory>(&state)->seen.push_back("as b folds it");
  };
  script s(std::move(p));
  s.works("a").times_out("b").skip("b", forward, worked{"b"}).voided("b");
  EXPECT_THAT(s.seen(), ElementsAre("worked a", "as b folds it"));
}

TEST(OperatorsSkip, WithAnEventThatCannotBeReadChangesNothing) {
  auto s = stuck_in_b();
  const auto typed = message::opaque("worked", 1, "{\"step\":7}");
  s.skip("b", forward, typed).skip("b", forward, message::opaque("worked", 1, "no JSON"));
  EXPECT_EQ(s.i.stuck_reason(), "step 'b' timed out");
  EXPECT_THAT(s.due(), IsEmpty());
  EXPECT_THAT(s.retry().due(), ElementsAre("do b"));
}

TEST(OperatorsSkip, WithAnEventThatTheStepDoesNotDeclareFoldsNothing) {
  auto s = stuck_in_b();
  s.skip("b", forward, remarked{}).voided("b");
  EXPECT_THAT(s.seen(), ElementsAre("worked a"));
  EXPECT_THAT(s.due(), ElementsAre("do c"));
}

TEST(OperatorsSkip, GivesWayToTheOutcomeThatWasThere) {
  auto s = stuck_in_b();
  s.skip("b", forward, worked{"by hand"}).works("b");
  EXPECT_EQ(s.of("b").state, assignment::status::done);
  EXPECT_THAT(s.seen(), ElementsAre("worked a", "worked b"));
  EXPECT_THAT(s.due(), ElementsAre("do c"));
}

TEST(OperatorsSkip, OfAStepThatWaitsIsAllowed) {
  script s(with_pivot());
  s.works("a").skip("b").voided("b");
  EXPECT_THAT(s.due(), ElementsAre("do c"));
}

TEST(OperatorsSkip, OfAnUndoLetsTheOthersGoOn) {
  script s(make_process({{"a"}, {"b", "a"}, {"c", "b"}}));
  s.works("a").works("b").breaks("c").refuses("b", undo).refuses("b", undo).refuses("b", undo);
  s.skip("b", undo);
  EXPECT_THAT(s.due(), ElementsAre("close undo b #3"));
  s.voided("b", undo);
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
}

TEST(OperatorsSkip, OfALastWordEndsTheProcess) {
  script s(make_process({{"a"}}));
  s.works("a").refuses("", complete).skip("", complete);
  EXPECT_THAT(s.due(), ElementsAre("close complete #1"));
  EXPECT_EQ(s.voided("", complete).phase(), instance_phase::completed);
  script back(make_process({{"a"}}));
  back.breaks("a").refuses("", machine::abort).skip("", machine::abort);
  EXPECT_EQ(back.voided("", machine::abort).phase(), instance_phase::compensated);
}

TEST(OperatorsSkip, OfWhatIsNotOutstandingChangesNothing) {
  script s(with_pivot());
  s.skip("b").skip("z").skip("a", undo).skip("", complete);
  EXPECT_THAT(s.due(), ElementsAre("do a"));
}

TEST(OperatorsSkip, DoesNotOutliveTheDecisionToCompensate) {
  script s(make_process({{"a"}, {"b"}}));
  s.skip("a").breaks("b").voided("a");
  EXPECT_EQ(s.of("a").state, assignment::status::voided);
  EXPECT_THAT(s.due(), ElementsAre("abort"));
}

TEST(OperatorsSkip, OfAStepWhoseCloseWasRefusedAsksForTheCloseAnew) {
  auto s = stuck_in_b();
  s.skip("b");
  const auto first = s.due("close do b");
  s.close_refused("b").skip("b");
  EXPECT_NE(s.due("close do b").id, first.id);
  EXPECT_THAT(s.voided("b").due(), ElementsAre("do c"));
}

TEST(OperatorsAbort, CompensatesWhatIsDoneAndClosesWhatIsPending) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a").abort_requested();
  EXPECT_THAT(s.due(), ElementsAre("close do b"));
  EXPECT_THAT(s.voided("b").due(), ElementsAre("undo a"));
}

TEST(OperatorsAbort, AfterThePivotChangesNothing) {
  auto s = stuck_in_b();
  s.abort_requested();
  EXPECT_EQ(s.phase(), instance_phase::forward);
  EXPECT_TRUE(s.i.stuck());
}

} // namespace
} // namespace machine
