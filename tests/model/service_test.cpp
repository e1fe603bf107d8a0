#include <ensemble/service.hpp>

#include <gtest/gtest.h>

#include <algorithm>

namespace service_samples {

struct pay {
  std::string order_id{};
  int amount{};
};
ENSEMBLE_MESSAGE(pay, 1, order_id, amount)
struct refund {
  std::string order_id{};
};
ENSEMBLE_MESSAGE(refund, 1, order_id)
struct paid {
  std::string order_id{};
  int amount{};
};
ENSEMBLE_MESSAGE(paid, 1, order_id, amount)
struct noted {
  std::string text{};
};
ENSEMBLE_MESSAGE(noted, 1, text)
struct refunded {};
ENSEMBLE_MESSAGE(refunded, 1)
struct paid_by_cheque {
  int pounds{};
};
ENSEMBLE_MESSAGE(paid_by_cheque, 1, pounds)

struct account {
  int balance{};
  void apply(const paid& e) { balance += e.amount; }
  void apply(const noted&) {}
  void apply(const refunded&) { balance = 0; }
  void apply(const paid_by_cheque& e) { balance += 100 * e.pounds; }
};

ensemble::decision<paid, noted> decide_pay(const account& a, const pay& c) {
  if (c.amount < 0) return ensemble::reject("a negative amount");
  if (c.amount == 0) return {};
  if (a.balance > 0) return {paid{c.order_id, c.amount}, noted{"once more"}};
  return paid{c.order_id, c.amount};
}

ensemble::service_definition payment() {
  return ensemble::service<account>("payment")
      .on<pay>(&pay::order_id, decide_pay)
      .on<refund>(
          [](const refund& c) { return "r-" + c.order_id; },
          [](const account&, const refund&) -> ensemble::decision<refunded> { return refunded{}; })
      .folds<paid_by_cheque>();
}

} // namespace service_samples

namespace ensemble {
namespace {

using namespace service_samples;

verdict decide(const service_definition& service, const std::vector<message>& history,
               const message& command) {
  auto state = service.initial();
  for (const auto& event : history) service.fold(state, event);
  return service.find(command.name())->decide(state, command);
}

/// What is thrown, as "code: text".
template <class Call>
std::string thrown(Call call) {
  try {
    call();
  } catch (const error& e) {
    return std::string(to_string(e.code())) + ": " + e.what();
  }
  return "nothing";
}

TEST(Service, DecidesOneEvent) {
  const auto decided = decide(payment(), {}, pay{"o1", 5});
  ASSERT_EQ(decided.events.size(), 1U);
  EXPECT_EQ(decided.events[0].as<paid>().amount, 5);
  EXPECT_FALSE(decided.rejected);
}

TEST(Service, DecidesSeveralEventsInOrder) {
  const auto decided = decide(payment(), {paid{"o1", 1}}, pay{"o1", 5});
  ASSERT_EQ(decided.events.size(), 2U);
  EXPECT_TRUE(decided.events[0].is<paid>());
  EXPECT_TRUE(decided.events[1].is<noted>());
}

TEST(Service, MayReject) {
  const auto decided = decide(payment(), {}, pay{"o1", -5});
  EXPECT_TRUE(decided.events.empty());
  ASSERT_TRUE(decided.rejected);
  EXPECT_EQ(decided.rejected->reason, "a negative amount");
}

TEST(Service, MayDecideNothing) {
  const auto decided = decide(payment(), {}, pay{"o1", 0});
  EXPECT_TRUE(decided.events.empty());
  EXPECT_FALSE(decided.rejected);
}

TEST(Service, StateFollowsFromEveryEventAlsoOldOnes) {
  const auto service = payment();
  auto state = service.initial();
  service.fold(state, paid{"o1", 7});
  service.fold(state, paid_by_cheque{2});
  EXPECT_EQ(std::any_cast<account>(state).balance, 207);
  service.fold(state, refunded{});
  EXPECT_EQ(std::any_cast<account>(state).balance, 0);
}

TEST(Service, EventsThatDoNotConcernItAreSkipped) {
  const auto service = payment();
  auto state = service.initial();
  service.fold(state, message::opaque("ensemble.voided", 1, "{}"));
  service.fold(state, pay{"o1", 7});
  EXPECT_EQ(std::any_cast<account>(state).balance, 0);
}

TEST(Service, EveryEntityBeginsAtTheSameState) {
  const auto service = payment();
  auto first = service.initial();
  service.fold(first, paid{"o1", 7});
  EXPECT_EQ(std::any_cast<account>(service.initial()).balance, 0);
}

TEST(Service, KeyIsAMemberOrAFunctionOfTheCommand) {
  const auto service = payment();
  EXPECT_EQ(service.find("pay")->key(pay{"o1", 1}), "o1");
  EXPECT_EQ(service.find("refund")->key(refund{"o1"}), "r-o1");
}

TEST(Service, WithoutAKeyTheInstanceIsTheEntity) {
  const service_definition service = ensemble::service<account>("payment").on<pay>(decide_pay);
  EXPECT_FALSE(service.find("pay")->key);
  EXPECT_TRUE(service.find("pay")->decide);
}

TEST(Service, StatelessDeciderTakesTheCommandAlone) {
  const service_definition service = ensemble::service("mail").on<refund>(
      [](const refund& c) -> decision<noted> { return noted{c.order_id}; });
  const auto decided = decide(service, {noted{"x"}}, refund{"o1"});
  EXPECT_EQ(decided.events.at(0).as<noted>().text, "o1");
  EXPECT_TRUE(service.folds.empty());
}

TEST(Service, EffectGetsTheIdempotencyKey) {
  const service_definition service = ensemble::service("card").effect<pay>(
      &pay::order_id, [](const pay& c, const effect_context& e) -> decision<paid, noted> {
        if (c.amount < 0) return reject("no");
        return {paid{c.order_id, c.amount}, noted{e.idempotency_key}};
      });
  const auto* handler = service.find("pay");
  EXPECT_FALSE(handler->decide);
  EXPECT_FALSE(handler->cancel);
  EXPECT_EQ(handler->key(pay{"o1"}), "o1");
  const auto done = handler->effect(pay{"o1", 3}, {"key-1"});
  EXPECT_EQ(done.events.at(1).as<noted>().text, "key-1");
  EXPECT_TRUE(handler->effect(pay{"o1", -3}, {"key-1"}).rejected);
}

TEST(Service, CancelIsToldTheCommandAndTheKey) {
  std::string cancelled;
  const service_definition service =
      ensemble::service("card")
          .effect<pay>([](const pay&, const effect_context&) -> decision<paid> { return {}; })
          .cancels<pay>([&](const pay& c, const effect_context& e) {
            cancelled = c.order_id + " " + e.idempotency_key;
          });
  service.find("pay")->cancel(pay{"o1"}, {"key-1"});
  EXPECT_EQ(cancelled, "o1 key-1");
}

TEST(Service, NamesItsOutcomesAndAllItsTypes) {
  const auto service = payment();
  const std::vector<const message_type*> outcomes{&type_of<paid>(), &type_of<noted>()};
  EXPECT_EQ(service.find("pay")->outcomes, outcomes);
  for (const auto* type : {&type_of<pay>(), &type_of<refund>(), &type_of<paid>(), &type_of<noted>(),
                           &type_of<refunded>(), &type_of<paid_by_cheque>()})
    EXPECT_TRUE(std::ranges::count(service.types, type)) << type->name;
}

TEST(Service, UnknownCommandHasNoHandler) { EXPECT_EQ(payment().find("paid"), nullptr); }

TEST(Service, CopyOfADefinitionIsAsGoodAsTheOriginal) {
  const auto original = payment();
  const auto copy = original; // NOLINT(performance-unnecessary-copy-initialization)
  EXPECT_EQ(decide(copy, {}, pay{"o1", 5}).events.size(), 1U);
  EXPECT_EQ(decide(original, {}, pay{"o1", 5}).events.size(), 1U);
}

TEST(ServiceDefinition, CommandTakenTwiceIsRefused) {
  EXPECT_EQ(thrown([] {
              (void)ensemble::service<account>("payment").on<pay>(decide_pay).on<pay>(decide_pay);
            }),
            "bad_definition: service 'payment': takes command 'pay' twice; leave one handler");
}

TEST(ServiceDefinition, NamesAreChecked) {
  for (const auto* name : {"a", "payment", "payment_2", "p9"})
    EXPECT_EQ(thrown([&] { (void)service(name); }), "nothing") << name;
  for (const auto* name : {"", "Payment", "2pay", "_p", "pay-ment", "pay.ment", "pay ment"})
    EXPECT_EQ(thrown([&] { (void)service(name); }).find("bad_definition: service '"), 0U) << name;
  EXPECT_EQ(thrown([] { (void)service(std::string(201, 'a')); }).find("bad_definition"), 0U);
}

TEST(ServiceDefinition, CancelsNeedsItsEffectBeforeIt) {
  const auto cancel = [](const pay&, const effect_context&) {};
  EXPECT_EQ(thrown([&] { (void)service("card").cancels<pay>(cancel); }),
            "bad_definition: service 'card': cancels<pay> needs an effect of that command "
            "before it");
  EXPECT_EQ(thrown([&] {
              (void)service<account>("card").on<pay>(decide_pay).cancels<pay>(cancel);
            }).find("bad_definition"),
            0U);
}

TEST(EntityKey, AnyPrintableTextWillDo) {
  const std::vector<std::string> keys{"o1",
                                      "4711",
                                      "a-b c/d",
                                      "gr\xC3\xBC\xC3\x9F",
                                      "\xF0\x9F\x98\x80",
                                      "\xC2\xA0",
                                      std::string(200, 'k')};
  for (const auto& key : keys) EXPECT_EQ(thrown([&] { detail::check_key(key); }), "nothing") << key;
}

TEST(EntityKey, WhatCannotStandInAStreamsNameIsRefused) {
  using namespace std::string_literals;
  const auto why = [](const std::string& key) { return thrown([&] { detail::check_key(key); }); };
  EXPECT_EQ(why(""), "bad_message: entity key '': it is empty; the command must name its entity");
  EXPECT_EQ(why("a\nb"), "bad_message: entity key 'a\\nb': it holds a control character");
  for (const auto& key : {"\0"s, "a\x7F"s, "\xC2\x80"s, "\xC2\x9F"s})
    EXPECT_NE(why(key).find("control character"), std::string::npos);
  for (const auto& key : {"\xFF"s, "a\xC3"s, "\xED\xA0\x80"s})
    EXPECT_NE(why(key).find("not valid UTF-8"), std::string::npos);
  EXPECT_NE(why(std::string(201, 'k')).find("longer than 200 bytes"), std::string::npos);
}

TEST(EntityKey, IsToldFromWhatIsNone) {
  EXPECT_TRUE(is_entity_key("order 7"));
  EXPECT_TRUE(is_entity_key(std::string(200, 'x')));
  for (const auto& text :
       {std::string(), std::string(201, 'x'), std::string("a\nb"), std::string("\xFF")})
    EXPECT_FALSE(is_entity_key(text)) << text;
}

} // namespace
} // namespace ensemble
