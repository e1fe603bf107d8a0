#include "runtime/runtime_access.hpp"
#include "runtime/subscription_checks.hpp"
#include "runtime/temporary_folder.hpp"

#include <ensemble/ensemble.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <random>
#include <thread>

namespace {

using namespace ensemble;
using namespace std::chrono_literals;
using subscription_checks::concerned;
using subscription_checks::record;

struct count_up {
  std::string counter{};
  int n{};
};
struct counted {
  std::string counter{};
  int n{};
};
struct ignored {
  std::string counter{};
};
ENSEMBLE_MESSAGE(count_up, 1, counter, n)
ENSEMBLE_MESSAGE(counted, 1, counter, n)
ENSEMBLE_MESSAGE(ignored, 1, counter)

service_definition counters() {
  return service<>("counter").on<count_up>(&count_up::counter,
                                           [](const count_up& c) -> decision<counted, ignored> {
                                             if (c.n % 5 == 4) return ignored{c.counter};
                                             return counted{c.counter, c.n};
                                           });
}

/// A handler that a test may watch and disturb, and what it saw in all lives of its runtime.
struct watched {
  record seen{};
  std::mutex mutex{};
  std::set<int> poison{};               ///< numbers that it throws at
  std::mt19937 random{2026};            ///< the seed of its other failures
  std::atomic<unsigned> failures_in{0}; ///< one call in so many fails; 0: none
  std::shared_future<void> gate{};      ///< it waits for that

  void operator()(const counted& e, const subscribed_event& at) {
    const auto position = at.event.position.value;
    seen.began(position, at.idempotency_key);
    if (gate.valid()) gate.wait();
    bool fails = false;
    {
      const std::lock_guard lock(mutex);
      fails = poison.contains(e.n) || (failures_in > 0 && random() % failures_in == 0);
    }
    if (fails) {
      seen.failed(position);
      throw std::runtime_error("poison " + std::to_string(e.n));
    }
    seen.handled(position);
  }
};

subscription watching(watched& w) {
  return subscription("watcher").on<counted>(
      [&w](const counted& e, const subscribed_event& at) { w(e, at); });
}

constexpr int attempts = 3;
constexpr retry_policy quick{
    .attempts = attempts, .attempt_within = {}, .first_delay = 1ms, .max_delay = 2ms};

/// Gives the commands number `from` to `to` and returns what the subscription should see.
concerned count(runtime& r, int from, int to, int counters_in_all = 10) {
  std::vector<std::future<receipt>> all;
  for (int n = from; n < to; ++n)
    all.push_back(r.send("counter", count_up{"c" + std::to_string(n % counters_in_all), n},
                         {.idempotency_key = "n" + std::to_string(n)}));
  concerned made;
  for (int n = from; n < to; ++n) {
    receipt got;
    for (auto* at = &all[static_cast<std::size_t>(n - from)];;) {
      try {
        got = at->get();
        break;
      } catch (const error&) { // its gateway is never killed here, but the writer may be slow
        *at = r.send("counter", count_up{"c" + std::to_string(n % counters_in_all), n},
                     {.idempotency_key = "n" + std::to_string(n)});
      }
    }
    for (const auto& e : got.events)
      if (e.body.is<counted>()) made[e.position.value] = e.stream;
  }
  return made;
}

bool eventually(const std::function<bool()>& holds) {
  for (int n = 0; n < 20'000; ++n) {
    if (holds()) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

/// Waits until everything that the journal holds is handled or parked.
bool quiet(runtime& r, const char* subscription = "watcher") {
  return eventually([&] { return r.stats(subscription).behind == 0; });
}

void note_checkpoint(runtime& r, watched& w) {
  const auto checkpoint = r.stats("watcher").checkpoint;
  std::set<std::uint64_t> rows;
  for (const auto& row : r.parked("watcher", 100'000)) rows.insert(row.position.value);
  w.seen.checkpoint(checkpoint.value, std::move(rows));
}

void expect_rules(const watched& w, const concerned& all,
                  const std::vector<parked_event>& parked = {}) {
  const auto found = faults(w.seen, all, parked, attempts);
  EXPECT_TRUE(found.empty()) << found.size() << " faults, the first: " << found.front();
}

runtime_options on(const std::string& journal) {
  runtime_options options;
  options.journal = journal;
  options.durability = durability::relaxed;
  options.deaths_borne = 1'000;
  return options;
}

TEST(Subscription, ASlowOneFallsBackToTheJournalAndSeesEverythingInOrder) {
  watched w;
  std::promise<void> gate;
  w.gate = gate.get_future().share();
  runtime r;
  r.host(counters()).subscribe(watching(w).workers(3).window(4));
  r.start();
  auto all = count(r, 0, 150);
  all.merge(count(r, 150, 300));
  EXPECT_LT(r.stats("watcher").handled, 4U);
  EXPECT_GT(r.stats("watcher").behind, 200U);
  gate.set_value();
  ASSERT_TRUE(quiet(r));
  EXPECT_EQ(r.stats("watcher").handled, 240U);
  expect_rules(w, all);
}

TEST(Subscription, WorkersShareTheWorkAndAKeyIsNeverAtWorkTwice) {
  watched w;
  std::promise<void> gate;
  w.gate = gate.get_future().share();
  runtime r;
  r.host(counters()).subscribe(watching(w).workers(4));
  r.start();
  const auto all = count(r, 0, 100);
  const auto began = [&] {
    std::size_t count = 0;
    for (const auto& e : w.seen.entries()) count += e.what == record::entry::kind::began ? 1 : 0;
    return count;
  };
  EXPECT_TRUE(eventually([&] { return began() == 4; })) << began() << " began";
  gate.set_value();
  ASSERT_TRUE(quiet(r));
  expect_rules(w, all);
}

TEST(Subscription, KeepsOrderAlongTheFlowWhereThatIsItsKey) {
  watched w;
  runtime r;
  r.host(counters()).subscribe(watching(w).workers(4).ordered_by(order_key::correlation));
  r.start();
  concerned all;
  std::vector<std::future<receipt>> sent;
  for (int n = 0; n < 200; ++n) // each flow runs through all streams
    sent.push_back(r.send("counter", count_up{"c" + std::to_string(n % 7), n},
                          {.correlation = correlation_id::of(1, 1 + n % 5U)}));
  for (auto& s : sent) {
    const auto got = s.get();
    for (const auto& e : got.events)
      if (e.body.is<counted>()) all[e.position.value] = to_string(e.origin.correlation);
  }
  ASSERT_TRUE(quiet(r));
  expect_rules(w, all);
}

TEST(Subscription, AHandlerThatThrowsIsCalledAgain) {
  watched w;
  w.failures_in = 4; // mostly healed by the second or third attempt; else parked, and redriven
  runtime r;
  r.host(counters()).subscribe(watching(w).workers(4).retries(quick));
  r.start();
  const auto all = count(r, 0, 300);
  ASSERT_TRUE(quiet(r));
  EXPECT_GT(r.stats("watcher").retried, 20U);
  expect_rules(w, all, r.parked("watcher", 1'000));
  w.failures_in = 0;
  (void)r.redrive("watcher").get();
  EXPECT_TRUE(r.parked("watcher").empty());
  expect_rules(w, all);
}

TEST(Subscription, PoisonIsParkedWithTheLaterOnesOfItsKeyAndRedrivenAfterTheFix) {
  const temporary_folder folder;
  watched w;
  w.poison = {22};
  concerned all;
  {
    runtime r(on(folder.file("j.db")));
    r.host(counters()).subscribe(watching(w).workers(2).retries(quick));
    r.start();
    all = count(r, 0, 100);
    ASSERT_TRUE(quiet(r));
    const auto parked = r.parked("watcher");
    ASSERT_EQ(parked.size(), 8U); // of c2: 22, and 32 to 92
    EXPECT_EQ(parked[0].event, "counted");
    EXPECT_EQ(parked[0].stream, "counter-c2");
    EXPECT_EQ(parked[0].cause, "poison 22");
    EXPECT_EQ(parked[0].attempts, attempts);
    EXPECT_EQ(parked[1].cause, "behind position " + std::to_string(parked[0].position.value));
    EXPECT_EQ(parked[1].attempts, 0);
    EXPECT_EQ(r.parked("watcher", 2, parked[3].position)[0].position, parked[4].position);
    note_checkpoint(r, w);
    expect_rules(w, all, parked);
    const auto report = r.redrive("watcher", parked[5].position).get();
    EXPECT_EQ(report.handled, 0U) << "the poison is the first of that key";
    EXPECT_EQ(report.still_parked, 8U);
    EXPECT_EQ(r.parked("watcher")[0].attempts, 2 * attempts);
  }
  w.poison.clear(); // the fixed program
  runtime r(on(folder.file("j.db")));
  r.host(counters()).subscribe(watching(w).workers(2).retries(quick));
  r.start();
  all.merge(count(r, 100, 120));
  ASSERT_TRUE(quiet(r));
  EXPECT_EQ(r.stats("watcher").parked, 10U) << "new ones of that key, too";
  EXPECT_EQ(r.redrive("watcher", position{1}).get().handled, 0U) << "not parked";
  const auto report = r.redrive("watcher").get();
  EXPECT_EQ(report.handled, 10U);
  EXPECT_EQ(report.still_parked, 0U);
  EXPECT_EQ(r.redrive("watcher").get().handled, 0U) << "asked twice";
  all.merge(count(r, 120, 140));
  ASSERT_TRUE(quiet(r));
  EXPECT_TRUE(r.parked("watcher").empty()) << "new ones flow again";
  expect_rules(w, all);
}

TEST(Subscription, ARestartGoesOnFromTheCheckpoint) {
  const temporary_folder folder;
  watched w;
  w.failures_in = 20;
  concerned all;
  for (int life = 0; life < 6; ++life) {
    runtime r(on(folder.file("j.db")));
    r.host(counters())
        .subscribe(watching(w).workers(3).window(20).retries(quick).checkpoint_every(5ms));
    r.start();
    all.merge(count(r, life * 60, life * 60 + 60));
    note_checkpoint(r, w);
    if (life % 2 == 1) {
      ASSERT_TRUE(quiet(r));
    }
    r.stop();
  }
  runtime r(on(folder.file("j.db")));
  r.host(counters()).subscribe(watching(w).retries(quick));
  r.start();
  ASSERT_TRUE(quiet(r));
  w.failures_in = 0;
  (void)r.redrive("watcher").get();
  note_checkpoint(r, w);
  expect_rules(w, all, r.parked("watcher"));
}

TEST(Subscription, AQuietStopLeavesNothingToHandleAgain) {
  const temporary_folder folder;
  watched w;
  for (int life = 0; life < 2; ++life) {
    runtime r(on(folder.file("j.db")));
    r.host(counters()).subscribe(watching(w));
    r.start();
    const auto all = count(r, 0, 50); // the second time they are only repeats
    ASSERT_TRUE(quiet(r));
    EXPECT_EQ(r.stats("watcher").handled, life == 0 ? 40U : 0U);
    if (life == 0) expect_rules(w, all);
  }
}

TEST(Subscription, WhatFailsOnlyBecauseTheRuntimeStopsIsNotParked) {
  const temporary_folder folder;
  std::atomic<int> handled{0};
  std::atomic<int> calls{0};
  for (int life = 0; life < 2; ++life) {
    runtime r(on(folder.file("j.db")));
    r.host(counters())
        .subscribe(subscription("watcher")
                       .on<counted>([&](const counted&) {
                         ++calls;
                         while (life == 0) // until the runtime refuses
                           r.send("counter", count_up{"again", 4}).get();
                         ++handled;
                       })
                       .retries({.attempts = 1}));
    r.start();
    (void)count(r, 0, 1);
    ASSERT_TRUE(eventually([&] { return calls > life; }));
    if (life == 1) {
      ASSERT_TRUE(quiet(r));
      EXPECT_TRUE(r.parked("watcher").empty());
    }
    r.stop();
  }
  EXPECT_EQ(handled, 1);
}

class SubscriptionKills : public testing::TestWithParam<const char*> {};

TEST_P(SubscriptionKills, EverythingIsHandledAlthoughKilled) {
  const temporary_folder folder;
  for (const auto& journal : {std::string("memory:"), folder.file("j.db")}) {
    watched w;
    w.failures_in = 30;
    runtime r(on(journal));
    r.host(counters())
        .subscribe(watching(w).workers(3).window(16).retries(quick).checkpoint_every(2ms));
    r.start();
    concerned all;
    for (int n = 0; n < 400; n += 20) {
      all.merge(count(r, n, n + 20));
      runtime_access::kill(r, GetParam());
      note_checkpoint(r, w);
    }
    ASSERT_TRUE(quiet(r)) << journal;
    w.failures_in = 0;
    for (bool told = false; !told;) {
      try {
        (void)r.redrive("watcher").get();
        told = true;
      } catch (const error& e) { // a death that was not noticed yet
        ASSERT_EQ(e.code(), errc::unknown_outcome);
      }
    }
    ASSERT_TRUE(quiet(r)) << journal;
    note_checkpoint(r, w);
    expect_rules(w, all, r.parked("watcher"));
    EXPECT_GE(r.stats().actors_respawned, 1U);
  }
}

INSTANTIATE_TEST_SUITE_P(Roles, SubscriptionKills,
                         testing::Values("subscriber watcher", "journal writer", "journal reader",
                                         "counter"),
                         [](const auto& which) {
                           std::string name = which.param;
                           std::erase(name, ' ');
                           return name;
                         });

TEST(Subscription, ANewOneBeginsWhereItIsTold) {
  const temporary_folder folder;
  std::vector<position> counted_at;
  {
    runtime r(on(folder.file("j.db")));
    r.host(counters()).start();
    for (const auto& [at, key] : count(r, 0, 4)) counted_at.push_back({at});
  }
  std::atomic<int> from_the_third{0};
  std::atomic<int> from_now{0};
  std::atomic<int> topics{0};
  const auto set_up = [&](runtime& r) {
    r.host(counters())
        .subscribe(subscription("third")
                       .on<counted>([&](const counted&) { ++from_the_third; })
                       .from(counted_at[2]))
        .subscribe(subscription("now").on<counted>([&](const counted&) { ++from_now; }).from_now())
        .subscribe(
            subscription("topics").on_topic("count*", [&](const subscribed_event&) { ++topics; }));
  };
  {
    runtime r(on(folder.file("j.db")));
    set_up(r);
    r.start(); // and ends before anything happens: `now` is recorded
  }
  {
    runtime r(on(folder.file("j.db")));
    r.host(counters()).start();
    (void)count(r, 5, 6);
  }
  runtime r(on(folder.file("j.db")));
  set_up(r);
  r.start();
  (void)count(r, 6, 10); // the last is ignored
  ASSERT_TRUE(quiet(r, "third") && quiet(r, "now") && quiet(r, "topics"));
  EXPECT_EQ(from_the_third, 2 + 1 + 3);
  EXPECT_EQ(from_now, 1 + 3);
  EXPECT_EQ(topics, 4 + 1 + 3);
}

TEST(Subscription, MisuseIsAnError) {
  watched w;
  runtime r;
  r.host(counters()).subscribe(watching(w));
  const auto code_of = [](const auto& call) {
    try {
      call();
    } catch (const error& e) {
      return e.code();
    }
    return errc::wrong_state;
  };
  EXPECT_EQ(code_of([&] { r.subscribe(watching(w)); }), errc::bad_definition);
  r.start();
  EXPECT_EQ(code_of([&] { r.subscribe(watching(w)); }), errc::wrong_state);
  EXPECT_EQ(code_of([&] { (void)r.parked("nobody"); }), errc::bad_argument);
  EXPECT_EQ(code_of([&] { (void)r.redrive("nobody"); }), errc::bad_argument);
  EXPECT_EQ(code_of([&] { (void)r.stats("nobody"); }), errc::bad_argument);
}

} // namespace
