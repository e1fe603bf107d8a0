#include "model/testing_report.hpp"

#include <ensemble/testing.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <stdexcept>

namespace testing_samples {

struct pay {
  std::string order_id{};
  int amount{};
};
ENSEMBLE_MESSAGE(pay, 1, order_id, amount)
struct paid {
  std::string order_id{};
  int amount{};
};
ENSEMBLE_MESSAGE(paid, 1, order_id, amount)
struct noted {
  std::string text{};
};
ENSEMBLE_MESSAGE(noted, 1, text)

struct account {
  int balance{};
  void apply(const paid& e) { balance += e.amount; }
  void apply(const noted&) {}
};

ensemble::service_definition payment() {
  return ensemble::service<account>("payment").on<pay>(
      &pay::order_id, [](const account& a, const pay& c) -> ensemble::decision<paid, noted> {
        if (c.amount < 0) return ensemble::reject("negative");
        if (c.amount == 0) return {};
        return {paid{c.order_id, c.amount}, noted{std::to_string(a.balance)}};
      });
}

ensemble::service_definition card() {
  return ensemble::service("card").effect<pay>(
      &pay::order_id,
      [](const pay& c, const ensemble::effect_context& e) -> ensemble::decision<noted> {
        if (c.amount < 0) throw std::runtime_error("the line is dead");
        return noted{e.idempotency_key};
      });
}

/// A message whose hand-written reading forgets a field.
struct forgetful {
  std::string kept{};
  std::string lost{};
};
inline void ensemble_write_fields(ensemble::field_writer& w, const forgetful& v) {
  ensemble::detail::write_field(w, "kept", v.kept);
  ensemble::detail::write_field(w, "lost", v.lost);
}
inline void ensemble_read_fields(ensemble::field_reader& r, forgetful& v) {
  ensemble::detail::read_field(r, "kept", v.kept);
}
constexpr std::string_view ensemble_message_name(const forgetful*) { return "forgetful"; }
constexpr int ensemble_schema_version(const forgetful*) { return 1; }

ensemble::service_definition forgetting() {
  return ensemble::service("forgetting").on<pay>([](const pay& c) -> ensemble::decision<forgetful> {
    return forgetful{"a", c.amount > 0 ? "b" : ""};
  });
}

} // namespace testing_samples

namespace ensemble {
namespace {

using namespace testing_samples;

/// The text of the test_failure that the check throws.
template <class Check>
std::string failure(Check check) {
  try {
    check();
  } catch (const test_failure& e) {
    return e.what();
  }
  return "it passed";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Given, PassesWhenTheEventsAreThoseExpected) {
  given(payment()).when(pay{"o1", 5}).then(paid{"o1", 5}, noted{"0"});
  given(payment(), paid{"o1", 3}, noted{"x"}, paid{"o1", 4})
      .when(pay{"o1", 5})
      .then(paid{"o1", 5}, noted{"7"});
}

TEST(Given, PassesWhenTheRejectionIsThatExpected) {
  given(payment()).when(pay{"o1", -5}).then_rejected("negative");
}

TEST(Given, PassesWhenNothingWasExpectedAndDecided) {
  given(payment()).when(pay{"o1", 0}).then_nothing();
}

TEST(Given, TakesABuilderThatWasNotEnded) {
  given(service<account>("p").on<pay>([](const pay&) -> decision<paid> { return {}; }))
      .when(pay{})
      .then_nothing();
}

TEST(Given, EffectIsRunWithTheTestsIdempotencyKey) {
  given(card()).when(pay{"o1", 1}).then(noted{"test"});
  given(card()).when(pay{"o1", 1}, "key-1").then(noted{"key-1"});
}

TEST(Given, ExceptionOfTheHandlerIsHandedOn) {
  EXPECT_THROW((void)given(card()).when(pay{"o1", -1}), std::runtime_error);
}

/// Pays back what was noted as a number, if it is above zero.
service<account> paying_back() {
  return service<account>("payment")
      .on<pay>(&pay::order_id, [](const pay&) -> decision<paid> { return {}; })
      .reacts<noted>([](const noted& e) -> std::optional<pay> {
        const int amount = std::stoi(e.text);
        if (amount <= 0) return std::nullopt;
        return pay{amount > 100 ? "" : "o1", amount};
      });
}

TEST(Given, PolicyReactsWithItsCommandOrWithNothing) {
  given(paying_back()).event(noted{"7"}).reacts_with(pay{"o1", 7});
  given(paying_back()).event(noted{"0"}).reacts_with_nothing();
  EXPECT_TRUE(contains(failure([] {
                         given(paying_back()).event(noted{"7"}).reacts_with(pay{"o1", 8});
                       }),
                       "> pay {\"order_id\":\"o1\",\"amount\":7}"));
  EXPECT_TRUE(contains(failure([] { given(paying_back()).event(paid{}).reacts_with_nothing(); }),
                       "no policy on this event"));
  EXPECT_TRUE(
      contains(failure([] { given(paying_back()).event(noted{"101"}).reacts_with_nothing(); }),
               "its command: entity key"));
  EXPECT_THROW((void)given(paying_back()).event(noted{"no number"}), std::invalid_argument);
}

TEST(Given, PolicyWhoseCommandTheServiceDoesNotTakeIsABadDefinition) {
  const auto code_of = [](const auto& make) {
    try {
      (void)make();
    } catch (const error& e) {
      return e.code();
    }
    return errc::wrong_state;
  };
  const auto back = [](const noted&) { return pay{}; };
  EXPECT_EQ(
      code_of([&]() -> service_definition { return service<>("payment").reacts<noted>(back); }),
      errc::bad_definition);
  EXPECT_EQ(code_of([&] { return paying_back().reacts<noted>(back); }), errc::bad_definition);
}

TEST(Given, FailureNamesFileAndLineAndMarksTheFirstDifference) {
  const int line = __LINE__ + 2;
  const auto text = failure([] {
    given(payment(), paid{"o1", 3}).when(pay{"o1", 5}).then(paid{"o1", 5}, noted{"4"});
  });
  EXPECT_EQ(text, std::string(__FILE__) + ":" + std::to_string(line) +
                      R"(: service 'payment', given 1 event, when pay {"order_id":"o1","amount":5}
expected:
    paid {"order_id":"o1","amount":5}
  > noted {"text":"4"}
actual:
    paid {"order_id":"o1","amount":5}
  > noted {"text":"3"})");
}

TEST(Given, MissingAndFurtherEventsAreDifferences) {
  EXPECT_TRUE(contains(failure([] {
                         given(payment()).when(pay{"o1", 5}).then(paid{"o1", 5});
                       }),
                       "  > (nothing more)\nactual:\n    paid {\"order_id\":\"o1\",\"amount\":5}\n"
                       "  > noted {\"text\":\"0\"}"));
  EXPECT_TRUE(contains(failure([] {
                         given(payment()).when(pay{"o1", 0}).then(noted{"a"});
                       }),
                       "expected:\n  > noted {\"text\":\"a\"}\nactual:\n  > (nothing)"));
}

TEST(Given, SameEventsInAnotherOrderAreADifference) {
  EXPECT_NE(failure([] {
              given(payment()).when(pay{"a", 5}).then(noted{"0"}, paid{"a", 5});
            }),
            "it passed");
}

TEST(Given, RejectionIsNeverTakenForSomethingElse) {
  EXPECT_TRUE(contains(failure([] {
                         given(payment()).when(pay{"o1", -1}).then_nothing();
                       }),
                       "expected:\n  > (nothing)\nactual:\n  > rejected: 'negative'"));
  EXPECT_TRUE(contains(failure([] {
                         given(payment()).when(pay{"o1", -1}).then_rejected("no");
                       }),
                       "expected:\n  > rejected: 'no'\nactual:\n  > rejected: 'negative'"));
  EXPECT_TRUE(contains(failure([] {
                         given(payment()).when(pay{"o1", 0}).then_rejected("no");
                       }),
                       "  > (nothing)"));
}

TEST(Given, CommandThatTheServiceDoesNotTakeFails) {
  EXPECT_TRUE(contains(failure([] { given(payment()).when(noted{}).then_nothing(); }),
                       "when noted {\"text\":\"\"}\nthe service does not take this command"));
}

TEST(Given, EventThatIsNotOfTheServiceFails) {
  EXPECT_TRUE(contains(failure([] { given(card(), paid{}).when(pay{"o1"}).then_nothing(); }),
                       "the service has no event 'paid'"));
  EXPECT_TRUE(contains(failure([] { given(payment(), pay{}).when(pay{"o1"}).then_nothing(); }),
                       "the service has no event 'pay'"));
}

TEST(Given, BadEntityKeyFails) {
  EXPECT_TRUE(contains(failure([] {
                         given(payment()).when(pay{"", 1}).then_nothing();
                       }),
                       "entity key '': it is empty"));
}

TEST(Given, MessagesWithoutJsonFailWhereverTheyStand) {
  const std::string bad = "\xFF";
  EXPECT_TRUE(contains(failure([&] {
                         given(payment()).when(pay{bad, 1}).then_nothing();
                       }),
                       "when pay\npay: field 'order_id': the text is not valid UTF-8"));
  EXPECT_TRUE(contains(failure([&] {
                         given(payment(), noted{bad}).when(pay{"o1", 1}).then_nothing();
                       }),
                       "noted: field 'text': the text is not valid UTF-8"));
  EXPECT_TRUE(contains(failure([&] {
                         given(payment()).when(pay{"o1", 1}).then(noted{bad});
                       }),
                       "noted: field 'text': the text is not valid UTF-8"));
  EXPECT_TRUE(contains(failure([&] {
                         given(card()).when(pay{"o1", 1}, bad).then_nothing();
                       }),
                       "noted: field 'text': the text is not valid UTF-8"));
}

TEST(Given, OutcomeThatDoesNotComeBackFromItsJsonFails) {
  given(forgetting()).when(pay{"o1", 0}).then(forgetful{"a"});
  EXPECT_TRUE(contains(failure([] {
                         given(forgetting()).when(pay{"o1", 1}).then(forgetful{"a", "b"});
                       }),
                       "forgetful does not come back from its JSON\n"
                       "written:    {\"kept\":\"a\",\"lost\":\"b\"}\n"
                       "read again: {\"kept\":\"a\",\"lost\":\"\"}"));
}

class InstalledHandler : public ::testing::Test {
protected:
  void TearDown() override { set_test_failure_handler({}); }
};

TEST_F(InstalledHandler, IsCalledOnceInsteadOfThrowing) {
  std::vector<std::string> reports;
  set_test_failure_handler([&](const std::string& text, const char* file, int line) {
    EXPECT_STREQ(file, __FILE__);
    reports.push_back(std::to_string(line) + ": " + text);
  });
  given(payment(), pay{}).when(noted{}).then_rejected("no");
  const int line = __LINE__ - 1;
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0], std::to_string(line) +
                            ": service 'payment', given 1 event\nthe service has no event 'pay'");
  given(payment()).when(pay{"o1", 0}).then_nothing();
  EXPECT_EQ(reports.size(), 1U);
}

TEST_F(InstalledHandler, MayThrowAnotherException) {
  set_test_failure_handler(
      [](const std::string&, const char*, int) { throw std::logic_error("mine"); });
  EXPECT_THROW(given(payment()).when(pay{"o1", 0}).then(noted{}), std::logic_error);
}

TEST_F(InstalledHandler, TakenAwayItThrowsAgain) {
  set_test_failure_handler([](const std::string&, const char*, int) {});
  set_test_failure_handler({});
  EXPECT_NE(failure([] { given(payment()).when(pay{"o1", 0}).then(noted{}); }), "it passed");
}

TEST(Stored, AMessageWithoutATypeStandsForNothing) {
  const auto refusal = [](const message& m) -> std::string {
    try {
      (void)detail::stored(m);
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::bad_message);
      return e.what();
    }
    return "it was taken";
  };
  EXPECT_EQ(refusal({}), "an empty message stands for nothing");
  EXPECT_EQ(refusal(message::opaque("foreign", 1, "{}")), "'foreign' has no type here");
}

} // namespace
} // namespace ensemble
