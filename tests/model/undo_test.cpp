#include "model/machine.hpp"

// Rule 4: the order of undoing, and that nothing begins after the decision. Rule 6: what becomes
// of an undo that does not end in its event.

namespace machine {
namespace {

TEST(Undo, RunsInReverseDependencyOrder) {
  script s(make_process({{"a"}, {"b", "a"}, {"c", "b"}}));
  s.works("a").works("b").breaks("c");
  EXPECT_THAT(s.due(), ElementsAre("undo b"));
  s.is_undone("b");
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
  s.is_undone("a");
  EXPECT_THAT(s.due(), ElementsAre("abort"));
  EXPECT_EQ(s.cancels().phase(), instance_phase::compensated);
}

TEST(Undo, IndependentBranchesRunInParallel) {
  script s(make_process({{"a"}, {"b", "a"}, {"c", "a"}, {"d", "b", "c"}}));
  s.works("a").works("b").works("c").breaks("d");
  EXPECT_THAT(s.due(), ElementsAre("undo b", "undo c"));
  s.is_undone("c");
  EXPECT_THAT(s.due(), ElementsAre("undo b")); // a waits for both of its successors
  s.is_undone("b");
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
}

TEST(Undo, WaitsForWhatIsUnsettledBehindItAlsoAcrossStepsWithoutUndo) {
  auto p = make_process({{"a"}, {"b", "a"}, {"c", "b"}});
  step_of(p, "b").undo = {};
  script s(std::move(p));
  s.works("a").works("b").times_out("c");
  EXPECT_THAT(s.due(), ElementsAre("close do c"));
  s.works("c");
  EXPECT_THAT(s.due(), ElementsAre("undo c"));
  s.is_undone("c");
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
}

TEST(Undo, StepWithoutUndoIsLeftAsItIs) {
  auto p = make_process({{"a"}, {"b", "a"}});
  step_of(p, "a").undo = {};
  script s(std::move(p));
  s.works("a").breaks("b");
  EXPECT_THAT(s.due(), ElementsAre("abort"));
}

TEST(Undo, NoStepBecomesDueAfterTheDecision) {
  script s(make_process({{"a"}, {"b"}, {"c", "b"}, {"d", "c"}}));
  s.breaks("a").works("b"); // on its way when the decision fell
  EXPECT_THAT(s.due(), ElementsAre("undo b"));
  EXPECT_EQ(s.of("c").state, assignment::status::idle);
}

TEST(Undo, DecisionIsNotTakenBack) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a").times_out("b").works("b"); // the last step has succeeded after all
  EXPECT_EQ(s.phase(), instance_phase::compensating);
  EXPECT_THAT(s.due(), ElementsAre("undo b"));
}

TEST(Undo, RefusalIsANewRoundUnderANewIdAfterADelay) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a").breaks("b");
  const auto first = s.due("undo a");
  s.refuses("a", undo);
  const auto second = s.due("undo a #1");
  EXPECT_NE(second.id, first.id);
  EXPECT_EQ(second.body, first.body);
  EXPECT_EQ(second.cause, s.journal.back().id);
  EXPECT_GE(second.not_before, s.now + 100ms);
  s.is_undone("a");
  EXPECT_THAT(s.due(), ElementsAre("abort"));
}

TEST(Undo, EndsOnlyInItsEvent) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a").breaks("b");
  EXPECT_THAT(s.acknowledges("a", undo).due(), ElementsAre("undo a #1"));
  EXPECT_THAT(s.answered("a", undo, {remarked{}}).due(), ElementsAre("undo a #2"));
  script with_remark(make_process({{"a"}, {"b", "a"}}));
  with_remark.works("a").breaks("b").answered("a", undo, {remarked{}, undone{"a"}});
  EXPECT_THAT(with_remark.due(), ElementsAre("abort"));
}

TEST(Undo, RefusedByItsWholePolicyIsStuck) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a").breaks("b").refuses("a", undo).refuses("a", undo);
  EXPECT_THAT(s.due(), ElementsAre("undo a #2"));
  s.refuses("a", undo);
  EXPECT_THAT(s.due(), IsEmpty());
  EXPECT_EQ(s.i.stuck_reason(), "undo of 'a' refused: no");
}

TEST(Undo, OldRoundIsNoLongerAnswered) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a").breaks("b").refuses("a", undo);
  s.answered("a", undo, {undone{"a"}}, 0);
  EXPECT_THAT(s.due(), ElementsAre("undo a #1"));
}

TEST(Undo, WithoutAnAnswerInAllAttemptsIsStuck) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a").breaks("b");
  s.attempt_fails("a", undo).attempt_fails("a", undo).attempt_fails("a", undo);
  EXPECT_THAT(s.due(), IsEmpty());
  EXPECT_EQ(s.i.stuck_reason(), "undo of 'a' had no answer in 3 attempts: no answer in time");
}

TEST(Undo, OutcomeStillSettlesWhatIsStuck) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a").breaks("b");
  s.attempt_fails("a", undo).attempt_fails("a", undo).attempt_fails("a", undo);
  s.is_undone("a");
  EXPECT_FALSE(s.i.stuck());
  EXPECT_THAT(s.due(), ElementsAre("abort"));
}

TEST(Undo, StuckBranchHoldsBackOnlyWhatDependsOnIt) {
  script s(make_process({{"a"}, {"b"}, {"c", "b"}, {"d", "a", "c"}}));
  s.works("a").works("b").works("c").breaks("d");
  s.refuses("c", undo).refuses("c", undo).refuses("c", undo);
  EXPECT_TRUE(s.i.stuck());
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
  s.is_undone("a");
  EXPECT_THAT(s.due(), IsEmpty());
}

} // namespace
} // namespace machine
