#include "model/play_shop.hpp"

#include <ensemble/testing.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

// `play` fails when it must, and says where and why.

namespace ensemble {
namespace {

using namespace play_shop;
using ::testing::EndsWith;
using ::testing::HasSubstr;

/// The text of the test_failure that the script throws.
template <class Script>
std::string failure(Script script) {
  try {
    script();
  } catch (const test_failure& e) {
    return e.what();
  }
  return "it passed";
}

TEST(PlayFailure, NamesFileAndLineOfThePlayAndTheDifference) {
  const int line = __LINE__ + 2;
  const auto text =
      failure([] { play(in_line()).event(ordered{"o1"}).asks("payment", charge{"o2"}); });
  EXPECT_EQ(text, std::string(__FILE__) + ":" + std::to_string(line) +
                      R"(: process 'in_line', after ordered {"id":"o1"}
expected:
  > payment: charge {"id":"o2"}
actual:
  > payment: charge {"id":"o1"}
it is running, outstanding: 'payment')");
}

TEST(PlayFailure, AnotherServiceIsADifference) {
  EXPECT_THAT(failure([] { play(in_line()).event(ordered{"o1"}).asks("stock", charge{"o1"}); }),
              HasSubstr("  > stock: charge {\"id\":\"o1\"}\nactual:\n"
                        "  > payment: charge {\"id\":\"o1\"}"));
}

TEST(PlayFailure, CommandThatIsNotDueIsADifference) {
  EXPECT_THAT(failure([] {
                play(in_line())
                    .event(ordered{"o1"})
                    .asks("payment", charge{"o1"})
                    .asks("payment", charge{"o1"});
              }),
              HasSubstr("actual:\n  > (nothing)\nit is running, outstanding: 'payment'"));
}

TEST(PlayFailure, UnnamedCommandFailsAtTheNextEventAndAtTheEnd) {
  const auto* text = "\nbecame due, and the script does not say so:"
                     "\n  > payment: charge {\"id\":\"o1\"}";
  EXPECT_THAT(failure([] { play(in_line()).event(ordered{"o1"}).event(charged{"p1"}); }),
              EndsWith(text));
  EXPECT_THAT(failure([] { play(in_line()).event(ordered{"o1"}).running(); }), EndsWith(text));
  EXPECT_THAT(failure([] { play(in_line()).event(ordered{"o1"}).asks_nothing(); }), EndsWith(text));
}

TEST(PlayFailure, UnnamedCloseFails) {
  EXPECT_THAT(failure([] {
                play(in_line())
                    .event(ordered{"o1"})
                    .asks("payment", charge{"o1"})
                    .times_out("payment")
                    .running();
              }),
              EndsWith("\n  > closes 'payment'"));
}

TEST(PlayFailure, ScriptBeginsWithTheStartEvent) {
  EXPECT_THAT(failure([] { play(in_line()).event(charged{"p1"}); }),
              HasSubstr("process 'in_line', before its first event\n"
                        "is started by 'ordered', not by 'charged'"));
  EXPECT_THAT(failure([] { play(in_line()).asks("payment", charge{}); }),
              HasSubstr("nothing has started it: begin with .event(ordered{...})"));
  EXPECT_THAT(failure([] { play(in_line()).completed(); }), HasSubstr("nothing has started it"));
}

TEST(PlayFailure, EventThatNothingWaitsForFails) {
  EXPECT_THAT(
      failure([] {
        play(in_line()).event(ordered{"o1"}).asks("payment", charge{"o1"}).event(reserved{});
      }),
      HasSubstr("'reserved' fits nothing that is outstanding; it is running, "
                "outstanding: 'payment'"));
}

auto branches() {
  return play(side_by_side())
      .event(ordered{"o1"})
      .asks("mail", greet{})
      .asks("payment", charge{"left of o1"})
      .asks("payment", charge{"right of o1"});
}

TEST(PlayFailure, AnswerThatFitsSeveralStepsAsksForTheName) {
  EXPECT_THAT(failure([] { branches().event(charged{}); }),
              HasSubstr("'charged' fits both 'left' and 'right': say .answers(step, event)"));
  EXPECT_THAT(failure([] { branches().acknowledges(); }),
              HasSubstr("an answer fits both 'left' and 'right': name the step"));
  EXPECT_THAT(failure([] { branches().rejects("no"); }), HasSubstr("name the step"));
}

TEST(PlayFailure, StepThatIsNotOutstandingCannotBeAnswered) {
  EXPECT_THAT(failure([] { branches().answers("middle", charged{}); }),
              HasSubstr("step 'middle' fits nothing that is outstanding"));
  EXPECT_THAT(failure([] { branches().fails_attempt("middle"); }), HasSubstr("step 'middle'"));
}

TEST(PlayFailure, OnlyWhatIsBeingClosedIsVoided) {
  EXPECT_THAT(failure([] { branches().voided("left"); }),
              HasSubstr("step 'left' is not being closed, so it cannot be voided"));
  EXPECT_THAT(failure([] { branches().closes("left"); }), HasSubstr("  > closes 'left'"));
}

TEST(PlayFailure, CloseHasNoAttempts) {
  EXPECT_THAT(failure([] {
                play(in_line())
                    .event(ordered{"o1"})
                    .asks("payment", charge{"o1"})
                    .times_out("payment")
                    .closes("payment")
                    .fails_attempt("payment");
              }),
              HasSubstr("step 'payment' is being closed, which is repeated for ever"));
}

TEST(PlayFailure, NoDeadlineNoTimeOut) {
  EXPECT_THAT(failure([] { branches().times_out("left"); }),
              HasSubstr("step 'left' has no deadline now; it is running"));
  EXPECT_THAT(failure([] { branches().times_out(); }),
              HasSubstr("the process has no deadline now"));
}

TEST(PlayFailure, AnotherEndIsADifference) {
  const auto refused = [] {
    return play(in_line())
        .event(ordered{"o1"})
        .asks("payment", charge{"o1"})
        .event(declined{"no"})
        .asks("shop", cancel{"no"})
        .rejects("unwilling");
  };
  EXPECT_THAT(failure([&] { refused().compensated(); }),
              HasSubstr("expected:\n  > compensated\nactual:\n"
                        "  > stuck: abort refused: unwilling"));
  EXPECT_THAT(failure([&] { refused().stuck("another reason"); }),
              HasSubstr("  > stuck: ...another reason...\nactual:\n"
                        "  > stuck: abort refused: unwilling"));
  EXPECT_THAT(failure([&] { refused().running(); }), HasSubstr("  > running"));
  EXPECT_THAT(failure([&] { branches().completed(); }),
              HasSubstr("  > completed\nactual:\n  > running, outstanding: 'left', 'right', "
                        "'hello'"));
}

TEST(PlayFailure, EndedProcessTakesNothingMore) {
  EXPECT_THAT(failure([] {
                play(side_by_side())
                    .event(ordered{"o1"})
                    .asks("mail", greet{})
                    .asks("payment", charge{"left of o1"})
                    .asks("payment", charge{"right of o1"})
                    .answers("left", charged{})
                    .event(charged{})
                    .acknowledges()
                    .event(charged{});
              }),
              EndsWith("'charged' fits nothing that is outstanding; it is completed"));
}

TEST(PlayFailure, MessagesWithoutJsonFailWhereverTheyStand) {
  const std::string bad = "\xFF";
  const auto* text = "the text is not valid UTF-8";
  EXPECT_THAT(failure([&] { play(in_line()).event(ordered{bad}); }), HasSubstr(text));
  EXPECT_THAT(failure([&] { play(in_line()).event(ordered{"o1"}).asks("payment", charge{bad}); }),
              HasSubstr(text));
  EXPECT_THAT(failure([&] { branches().answers("left", charged{bad}); }), HasSubstr(text));
  EXPECT_THAT(failure([&] { branches().rejects("left", bad); }), HasSubstr(text));
  EXPECT_THAT(failure([] { branches().event(message()); }), HasSubstr("fits nothing"));
}

TEST(PlayFailure, IsHandedOnceToTheInstalledHandlerAndEndsTheScript) {
  std::vector<std::string> reports;
  set_test_failure_handler([&](const std::string& text, const char* file, int line) {
    EXPECT_STREQ(file, __FILE__);
    reports.push_back(std::to_string(line) + ": " + text);
  });
  play(in_line()).event(unrelated{}).event(ordered{"o1"}).asks("x", greet{}).completed();
  const int line = __LINE__ - 1;
  set_test_failure_handler({});
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_THAT(reports[0], HasSubstr(std::to_string(line) + ": process 'in_line'"));
}

ensemble::process_definition approval() {
  return process<memory>("approval", "shop")
      .starts_on<ordered>([](memory& m, const ordered& e) { m.id = e.id; })
      .step("card")
      .awaits<charged>(&charged::payment, &memory::id)
      .awaits_failure<declined>(&declined::reason, &memory::id);
}

TEST(PlayFailure, AwaitedEventWithAnotherKeyNamesBoth) {
  EXPECT_THAT(failure([] { play(approval()).event(ordered{"o1"}).event(charged{"o2"}); }),
              HasSubstr("step 'card' awaits 'charged' with the key 'o1', not with 'o2'"));
}

TEST(PlayFailure, WhatIsAwaitedIsOutstandingToo) {
  EXPECT_THAT(failure([] { play(approval()).event(ordered{"o1"}).completed(); }),
              HasSubstr("running, outstanding: 'charged' for 'card', 'declined' for 'card'"));
  EXPECT_THAT(failure([] {
                play(approval()).event(ordered{"o1"}).event(charged{"o1"}).event(unrelated{});
              }),
              HasSubstr("it is completed"));
}

TEST(PlayFailure, NothingIsAskedClosedOrTimedOutBeforeTheStart) {
  const auto* text = "nothing has started it: begin with .event(ordered{...})";
  EXPECT_THAT(failure([] { play(in_line()).asks("payment", charge{"o1"}); }), HasSubstr(text));
  EXPECT_THAT(failure([] { play(in_line()).closes("payment"); }), HasSubstr(text));
  EXPECT_THAT(failure([] { play(in_line()).voided("payment"); }), HasSubstr(text));
}

TEST(PlayFailure, NothingIsVoidedThatIsNotOutstandingAndNothingClosedInAnothersName) {
  EXPECT_THAT(failure([] { branches().voided("middle"); }),
              HasSubstr("step 'middle' fits nothing that is outstanding"));
  const auto timed_out = [] {
    return play(in_line()).event(ordered{"o1"}).asks("payment", charge{"o1"}).times_out("payment");
  };
  EXPECT_THAT(failure([&] { timed_out().closes("stock"); }), HasSubstr("  > closes 'stock'"));
  EXPECT_THAT(failure([&] { timed_out().asks("payment", charge{"o1"}); }),
              HasSubstr("actual:\n  > closes 'payment'")); // a close is no command anew
}

TEST(PlayFailure, TheHandlerThatReturnsEndsTheScriptForEveryVerb) {
  std::size_t reports = 0;
  set_test_failure_handler([&](const std::string&, const char*, int) { ++reports; });
  play(in_line()).asks("payment", charge{"o1"}).asks("stock", charge{"o1"}).closes("payment");
  play(in_line()).event(unrelated{}).closes("payment").voided("payment").stuck("why");
  set_test_failure_handler({});
  EXPECT_EQ(reports, 2U);
}

} // namespace
} // namespace ensemble
