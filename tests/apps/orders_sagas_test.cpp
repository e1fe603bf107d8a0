#include "apps/forged_journal.hpp"

#include <gtest/gtest.h>

namespace orders {
namespace {

using ensemble::direction;
using ensemble::instance_id;

/// The rules of the sagas (G2 to G5) that a journal breaks; money and stock are others' matter.
std::string broken(const std::function<void(forged_journal&, instance_id)>& write) {
  forged_journal j;
  write(j, j.created("o1"));
  std::string rules;
  const auto report = j.report();
  for (const auto& [rule, count] : report.found.counts())
    if (rule[0] == 'G') rules += (rules.empty() ? "" : " ") + rule;
  return rules;
}

TEST(SagaTrace, TakesEveryWayThroughTheProcess) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.declined(i, "o1");
              j.cancelled(i, "o1", "payment declined");
            }),
            "");
  EXPECT_EQ(broken([](auto& j, auto) {
              j.fulfilled("o2");
              j.compensated("o3");
            }),
            "");
}

TEST(SagaTrace, TakesAStepThatWasVoided) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.authorised(i, "o1");
              j.noted(i, "ensemble.step_timed_out");
              j.voided(i, "stock", "stock-a");
              j.refunded(i, "o1");
              j.cancelled(i, "o1", "not fulfilled in time");
            }),
            "");
}

TEST(SagaTrace, TakesADoThatLandedBeforeItsClose) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.authorised(i, "o1");
              j.noted(i, "ensemble.process_timed_out");
              j.reserved(i, "o1");
              j.released(i, "o1");
              j.refunded(i, "o1");
              j.cancelled(i, "o1", "not fulfilled in time");
            }),
            "");
}

TEST(SagaTrace, TakesRefusalsAfterThePivotAndRefusedUndos) {
  const auto refused = ensemble::message::opaque("ensemble.command_rejected", 1, "{}");
  EXPECT_EQ(broken([&](auto& j, auto i) {
              j.authorised(i, "o1");
              j.reserved(i, "o1");
              j.shipped(i, "o1");
              j.forward(i, "dispatch", "stock-a", refused);
              j.forward(i, "dispatch", "stock-a", item_dispatched{"o1", "a", 3, 97}, 1);
              j.confirmed(i, "o1");
            }),
            "");
}

TEST(SagaTrace, TakesNotesOfTheEngineAtAnyTime) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.declined(i, "o1");
              j.cancelled(i, "o1", "payment declined");
              j.noted(i, "ensemble.attempt_failed");
            }),
            "");
}

void skip_requested(forged_journal& j, instance_id i, const std::string& step, direction d) {
  j.add("order_fulfilment-" + to_string(i),
        ensemble::message::opaque("ensemble.skip_requested", 1, "{}"), {}, i, step, d);
}

TEST(SagaTrace, TakesAStepThatAnOperatorSkipped) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              skip_requested(j, i, "payment", direction::forward);
              j.voided(i, "payment", "payment-o1");
              j.reserved(i, "o1");
              j.shipped(i, "o1");
              j.dispatched(i, "o1");
              j.confirmed(i, "o1");
            }),
            "");
}

TEST(SagaTrace, TakesAnUndoThatAnOperatorSkipped) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.authorised(i, "o1");
              j.voided(i, "stock", "stock-a");
              skip_requested(j, i, "payment", direction::undo);
              j.undo(i, "payment", "payment-o1",
                     ensemble::message::opaque("ensemble.command_voided", 1, "{}"));
              j.cancelled(i, "o1", "why");
            }),
            "");
}

TEST(SagaTrace, G4SeesAStepThatWasVoidedWithoutASkip) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              skip_requested(j, i, "stock", direction::forward);
              j.voided(i, "payment", "payment-o1");
              j.confirmed(i, "o1");
            }),
            "G4");
}

TEST(SagaTrace, G2SeesAStepBeforeItsTurn) {
  EXPECT_EQ(broken([](auto& j, auto i) { j.reserved(i, "o1"); }), "G2");
}

TEST(SagaTrace, G2SeesAnUndoAfterThePivot) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.authorised(i, "o1");
              j.reserved(i, "o1");
              j.shipped(i, "o1");
              j.released(i, "o1");
            }),
            "G2");
}

TEST(SagaTrace, G2SeesACancellationAfterThePivot) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.authorised(i, "o1");
              j.reserved(i, "o1");
              j.shipped(i, "o1");
              j.cancelled(i, "o1", "why not");
            }),
            "G2 G4");
}

TEST(SagaTrace, G2SeesWorkAfterTheLastWord) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.declined(i, "o1");
              j.cancelled(i, "o1", "payment declined");
              j.authorised(i, "o1");
            }),
            "G2");
}

TEST(SagaTrace, G2SeesAStepThatSucceedsAfterItFailed) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.declined(i, "o1");
              j.forward(i, "payment", "payment-o1", payment_authorised{"o1", "p", money{300}}, 1);
            }),
            "G2");
}

TEST(SagaTrace, G2SeesAnOutcomeOfNothing) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.forward(i, "gift_wrap", "stock-a", item_reserved{"o1", "a", 3, 97});
            }),
            "G2");
}

TEST(SagaTrace, G3SeesASecondEffect) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.authorised(i, "o1");
              j.authorised(i, "o1");
            }),
            "G3");
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.authorised(i, "o1");
              j.forward(i, "payment", "payment-o1", payment_authorised{"o1", "p", money{300}}, 1);
            }),
            "G3");
}

TEST(SagaTrace, G3SeesAnIdThatIsNotTheCommands) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.add("payment-o1", payment_authorised{"o1", "p", money{300}},
                    ensemble::command_id::of(1, 2), i, "payment", direction::forward);
            }),
            "G3");
}

TEST(SagaTrace, G4SeesAnEffectAfterItsClose) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.voided(i, "payment", "payment-o1");
              j.forward(i, "payment", "payment-o1", payment_authorised{"o1", "p", money{300}}, 1);
            }),
            "G4");
}

TEST(SagaTrace, G4SeesWhatWasNotUndone) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.authorised(i, "o1");
              j.voided(i, "stock", "stock-a");
              j.cancelled(i, "o1", "why");
            }),
            "G4");
}

TEST(SagaTrace, G4SeesAnUndoOfNothingAndASecondOne) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.declined(i, "o1");
              j.refunded(i, "o1");
            }),
            "G4");
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.authorised(i, "o1");
              j.voided(i, "stock", "stock-a");
              j.refunded(i, "o1");
              j.refunded(i, "o1");
            }),
            "G3");
}

TEST(SagaTrace, G4SeesACompletionThatIsNone) {
  EXPECT_EQ(broken([](auto& j, auto i) { j.confirmed(i, "o1"); }), "G4");
}

TEST(SagaTrace, G5SeesUndosInTheWrongOrder) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.authorised(i, "o1");
              j.reserved(i, "o1");
              j.shipping_refused(i, "o1");
              j.refunded(i, "o1");
              j.released(i, "o1");
              j.cancelled(i, "o1", "why");
            }),
            "G5");
}

TEST(SagaTrace, G5SeesAStepThatBeginsOnTheWayBack) {
  EXPECT_EQ(broken([](auto& j, auto i) {
              j.authorised(i, "o1");
              j.refunded(i, "o1");
              j.reserved(i, "o1");
            }),
            "G5");
}

} // namespace
} // namespace orders
