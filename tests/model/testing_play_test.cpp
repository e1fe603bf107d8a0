#include "model/play_shop.hpp"

#include <ensemble/testing.hpp>

#include <gtest/gtest.h>

namespace ensemble {
namespace {

using namespace play_shop;

TEST(Play, FollowsAProcessToItsGoodEnd) {
  play(in_line())
      .event(ordered{"o1"})
      .asks("payment", charge{"o1"})
      .event(charged{"p1"})
      .asks("stock", reserve{"o1"})
      .event(reserved{})
      .asks("shop", confirm{"p1"})
      .event(confirmed{})
      .asks_nothing()
      .completed();
}

TEST(Play, FollowsAProcessBack) {
  play(in_line())
      .event(ordered{"o1"})
      .asks("payment", charge{"o1"})
      .event(charged{"p1"})
      .asks("stock", reserve{"o1"})
      .rejects("none left")
      .asks("payment", refund{"p1"})
      .event(refunded{})
      .asks("shop", cancel{"in time"})
      .event(cancelled{})
      .compensated();
}

TEST(Play, FoldsWhatTheOutcomeTells) {
  play(in_line())
      .event(ordered{"o1"})
      .asks("payment", charge{"o1"})
      .event(declined{"over limit"})
      .asks("shop", cancel{"over limit"})
      .running();
}

TEST(Play, NeedsNoEndVerb) { play(in_line()).event(ordered{"o1"}).asks("payment", charge{"o1"}); }

TEST(Play, TakesABuilderThatWasNotEnded) {
  play(process<memory>("p", "shop")
           .starts_on<ordered>([](memory&, const ordered&) {})
           .step("hello")
           .asks("mail", [](const memory&) { return greet{}; }))
      .event(ordered{"o1"})
      .asks("mail", greet{})
      .acknowledges()
      .completed();
}

TEST(Play, HandsOnABadDefinition) { EXPECT_THROW((void)play(process<memory>("p", "shop")), error); }

TEST(Play, BranchesAreNamedInAnyOrderAndAnsweredByName) {
  play(side_by_side())
      .event(ordered{"o1"})
      .asks("mail", greet{})
      .asks("payment", charge{"right of o1"})
      .asks("payment", charge{"left of o1"})
      .answers("right", charged{"p1"})
      .asks_nothing()
      .acknowledges("hello")
      .event(charged{"p2"})
      .completed();
}

TEST(Play, SeveralEventsOfOneDecisionAreOneAnswer) {
  play(in_line())
      .event(ordered{"o1"})
      .asks("payment", charge{"o1"})
      .answers("payment", unrelated{}, charged{"p1"})
      .asks("stock", reserve{"o1"})
      .running();
}

TEST(Play, AnswerThatIsNotDeclaredFailsTheStep) {
  play(in_line())
      .event(ordered{"o1"})
      .asks("payment", charge{"o1"})
      .answers("payment", unrelated{})
      .asks("shop", cancel{"in time"})
      .running();
}

TEST(Play, StepThatTimesOutIsClosedAndVoided) {
  play(in_line())
      .event(ordered{"o1"})
      .asks("payment", charge{"o1"})
      .times_out("payment")
      .closes("payment")
      .voided("payment")
      .asks("shop", cancel{"in time"})
      .event(cancelled{})
      .compensated();
}

TEST(Play, CloseMayFindTheOutcomeInstead) {
  play(in_line())
      .event(ordered{"o1"})
      .asks("payment", charge{"o1"})
      .times_out()
      .closes("payment")
      .event(charged{"p1"})
      .asks("payment", refund{"p1"})
      .running();
}

TEST(Play, RepeatedAttemptIsNotAskedAnewAndTheLastOneFailsTheStep) {
  play(in_line())
      .event(ordered{"o1"})
      .asks("payment", charge{"o1"})
      .fails_attempt("payment")
      .asks_nothing()
      .fails_attempt("payment")
      .closes("payment")
      .running();
}

TEST(Play, RefusedUndoIsAskedAnewThenStuck) {
  play(in_line())
      .event(ordered{"o1"})
      .asks("payment", charge{"o1"})
      .event(charged{"p1"})
      .asks("stock", reserve{"o1"})
      .rejects("none left")
      .asks("payment", refund{"p1"})
      .rejects("payment", "not now")
      .asks("payment", refund{"p1"})
      .rejects("never")
      .stuck("refused: never");
}

TEST(Play, LastWordIsTheStepWithoutAName) {
  play(in_line())
      .event(ordered{"o1"})
      .asks("payment", charge{"o1"})
      .event(declined{"no"})
      .asks("shop", cancel{"no"})
      .rejects("", "unwilling")
      .stuck("abort refused: unwilling");
}

TEST(Play, ExceptionInTheDefinitionIsStuck) {
  play(in_line()).event(ordered{"bad"}).stuck("no such order");
}

} // namespace
} // namespace ensemble
