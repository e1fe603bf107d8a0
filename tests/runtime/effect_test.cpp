#include "runtime/tested_mode.hpp"
#include <ensemble/ensemble.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

// Effect services: work outside the journal, its idempotency key, and what closing does to it.

namespace effects {

using namespace std::chrono_literals;

struct begin {
  std::string id{};
};
struct begun {
  std::string id{};
};
struct charge {
  std::string id{};
};
struct charged {
  std::string id{};
};
struct uncharge {
  std::string id{};
};
struct uncharged {
  std::string id{};
};
ENSEMBLE_MESSAGE(begin, 1, id)
ENSEMBLE_MESSAGE(begun, 1, id)
ENSEMBLE_MESSAGE(charge, 1, id)
ENSEMBLE_MESSAGE(charged, 1, id)
ENSEMBLE_MESSAGE(uncharge, 1, id)
ENSEMBLE_MESSAGE(uncharged, 1, id)

/// A card network outside: it recognises a repeated key, and can be made slow or broken.
class outside {
public:
  void charge(const std::string& key) {
    ++calls;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return open_; });
    if (blocked_.contains(key)) throw std::runtime_error("blocked");
    charged_.emplace(key, true);
    if (failures > 0) { // charged, but the answer is lost
      --failures;
      throw std::runtime_error("the line is bad");
    }
  }
  void cancel(const std::string& key) {
    const std::lock_guard lock(mutex_);
    ++cancels;
    blocked_.emplace(key, true);
    charged_.erase(key);
  }
  void open(bool is_open) {
    const std::lock_guard lock(mutex_);
    open_ = is_open;
    changed_.notify_all();
  }
  std::size_t charges() {
    const std::lock_guard lock(mutex_);
    return charged_.size();
  }
  std::atomic<int> calls = 0;
  std::atomic<int> cancels = 0;
  std::atomic<int> failures = 0;

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  std::map<std::string, bool> charged_;
  std::map<std::string, bool> blocked_;
};

struct nothing {
  std::string id{};
};

ensemble::service_definition card_service(outside& o, bool with_cancel) {
  auto s =
      ensemble::service<>("card")
          .effect<charge>(&charge::id,
                          [&o](const charge& c,
                               const ensemble::effect_context& x) -> ensemble::decision<charged> {
                            o.charge(x.idempotency_key);
                            return charged{c.id};
                          })
          .effect<uncharge>(&uncharge::id,
                            [](const uncharge& c, const ensemble::effect_context&)
                                -> ensemble::decision<uncharged> { return uncharged{c.id}; });
  if (!with_cancel) return s;
  return std::move(s).cancels<charge>(
      [&o](const charge&, const ensemble::effect_context& x) { o.cancel(x.idempotency_key); });
}

void set_up(ensemble::runtime& r, outside& o, ensemble::retry_policy retries,
            bool with_cancel = true) {
  r.host(ensemble::service<>("desk").on<begin>(
             &begin::id, [](const begin& b) -> ensemble::decision<begun> { return begun{b.id}; }))
      .host(card_service(o, with_cancel));
  add_process(r, ensemble::process<nothing>("charging", "desk")
                     .deadline(1h)
                     .starts_on<begun>([](nothing& n, const begun& e) { n.id = e.id; })
                     .step("charge")
                     .asks("card", [](const nothing& n) { return charge{n.id}; })
                     .succeeds_on<charged>()
                     .undone_by<uncharged>([](const nothing& n) { return uncharge{n.id}; })
                     .retries(retries));
  r.start();
}

TEST(Effect, RunsOutsideAndItsOutcomeIsRecorded) {
  outside o;
  ensemble::runtime r;
  set_up(r, o, {});
  EXPECT_EQ(r.await(r.send("desk", begin{"a"}).get(), 10s).kind, ensemble::outcome_kind::completed);
  EXPECT_EQ(o.charges(), 1U);
}

TEST(Effect, ThatFailsIsRepeatedUnderTheSameKey) {
  outside o;
  o.failures = 2;
  ensemble::runtime r;
  set_up(r, o, {.attempts = 5, .first_delay = 1ms, .max_delay = 2ms});
  EXPECT_EQ(r.await(r.send("desk", begin{"a"}).get(), 20s).kind, ensemble::outcome_kind::completed);
  EXPECT_EQ(o.calls, 3);
  EXPECT_EQ(o.charges(), 1U) << "three calls, one key, one charge";
}

TEST(Effect, OfUnknownOutcomeIsCancelledBeforeItIsVoided) {
  outside o;
  o.failures = 1'000'000; // charged outside, and nobody here ever learns of it
  ensemble::runtime r;
  set_up(r, o, {.attempts = 2, .first_delay = 1ms, .max_delay = 2ms});
  EXPECT_EQ(r.await(r.send("desk", begin{"a"}).get(), 20s).kind,
            ensemble::outcome_kind::compensated);
  EXPECT_EQ(o.cancels, 1);
  EXPECT_EQ(o.charges(), 0U);
}

TEST(Effect, WithoutACancelIsStuckRatherThanGuessed) {
  outside o;
  o.failures = 1'000'000;
  ensemble::runtime r;
  set_up(r, o, {.attempts = 2, .first_delay = 1ms, .max_delay = 2ms}, false);
  const auto outcome = r.await(r.send("desk", begin{"a"}).get(), 20s);
  EXPECT_EQ(outcome.kind, ensemble::outcome_kind::stuck);
  EXPECT_NE(outcome.reason.find("cannot cancel"), std::string::npos) << outcome.reason;
}

TEST(Effect, ThatRunsIsWaitedForByItsClose) {
  outside o;
  o.open(false); // the call hangs
  ensemble::runtime r;
  set_up(r, o, {.attempts = 1, .attempt_within = 30ms});
  const auto receipt = r.send("desk", begin{"a"}).get();
  EXPECT_EQ(r.await(receipt, 200ms).kind, ensemble::outcome_kind::unknown);
  EXPECT_EQ(o.cancels, 0) << "not cancelled while it runs";
  o.open(true); // it ends well after all: the close finds its outcome, and that is undone
  EXPECT_EQ(r.await(receipt, 10s).kind, ensemble::outcome_kind::compensated);
  EXPECT_EQ(o.cancels, 0);
  EXPECT_EQ(o.charges(), 1U);
}

TEST(Effect, WhoseCloseIsGivenTwiceIsRefusedOnce) {
  outside o;
  o.open(false); // the call hangs, its close is given again and again meanwhile
  o.failures = 1'000'000;
  ensemble::runtime r;
  set_up(r, o, {.attempts = 1, .attempt_within = 20ms}, false);
  const auto receipt = r.send("desk", begin{"a"}).get();
  EXPECT_EQ(r.await(receipt, 300ms).kind, ensemble::outcome_kind::unknown);
  o.open(true); // it fails: several closes now find nothing
  EXPECT_EQ(r.await(receipt, 10s).kind, ensemble::outcome_kind::stuck);
  const auto commits = r.stats().commits;
  std::this_thread::sleep_for(200ms);
  EXPECT_LE(r.stats().commits, commits + 3) << "it goes round in circles";
}

TEST(Effect, ManyDoNotHoldUpTheScheduler) {
  outside o;
  o.open(false);
  ensemble::runtime_options options;
  options.effect_threads = 2;
  ensemble::runtime r(options);
  set_up(r, o, {.attempts = 100, .attempt_within = 10s});
  std::vector<ensemble::receipt> all;
  for (int n = 0; n < 20; ++n) all.push_back(r.send("desk", begin{"a" + std::to_string(n)}).get());
  EXPECT_LE(o.calls, 2);
  o.open(true);
  for (const auto& receipt : all)
    EXPECT_EQ(r.await(receipt, 10s).kind, ensemble::outcome_kind::completed);
  EXPECT_EQ(o.charges(), 20U);
}

} // namespace effects
