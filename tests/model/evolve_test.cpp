#include "model/machine.hpp"

#include <stdexcept>

// Rule 5: evaluated once, at the point of the fold where it becomes due; an exception is stuck.

namespace machine {
namespace {

int seen_when_asked(const script& s, const std::string& which) {
  const auto body = s.due(which).body;
  if (const auto* asked = body.get_if<work>()) return asked->seen;
  return body.as<undo_work>().seen;
}

TEST(Evolve, AskIsEvaluatedAtThePointWhereTheStepBecomesDue) {
  script s(make_process({{"a"}, {"b"}, {"c", "b"}}));
  EXPECT_EQ(seen_when_asked(s, "do a"), 0);
  s.works("b");
  EXPECT_EQ(seen_when_asked(s, "do c"), 1);
}

TEST(Evolve, CommandStaysTheSameWhateverTheStateBecomes) {
  script s(make_process({{"a"}, {"b"}, {"c", "b"}}));
  const auto before = s.due("do a");
  s.works("b").attempt_fails("a").works("c");
  const auto after = s.due("do a");
  EXPECT_EQ(after.id, before.id);
  EXPECT_EQ(after.body, before.body);
}

TEST(Evolve, UndoIsEvaluatedOnceAlsoForItsLaterRounds) {
  script s(make_process({{"a"}, {"b"}, {"c", "a", "b"}}));
  s.works("a").works("b").breaks("c");
  EXPECT_EQ(seen_when_asked(s, "undo a"), 3);
  s.is_undone("b").refuses("a", undo);
  EXPECT_EQ(seen_when_asked(s, "undo a #1"), 3);
}

TEST(Evolve, LastWordsAreEvaluatedWhenTheyBecomeDue) {
  script s(make_process({{"a"}}));
  s.works("a");
  EXPECT_EQ(s.due("complete").body.as<finish>().seen, 1);
  script back(make_process({{"a"}}));
  back.breaks("a");
  EXPECT_EQ(back.due("abort").body.as<cancel>().seen, 1);
}

TEST(Evolve, DueOnlyReads) {
  int calls = 0;
  auto p = make_process({{"a"}});
  p.steps[0].ask.make = [&](const std::any&) {
    ++calls;
    return message(work{"a", calls});
  };
  const script s(std::move(p));
  EXPECT_EQ(s.due(), s.due());
  EXPECT_EQ(calls, 1);
}

const auto throws = [](const auto&...) -> message { throw std::runtime_error("boom"); };

TEST(Evolve, ExceptionOfTheStartFoldMakesItStuck) {
  auto p = make_process({{"a"}});
  p.start.fold = [](std::any&, const message&) { throw std::runtime_error("boom"); };
  const script s(std::move(p));
  EXPECT_EQ(s.i.stuck_reason(), "folding 'begun': boom");
  EXPECT_THAT(s.due(), IsEmpty());
  EXPECT_THAT(deadlines(s.i), IsEmpty());
}

TEST(Evolve, ExceptionOfTheInitialStateMakesItStuck) {
  auto p = make_process({{"a"}});
  p.initial = []() -> std::any { throw std::runtime_error("boom"); };
  EXPECT_EQ(script(std::move(p)).i.stuck_reason(), "folding 'begun': boom");
}

TEST(Evolve, ExceptionOfAnAskMakesItStuckWithItsCause) {
  auto p = make_process({{"a"}, {"b", "a"}});
  p.steps[1].ask.make = throws;
  script s(std::move(p));
  s.works("a");
  EXPECT_EQ(s.i.stuck_reason(), "folding 'worked': boom");
  EXPECT_THAT(s.due(), IsEmpty());
}

TEST(Evolve, ExceptionOfAnOutcomesFoldMakesItStuck) {
  auto p = make_process({{"a"}});
  p.steps[0].successes[0].fold = [](std::any&, const message&) { throw std::out_of_range("boom"); };
  EXPECT_TRUE(script(std::move(p)).works("a").i.stuck());
}

TEST(Evolve, ExceptionOfAnUndoOrALastWordMakesItStuck) {
  auto p = make_process({{"a"}, {"b", "a"}});
  p.steps[0].undo.make = throws;
  p.complete.make = throws;
  EXPECT_TRUE(script(p).works("a").breaks("b").i.stuck());
  EXPECT_TRUE(script(p).works("a").works("b").i.stuck());
  p.abort.make = throws;
  EXPECT_TRUE(script(p).breaks("a").i.stuck());
}

TEST(Evolve, BrokenInstanceFoldsNothingMore) {
  auto p = make_process({{"a"}, {"b"}, {"c", "a"}});
  p.steps[2].ask.make = throws;
  script s(std::move(p));
  s.works("a").works("b").retry().abort_requested();
  EXPECT_THAT(s.seen(), ElementsAre("worked a"));
  EXPECT_EQ(s.phase(), instance_phase::forward);
  EXPECT_EQ(s.i.last, s.journal.back().position);
}

TEST(Evolve, MendedProgramGoesOnWhereTheBrokenOneStood) {
  auto p = make_process({{"a"}, {"b", "a"}});
  auto mended = p;
  p.steps[1].ask.make = throws;
  script s(std::move(p));
  s.works("a");
  auto again = begin_instance(std::make_shared<const process_definition>(std::move(mended)),
                              s.journal.front());
  evolve(again, s.journal.back());
  EXPECT_FALSE(again.stuck());
  EXPECT_THAT(told(ensemble::due(again)), ElementsAre("do b"));
}

} // namespace
} // namespace machine
