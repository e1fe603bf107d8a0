#include "runtime/bank.hpp"
#include "runtime/runtime_access.hpp"
#include "runtime/temporary_folder.hpp"
#include "runtime/tested_mode.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <map>
#include <random>
#include <string>
#include <vector>

// Rule 12: commands over several entities, in a runtime.

namespace {

using namespace bank;
using namespace std::chrono_literals;
using ensemble::errc;
using ensemble::receipt;

struct SeveralAtOnce : testing::Test {
  void start(ensemble::runtime_options options = {}) {
    r = std::make_unique<ensemble::runtime>(std::move(options));
    r->host(bank::service());
    r->start();
  }
  int balance(const std::string& account) {
    return r->query<bank::account>("bank", account).get().balance;
  }
  std::unique_ptr<ensemble::runtime> r;
};

template <class F>
errc code_of(F what) {
  try {
    what();
  } catch (const ensemble::error& e) {
    return e.code();
  }
  ADD_FAILURE() << "nothing was thrown";
  return {};
}

TEST_F(SeveralAtOnce, AreAppendedTogetherAndTheReceiptHasAllEvents) {
  start();
  const auto got = r->send("bank", pay_all{{"b", "a", "c"}, 10}).get();
  EXPECT_EQ(got.stream, "bank-b");
  EXPECT_EQ(got.stream_length, 1U);
  ASSERT_EQ(got.events.size(), 3U);
  const std::vector<std::string> streams{"bank-b", "bank-a", "bank-c"};
  for (std::size_t n = 0; n < 3; ++n) {
    const auto& e = got.events[n];
    EXPECT_EQ(e.stream, streams[n]);
    EXPECT_EQ(e.version.value, 0U);
    EXPECT_EQ(e.index, n);
    EXPECT_EQ(e.last, n == 2);
    EXPECT_EQ(e.position.value, got.events[0].position.value + n);
    EXPECT_EQ(e.command(), got.command);
  }
  EXPECT_EQ(balance("a"), 110);
  EXPECT_EQ(balance("b"), 80);
  EXPECT_EQ(balance("c"), 110);
}

TEST_F(SeveralAtOnce, ARepeatIsAnsweredAsBeforeAlsoWithoutAnEventForTheHome) {
  const temporary_folder folder;
  ensemble::runtime_options options;
  options.journal = folder.file("journal.db");
  start(options);
  const give_all command{{"home", "a", "b"}, 7};
  const auto first = r->send("bank", command, {.idempotency_key = "k"}).get();
  EXPECT_EQ(first.stream, "bank-home");
  EXPECT_EQ(first.stream_length, 1U) << "the acknowledgement";
  ASSERT_EQ(first.events.size(), 2U);
  EXPECT_EQ(first.events[0].index, 1U);
  for (const bool restarted : {false, true}) {
    if (restarted) start(options);
    const auto again = r->send("bank", command, {.idempotency_key = "k"}).get();
    EXPECT_TRUE(again.repeated);
    ASSERT_EQ(again.events.size(), 2U);
    EXPECT_EQ(again.events[1].position, first.events[1].position);
    EXPECT_EQ(again.events[1].stream, "bank-b");
    EXPECT_EQ(again.stream_length, 1U);
    EXPECT_EQ(balance("b"), 107);
    EXPECT_EQ(balance("home"), 100);
    if (!restarted) r.reset();
  }
}

TEST_F(SeveralAtOnce, ARefusalAndAnAcknowledgementStandOnTheHomeAlone) {
  start();
  const auto refused = r->send("bank", pay_all{{"a", "b", "c"}, 51}).get();
  EXPECT_EQ(refused.refusal, "too poor");
  EXPECT_EQ(refused.stream, "bank-a");
  EXPECT_EQ(refused.stream_length, 1U);
  const auto nothing = r->send("bank", pay_all{{"a", "b"}, 0}).get();
  EXPECT_TRUE(nothing.events.empty());
  EXPECT_FALSE(nothing.refused());
  EXPECT_EQ(nothing.stream_length, 2U);
  EXPECT_EQ(r->send("bank", pay_all{{"b", "c"}, 1}).get().stream_length, 1U);
}

TEST_F(SeveralAtOnce, BadKeysAreRefused) {
  start();
  for (const auto& keys : {std::vector<std::string>{}, std::vector<std::string>{"a", "a"},
                           std::vector<std::string>{"a", ""}})
    EXPECT_EQ(code_of([&] { (void)r->send("bank", pay_all{keys, 1}); }), errc::bad_message);
  EXPECT_EQ(code_of([&] {
              (void)r->send("bank", give_all{{"a", "b"}, -1}).get();
            }),
            errc::handler_failed)
      << "an event on a key that is not the command's";
  EXPECT_EQ(code_of([&] {
              (void)r->send("bank", give_all{{"a", "b"}, 13}).get();
            }),
            errc::handler_failed);
  EXPECT_EQ(r->stats().events_appended, 0U);
  EXPECT_EQ(r->send("bank", pay_all{{"a", "b"}, 1}).get().events.size(), 2U) << "it goes on";
}

TEST_F(SeveralAtOnce, AThousandAreOneAppend) {
  ensemble::runtime_options options;
  options.cached_entities = 10; // those in use stay nevertheless
  start(options);
  pay_all command{{}, 0};
  for (int n = 0; n < 1000; ++n) command.accounts.push_back("n" + std::to_string(n));
  (void)r->send("bank", give_all{{"elsewhere", "n0"}, 999}).get();
  command.amount = 1;
  const auto got = r->send("bank", command, {.idempotency_key = "k"}).get();
  ASSERT_EQ(got.events.size(), 1000U);
  EXPECT_EQ(balance("n0"), 100);
  EXPECT_EQ(balance("n999"), 101);
  EXPECT_EQ(r->send("bank", command, {.idempotency_key = "k"}).get().events.size(), 1000U)
      << "read over several pages";
}

/// Sends many payments among few accounts, in every order of them; the state that the receipts
/// tell must be the state that is there.
void pay_around(ensemble::runtime& r, const std::function<void(int)>& meanwhile) {
  std::mt19937 chance(7);
  const auto draw = [&](int n) { return static_cast<int>(chance() % static_cast<unsigned>(n)); };
  std::vector<pay_all> commands;
  std::vector<std::future<receipt>> all;
  for (int n = 0; n < 1500; ++n) {
    pay_all c{{"a", "b", "c", "d", "e"}, draw(40)};
    std::shuffle(c.accounts.begin(), c.accounts.end(), chance);
    c.accounts.resize(static_cast<std::size_t>(2 + draw(3)));
    commands.push_back(c);
    all.push_back(r.send("bank", c, {.idempotency_key = std::to_string(n)}));
    meanwhile(n);
  }
  std::map<std::string, int> expected{{"a", 100}, {"b", 100}, {"c", 100}, {"d", 100}, {"e", 100}};
  int refused = 0;
  for (std::size_t n = 0; n < all.size(); ++n) {
    receipt got;
    for (bool first = true;; first = false) {
      try {
        const ensemble::send_options key{.idempotency_key = std::to_string(n)};
        got = first ? all[n].get() : r.send("bank", commands[n], key).get();
        break;
      } catch (const ensemble::error& e) { // who would have told has died
        ASSERT_EQ(e.code(), errc::unknown_outcome) << e.what();
      }
    }
    refused += got.refused() ? 1 : 0;
    for (const auto& e : got.events) {
      const auto& b = e.body.as<booked>();
      expected.at(b.account) += b.amount;
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 1500);
  for (const auto& [key, balance] : expected) {
    EXPECT_EQ(r.query<account>("bank", key).get().balance, balance);
    EXPECT_GE(balance, 0);
  }
}

TEST_F(SeveralAtOnce, HotOnesAreNeverOverdrawnWhateverTheOrderOfTheKeys) {
  ensemble::runtime_options options;
  options.cached_entities = 1;
  start(options);
  pay_around(*r, [](int) {});
  EXPECT_LT(r->stats().commits, 1500U) << "one commit a command";
}

TEST_F(SeveralAtOnce, NothingIsLostOrDoubledWhenActorsDie) {
  for (const auto* role : {"bank", "journal writer", "journal reader", "caller gateway"}) {
    SCOPED_TRACE(role);
    const temporary_folder folder;
    ensemble::runtime_options options;
    options.journal = folder.file("journal.db");
    options.deaths_borne = 1'000'000;
    start(options);
    pay_around(*r, [&](int n) {
      if (n % 100 == 50) ensemble::runtime_access::kill(*r, role);
    });
  }
}

struct wish {
  std::string id{};
  int amount{};
};
struct wished {
  std::string id{};
  int amount{};
};
struct end_wish {
  std::string id{};
};
struct wish_ended {
  std::string id{};
};
ENSEMBLE_MESSAGE(wish, 1, id, amount)
ENSEMBLE_MESSAGE(wished, 1, id, amount)
ENSEMBLE_MESSAGE(end_wish, 1, id)
ENSEMBLE_MESSAGE(wish_ended, 1, id)

ensemble::service_definition wishes() {
  return ensemble::service<>("wish")
      .on<wish>(&wish::id,
                [](const wish& c) -> ensemble::decision<wished> {
                  return wished{c.id, c.amount};
                })
      .on<end_wish>(&end_wish::id, [](const end_wish& c) -> ensemble::decision<wish_ended> {
        return wish_ended{c.id};
      });
}

/// A step over several entities: no event on its home, and closed when it fails.
ensemble::process_definition granting() {
  return ensemble::process<wished>("granting", "wish")
      .deadline(1h)
      .starts_on<wished>([](wished& w, const wished& e) { w = e; })
      .step("give")
      .pivot()
      .asks("bank",
            [](const wished& w) {
              return give_all{{"home", w.id, "x"}, w.amount};
            })
      .succeeds_on<booked>()
      .retries({.attempts = 2, .first_delay = 1ms, .max_delay = 2ms})
      .aborts<wish_ended>([](const wished& w) { return end_wish{w.id}; });
}

TEST_F(SeveralAtOnce, AreAStepOfAProcessAndAClosedOneIsVoidedOnItsHome) {
  r = std::make_unique<ensemble::runtime>();
  add_process(r->host(bank::service()).host(wishes()), granting());
  r->start();
  const auto granted = r->await(r->send("wish", wish{"w1", 5}).get(), 20s);
  EXPECT_EQ(granted.kind, ensemble::outcome_kind::completed) << granted.reason;
  EXPECT_EQ(balance("w1"), 105);
  const auto failed = r->await(r->send("wish", wish{"w2", 13}).get(), 20s);
  EXPECT_EQ(failed.kind, ensemble::outcome_kind::compensated) << failed.reason;
  EXPECT_EQ(balance("w2"), 100);
  EXPECT_EQ(r->send("bank", pay_all{{"home", "w1"}, 0}).get().stream_length, 3U)
      << "an acknowledgement, the void, and this";
}

} // namespace
