#include "model/machine.hpp"

// Rule 6: what the answer to a command means.

namespace machine {
namespace {

process_definition one_step() { return make_process({{"a"}}); }

TEST(Outcome, DeclaredSuccessDoesTheStep) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a");
  EXPECT_EQ(s.of("a").state, assignment::status::done);
  EXPECT_THAT(s.seen(), ElementsAre("worked a"));
  EXPECT_THAT(s.due(), ElementsAre("do b"));
}

TEST(Outcome, DeclaredFailureIsFoldedAndCompensates) {
  script s(one_step());
  s.breaks("a");
  EXPECT_EQ(s.of("a").state, assignment::status::failed);
  EXPECT_THAT(s.seen(), ElementsAre("broke a"));
  EXPECT_EQ(s.i.failure, "step 'a' answered with 'broke'");
  EXPECT_THAT(s.due(), ElementsAre("abort"));
}

TEST(Outcome, RefusalIsAFailure) {
  script s(one_step());
  s.refuses("a");
  EXPECT_EQ(s.i.failure, "step 'a' refused: no");
  EXPECT_THAT(s.due(), ElementsAre("abort"));
}

TEST(Outcome, OnlyAnUndeclaredEventIsAFailure) {
  script s(one_step());
  s.answered("a", forward, {remarked{}});
  EXPECT_EQ(s.i.failure, "step 'a' answered with 'remarked', which is not declared");
}

TEST(Outcome, AcknowledgedIsASuccessOnlyWithoutASuccessEvent) {
  auto p = one_step();
  script with_event(p);
  with_event.acknowledges("a");
  EXPECT_THAT(with_event.due(), ElementsAre("abort"));
  p.steps[0].successes.clear();
  script without(p);
  without.acknowledges("a");
  EXPECT_THAT(without.due(), ElementsAre("complete"));
}

TEST(Outcome, OfSeveralEventsTheDeclaredOneCounts) {
  script s(one_step());
  s.answered("a", forward, {remarked{}, remarked{}, worked{"a"}});
  EXPECT_THAT(s.due(), ElementsAre("complete"));
}

TEST(Outcome, OfSeveralUndeclaredEventsTheLastOneFailsTheStep) {
  script s(one_step());
  new_event first;
  const auto command = make_command_id(s.i.id, "a", forward, 0);
  first.id = make_event_id(command, 0);
  first.last = false;
  first.origin = {{}, {}, s.i.id, "a", forward, 0};
  first.body = remarked{};
  s.record(first);
  EXPECT_THAT(s.due(), ElementsAre("do a")); // a later one of the same decision may be declared
  auto second = first;
  second.id = make_event_id(command, 1);
  second.index = 1;
  second.last = true;
  s.record(second);
  EXPECT_THAT(s.due(), ElementsAre("abort"));
}

TEST(Outcome, FirstInJournalOrderWins) {
  script success_first(one_step());
  success_first.answered("a", forward, {worked{"a"}, broke{"a"}});
  EXPECT_THAT(success_first.due(), ElementsAre("complete"));
  EXPECT_THAT(success_first.seen(), ElementsAre("worked a"));
  script failure_first(one_step());
  failure_first.answered("a", forward, {broke{"a"}, worked{"a"}});
  EXPECT_THAT(failure_first.due(), ElementsAre("abort"));
  EXPECT_THAT(failure_first.seen(), ElementsAre("broke a"));
}

/// Expects that the events change neither what is due nor what the process remembers.
template <class Verbs>
void expect_no_change(script& s, Verbs verbs) {
  const auto due = s.due();
  const auto seen = s.seen();
  const auto phase = s.phase();
  verbs(s);
  EXPECT_EQ(s.due(), due);
  EXPECT_EQ(s.seen(), seen);
  EXPECT_EQ(s.phase(), phase);
}

TEST(Outcome, RepeatedOnesChangeNothing) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a");
  expect_no_change(s, [](script& again) { again.works("a").breaks("a").refuses("a"); });
  s.works("b");
  expect_no_change(s, [](script& again) { again.breaks("b").voided("b"); });
}

TEST(Outcome, OfAnotherRoundChangesNothing) {
  script s(one_step());
  expect_no_change(s, [](script& late) {
    late.answered("a", forward, {worked{"a"}}, 1);
    late.answered("a", forward, {broke{"a"}}, 7);
  });
}

TEST(Outcome, OfWhatWasNeverAskedChangesNothing) {
  script s(make_process({{"a"}, {"b", "a"}}));
  expect_no_change(s, [](script& early) { early.works("b").is_undone("a").finishes().cancels(); });
}

TEST(Outcome, ForeignEventsChangeNothing) {
  script s(one_step());
  expect_no_change(s, [](script& here) {
    new_event of_another;
    of_another.origin = {{}, {}, instance_id::of(77, 77), "a", forward, 0};
    of_another.body = worked{"a"};
    here.record(of_another);
    new_event of_no_step;
    of_no_step.origin = {{}, {}, here.i.id, "z", forward, 0};
    of_no_step.body = worked{"z"};
    here.record(of_no_step);
    new_event of_no_command;
    of_no_command.origin.instance = here.i.id;
    of_no_command.body = worked{"a"};
    here.record(of_no_command);
  });
}

TEST(Outcome, EventFoldedAlreadyChangesNothing) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.refuses("a");
  const auto before = s.due();
  for (const auto& e : s.journal) evolve(s.i, e);
  EXPECT_EQ(s.due(), before);
  EXPECT_EQ(s.i.last, s.journal.back().position);
}

TEST(Outcome, NothingChangesAnEndedInstance) {
  script s(one_step());
  s.works("a").finishes();
  EXPECT_EQ(s.phase(), instance_phase::completed);
  expect_no_change(s, [](script& late) {
    late.breaks("a").abort_requested().process_times_out().retry().skip("a");
  });
  EXPECT_TRUE(s.i.terminal());
}

TEST(Outcome, FinishingIgnoresDeadlinesAndAbort) {
  auto p = one_step();
  p.deadline = 1h;
  script s(std::move(p));
  s.works("a");
  EXPECT_EQ(s.phase(), instance_phase::finishing);
  EXPECT_THAT(deadlines(s.i), IsEmpty());
  s.process_times_out().abort_requested();
  EXPECT_THAT(s.due(), ElementsAre("complete"));
  EXPECT_EQ(s.finishes().phase(), instance_phase::completed);
}

TEST(Outcome, CompensatingIgnoresDeadlinesAndAbort) {
  auto p = make_process({{"a"}, {"b", "a"}});
  p.deadline = 1h;
  script s(std::move(p));
  s.works("a").breaks("b");
  EXPECT_THAT(deadlines(s.i), IsEmpty());
  s.process_times_out().abort_requested();
  EXPECT_EQ(s.i.failure, "step 'b' answered with 'broke'");
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
}

TEST(Outcome, RefusedCompleteIsStuck) {
  script s(one_step());
  s.works("a").refuses("", complete);
  EXPECT_THAT(s.due(), IsEmpty());
  EXPECT_EQ(s.i.stuck_reason(), "complete refused: no");
  EXPECT_FALSE(s.i.terminal());
}

TEST(Outcome, RefusedAbortIsStuck) {
  script s(one_step());
  s.breaks("a").refuses("", machine::abort);
  EXPECT_THAT(s.due(), IsEmpty());
  EXPECT_EQ(s.i.stuck_reason(), "abort refused: no");
}

TEST(Outcome, LastWordMustEndInItsEvent) {
  script s(one_step());
  s.works("a").acknowledges("", complete);
  EXPECT_THAT(s.i.stuck_reason(), HasSubstr("'ensemble.command_acknowledged'"));
  script undeclared(one_step());
  undeclared.works("a").answered("", complete, {remarked{}, finished{}});
  EXPECT_EQ(undeclared.phase(), instance_phase::completed);
}

TEST(Outcome, WithoutLastWordsTheLastStepEndsTheProcess) {
  auto p = one_step();
  p.complete = {};
  p.abort = {};
  EXPECT_EQ(script(p).works("a").phase(), instance_phase::completed);
  EXPECT_EQ(script(p).breaks("a").phase(), instance_phase::compensated);
}

} // namespace
// A command over several entities acknowledges on its home in front of its events.
TEST(Outcome, AnAcknowledgementInFrontOfEventsDecidesNothing) {
  auto p = make_process({{"a"}, {"b", "a"}});
  script declared(p);
  declared.answered("a", forward, {engine::command_acknowledged{}, worked{"a"}});
  EXPECT_THAT(declared.due(), ElementsAre("do b"));
  step_of(p, "a").successes.clear();
  script undeclared(p);
  undeclared.answered("a", forward, {engine::command_acknowledged{}, remarked{}});
  EXPECT_THAT(undeclared.due(), ElementsAre("abort"));
}

} // namespace machine
