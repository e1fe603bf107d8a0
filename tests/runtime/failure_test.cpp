#include "runtime/bookshop.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>

namespace {

using namespace bookshop;
using namespace std::chrono_literals;
using ensemble::outcome_kind;

TEST(Failure, AHandlerThatThrowsIsTriedAgain) {
  till_switches s;
  s.throws = 2;
  ensemble::runtime r(in_memory());
  set_up(r, &s, {.attempts = 5, .first_delay = 1ms, .max_delay = 2ms});
  r.start();
  const auto receipt = r.send("shop", buy{"b1", 20}).get();
  EXPECT_EQ(r.await(receipt, 20s).kind, outcome_kind::completed);
  EXPECT_EQ(s.calls, 3);
  EXPECT_EQ(r.stats().attempts_failed, 2U);
}

TEST(Failure, ExhaustedAttemptsAreClosedThenCompensated) {
  till_switches s;
  s.throws = 1'000'000;
  ensemble::runtime r(in_memory());
  set_up(r, &s, {.attempts = 3, .first_delay = 1ms, .max_delay = 2ms});
  r.start();
  const auto receipt = r.send("shop", buy{"b1", 20}).get();
  const auto outcome = r.await(receipt, 20s);
  EXPECT_EQ(outcome.kind, outcome_kind::compensated);
  EXPECT_NE(outcome.reason.find("3 attempts"), std::string::npos) << outcome.reason;
  EXPECT_EQ(s.calls, 3);
  EXPECT_EQ(r.query<till_state>("till", "b1").get().refunds, 0); // voided, so nothing to undo
}

TEST(Failure, ARefusedUndoIsTriedAgainThenStuckAndCounted) {
  till_switches s;
  s.refuses_refunds = true;
  ensemble::runtime r(in_memory());
  set_up(r, &s, {.attempts = 3, .first_delay = 1ms, .max_delay = 2ms});
  r.start();
  const auto receipt = r.send("shop", buy{"unpackable-1", 20}).get();
  const auto outcome = r.await(receipt, 20s);
  EXPECT_EQ(outcome.kind, outcome_kind::stuck);
  EXPECT_NE(outcome.reason.find("no refunds today"), std::string::npos) << outcome.reason;
  EXPECT_EQ(r.stats().instances_stuck, 1U);
  EXPECT_EQ(r.stats().instances_open, 1U);
  EXPECT_EQ(r.await(receipt, 20s).kind, outcome_kind::stuck) << "also for those who ask later";
}

TEST(Failure, ARefusedLastWordIsStuck) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  const auto receipt = r.send("shop", buy{"unconfirmable-1", 20}).get();
  EXPECT_EQ(r.await(receipt, 20s).kind, outcome_kind::stuck);
}

TEST(Failure, ACallersCommandThatThrowsIsToldAndRecordsNothing) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  auto answer = r.send("shop", buy{"b1", -1});
  try {
    (void)answer.get();
    FAIL() << "no error";
  } catch (const ensemble::error& e) {
    EXPECT_EQ(e.code(), ensemble::errc::handler_failed);
    EXPECT_NE(std::string(e.what()).find("a price below zero"), std::string::npos) << e.what();
  }
  EXPECT_EQ(r.stats().events_appended, 0U);
  EXPECT_FALSE(r.send("shop", buy{"b1", 1}).get().refused());
}

TEST(Failure, AnOutcomeThatStartsNoProcessIsUnknown) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  const auto refused = r.send("shop", buy{"b1", 0}).get();
  EXPECT_EQ(r.await(refused, 10s).kind, outcome_kind::unknown);
}

/// A service whose handler throws whatever it is told to.
struct try_it {
  std::string id{};
};
struct tried {
  std::string id{};
};
ENSEMBLE_MESSAGE(try_it, 1, id)
ENSEMBLE_MESSAGE(tried, 1, id)

ensemble::outcome outcome_of_throwing(const std::function<void()>& thrower) {
  ensemble::runtime r(in_memory());
  r.host(shop())
      .host(ensemble::service<>("thrower").on<try_it>(
          &try_it::id,
          [thrower](const try_it& c) -> ensemble::decision<tried> {
            thrower();
            return tried{c.id};
          }))
      .orchestrate(ensemble::process<sale>("throwing", "shop")
                       .deadline(1h)
                       .starts_on<bought>([](sale& s, const bought& e) { s.id = e.id; })
                       .step("try")
                       .pivot()
                       .asks("thrower", [](const sale& s) { return try_it{s.id}; })
                       .succeeds_on<tried>()
                       .retries({.attempts = 3, .first_delay = 1ms, .max_delay = 2ms}));
  r.start();
  const auto outcome = r.await(r.send("shop", buy{"b1", 20}).get(), 20s);
  EXPECT_EQ(r.stats().actors_respawned, 0U);
  EXPECT_EQ(r.stats().attempts_failed, 3U);
  return outcome;
}

TEST(Failure, AReasonThatIsNoTextIsRecordedAllTheSame) {
  const auto outcome = outcome_of_throwing([] { throw std::runtime_error("caf\xe9 ferm\xe9"); });
  EXPECT_EQ(outcome.kind, outcome_kind::compensated);
  EXPECT_NE(outcome.reason.find("caf? ferm?"), std::string::npos) << outcome.reason;
}

TEST(Failure, AReasonWithoutEndIsCut) {
  const auto outcome =
      outcome_of_throwing([] { throw std::runtime_error(std::string(3'000'000, 'x')); });
  EXPECT_EQ(outcome.kind, outcome_kind::compensated);
  EXPECT_LT(outcome.reason.size(), 2'000U);
}

TEST(Failure, WhatIsNoExceptionIsCaughtToo) {
  const auto outcome = outcome_of_throwing([] { throw 42; });
  EXPECT_EQ(outcome.kind, outcome_kind::compensated);
  EXPECT_NE(outcome.reason.find("unknown kind"), std::string::npos) << outcome.reason;
}

TEST(Failure, ADefinitionThatThrowsAnythingIsStuck) {
  ensemble::runtime r(in_memory());
  r.host(shop()).host(till()).orchestrate(
      ensemble::process<sale>("throwing", "shop")
          .deadline(1h)
          .starts_on<bought>([](sale&, const bought&) { throw 42; })
          .step("pay")
          .pivot()
          .asks("till",
                [](const sale& s) {
                  return charge{s.id, s.price};
                })
          .succeeds_on<charged>());
  r.start();
  EXPECT_EQ(r.await(r.send("shop", buy{"b1", 20}).get(), 20s).kind, outcome_kind::stuck);
  EXPECT_EQ(r.stats().actors_respawned, 0U);
}

TEST(Failure, AServiceMayBeNamedLikeAnActor) {
  ensemble::runtime r(in_memory());
  r.host(ensemble::service<>("gateway").on<try_it>(
      &try_it::id, [](const try_it& c) -> ensemble::decision<tried> { return tried{c.id}; }));
  r.start();
  EXPECT_EQ(r.send("gateway", try_it{"a"}).get().events.size(), 1U);
}

} // namespace
