#include <ensemble/subscription.hpp>

#include <gtest/gtest.h>

namespace ensemble {
namespace {

struct happened {
  int n{};
};
ENSEMBLE_MESSAGE_NAMED(happened, "shop.happened", 1, n)

const auto nothing = [](const subscribed_event&) {};

template <class Make>
std::string refusal(Make make) {
  try {
    (void)make();
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::bad_definition);
    return e.what();
  }
  return "it was taken";
}

TEST(Topic, MatchesANameOrABeginning) {
  EXPECT_TRUE(topic("paid").matches("paid"));
  EXPECT_FALSE(topic("paid").matches("paid_twice"));
  EXPECT_TRUE(topic("paid*").matches("paid_twice"));
  EXPECT_TRUE(topic("pay_*").matches("pay_"));
  EXPECT_FALSE(topic("pay_*").matches("pay"));
  EXPECT_TRUE(topic("*").matches("shop.happened"));
}

TEST(Topic, LeavesTheEnginesMessagesOutUnlessTheyAreMeant) {
  EXPECT_FALSE(topic("*").matches("ensemble.command_rejected"));
  EXPECT_FALSE(topic("e*").matches("ensemble.command_rejected"));
  EXPECT_TRUE(topic("ensemble.*").matches("ensemble.command_rejected"));
  EXPECT_TRUE(topic("ensemble.command_rejected").matches("ensemble.command_rejected"));
}

TEST(Topic, WhatIsNoTopicIsRefused) {
  for (const auto* bad : {"", "Paid", "pa*d", "**", "pay *", "-"})
    EXPECT_THROW((void)topic(bad), error) << bad;
}

TEST(SubscriptionDefinition, TheExactHandlerComesBeforeTopicsAndTheFirstTopicBeforeOthers) {
  std::string called;
  const subscription_definition s =
      subscription("s")
          .on_topic("*", [&](const subscribed_event&) { called = "all"; })
          .on_topic("shop.*", [&](const subscribed_event&) { called = "shop"; })
          .on<happened>([&](const happened& e, const subscribed_event& at) {
            called = std::to_string(e.n) + at.idempotency_key;
          });
  const auto call = [&](message body) {
    recorded_event e;
    e.body = std::move(body);
    s.find(e.body.name())->handle({e, "k", 1});
    return called;
  };
  EXPECT_EQ(call(happened{3}), "3k");
  EXPECT_EQ(call(message::opaque("shop.other", 1, "{}")), "all");
  EXPECT_EQ(s.find("ensemble.command_rejected"), nullptr);
}

TEST(SubscriptionDefinition, EveryBadOneIsRefusedWithItsSentence) {
  using definition = subscription_definition;
  const auto some = [] { return subscription("s").on_topic("*", nothing); };
  EXPECT_NE(refusal([] { return subscription("S"); }).find("matches"), std::string::npos);
  const auto says = [&](const auto& make, const std::string& part) {
    const auto text = refusal([&]() -> definition { return make(); });
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  says([] { return subscription("s"); }, "handles nothing");
  says([&] { return some().on_topic("*", nothing); }, "handles '*' twice");
  says([&] { return some().on_topic("a*", {}); }, "needs a handler");
  says([&] { return some().workers(0); }, "workers");
  says([&] { return some().workers(1'001); }, "workers");
  says([&] { return some().window(0); }, "window");
  says([&] { return some().parks_at_most(0); }, "parks_at_most");
  says([&] { return some().checkpoint_every(std::chrono::seconds(-1)); }, "checkpoint_every");
  says([&] { return some().retries({.attempts = 0}); }, "attempts");
  says([&] { return some().retries({.first_delay = std::chrono::seconds(-1)}); }, "delays");
}

} // namespace
} // namespace ensemble
