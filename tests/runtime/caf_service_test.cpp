#include <ensemble/caf.hpp>
#include <ensemble/ensemble.hpp>

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include <map>
#include <mutex>

// Raw CAF actors as services: what they answer is recorded, what they leave unanswered has failed.

namespace caf_services {

using namespace std::chrono_literals;
using ensemble::errc;
using ensemble::outcome_kind;
using ensemble::runtime;

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
struct declined {
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
ENSEMBLE_MESSAGE(declined, 1, id)
ENSEMBLE_MESSAGE(uncharge, 1, id)
ENSEMBLE_MESSAGE(uncharged, 1, id)

using charge_card = ensemble::actor_command<charge, charged, declined>;
using uncharge_card = ensemble::actor_command<uncharge, uncharged>;
using cancel_charge = ensemble::actor_cancel<charge>;

struct account {
  int charges = 0;
  void apply(const charged&) { ++charges; }
  void apply(const declined&) {}
  void apply(const uncharged&) {}
};

/// What becomes of the first commands, one each; later ones are answered.
enum class mishap { fails, dies, drops, keeps, dies_with_it };

/// A card network, what its actors were asked, and what they do wrong.
class network {
public:
  explicit network(std::vector<mishap> mishaps = {}) : mishaps_(std::move(mishaps)) {}

  caf::actor spawn() {
    ++spawned;
    return system_.spawn([this](caf::stateful_actor<std::vector<charge_card>>* self) {
      return caf::behavior{
          [this, self](const charge_card& m) { take(self, m); },
          [](const uncharge_card& m) { m.answer(uncharged{m.command().id}); },
          [this](const cancel_charge& m) {
            asked("cancel", m.context().idempotency_key);
            m.done();
          },
      };
    });
  }

  ensemble::service_definition service(ensemble::duration within) {
    return ensemble::actor_service<account>(
               "card", [this] { return spawn(); }, within)
        .takes<charge_card>(&charge::id)
        .takes<uncharge_card>(&uncharge::id)
        .cancels<charge>();
  }

  std::vector<std::string> keys(const std::string& of) {
    const std::lock_guard lock(mutex_);
    return keys_[of];
  }
  [[nodiscard]] caf::actor_system& system() noexcept { return system_; }
  std::atomic<int> spawned = 0;

private:
  void asked(const std::string& what, const std::string& key) {
    const std::lock_guard lock(mutex_);
    keys_[what].push_back(key);
  }
  void take(caf::stateful_actor<std::vector<charge_card>>* self, const charge_card& m) {
    asked("charge", m.context().idempotency_key);
    if (mishaps_.empty()) {
      const auto& id = m.command().id;
      if (id == "refused") return m.answer(ensemble::reject("no such card"));
      if (id == "declined") return m.answer(declined{id});
      return m.answer(charged{id});
    }
    const auto what = mishaps_.front();
    mishaps_.erase(mishaps_.begin());
    if (what == mishap::fails) m.fail("the line is bad");
    if (what == mishap::keeps || what == mishap::dies_with_it) self->state.push_back(m);
    if (what == mishap::dies) self->quit(caf::exit_reason::user_shutdown);
    if (what == mishap::dies_with_it)
      self->delayed_send(self, 10ms, caf::exit_msg{self->address(), caf::exit_reason::kill});
  }

  std::vector<mishap> mishaps_; ///< touched by one actor at a time
  std::mutex mutex_;
  std::map<std::string, std::vector<std::string>> keys_;
  caf::actor_system_config settings_;
  caf::actor_system system_{settings_}; ///< last: its end waits for the actors
};

struct nothing {
  std::string id{};
};

void set_up(runtime& r, ensemble::service_definition card, ensemble::retry_policy retries) {
  r.host(ensemble::service<>("desk").on<begin>(
             &begin::id, [](const begin& b) -> ensemble::decision<begun> { return begun{b.id}; }))
      .host(std::move(card))
      .orchestrate(ensemble::process<nothing>("charging", "desk")
                       .deadline(1h)
                       .starts_on<begun>([](nothing& n, const begun& e) { n.id = e.id; })
                       .step("charge")
                       .asks("card", [](const nothing& n) { return charge{n.id}; })
                       .succeeds_on<charged>()
                       .fails_on<declined>()
                       .undone_by<uncharged>([](const nothing& n) { return uncharge{n.id}; })
                       .retries(retries));
  r.start();
}

outcome_kind run(runtime& r, const std::string& id) {
  return r.await(r.send("desk", begin{id}).get(), 30s).kind;
}

constexpr ensemble::retry_policy patient{.attempts = 10, .first_delay = 1ms, .max_delay = 2ms};

TEST(ActorService, WhatTheActorAnswersIsRecordedAndFolded) {
  network cards;
  runtime r;
  set_up(r, cards.service(20s), patient);
  EXPECT_EQ(run(r, "a"), outcome_kind::completed);
  EXPECT_EQ(run(r, "declined"), outcome_kind::compensated);
  EXPECT_EQ(r.query<account>("card", "a").get().charges, 1);
  EXPECT_EQ(cards.spawned, 1);
}

TEST(ActorService, ARejectionIsARefusalToTheCaller) {
  network cards;
  runtime r;
  set_up(r, cards.service(20s), patient);
  EXPECT_EQ(r.send("card", charge{"refused"}).get().refusal, "no such card");
}

class ActorServiceMishap : public testing::TestWithParam<mishap> {};

TEST_P(ActorServiceMishap, IsAFailedAttemptAndRepeatedUnderTheSameKey) {
  network cards({GetParam(), GetParam()});
  runtime r;
  // Only one that keeps the command runs into the time that is given.
  set_up(r, cards.service(GetParam() == mishap::keeps ? 50ms : 1h), patient);
  EXPECT_EQ(run(r, "a"), outcome_kind::completed);
  const auto keys = cards.keys("charge");
  ASSERT_EQ(keys.size(), 3U);
  EXPECT_EQ(keys[0], keys[1]);
  EXPECT_EQ(keys[0], keys[2]);
  EXPECT_EQ(r.stats().attempts_failed, 2U);
  const bool deadly = GetParam() == mishap::dies || GetParam() == mishap::dies_with_it;
  EXPECT_EQ(cards.spawned, deadly ? 3 : 1);
}

INSTANTIATE_TEST_SUITE_P(Every, ActorServiceMishap,
                         testing::Values(mishap::fails, mishap::dies, mishap::drops, mishap::keeps,
                                         mishap::dies_with_it));

TEST(ActorService, ACommandOfUnknownOutcomeIsCancelledUnderItsKey) {
  network cards(std::vector<mishap>(2, mishap::fails));
  runtime r;
  set_up(r, cards.service(20s), {.attempts = 2, .first_delay = 1ms, .max_delay = 2ms});
  EXPECT_EQ(run(r, "a"), outcome_kind::compensated);
  ASSERT_EQ(cards.keys("cancel").size(), 1U);
  EXPECT_EQ(cards.keys("cancel").front(), cards.keys("charge").front());
}

TEST(ActorService, AHandleThatIsDeadFailsEachAttempt) {
  network cards;
  const auto dead = cards.spawn();
  caf::scoped_actor self(cards.system());
  self->send_exit(dead, caf::exit_reason::kill);
  self->wait_for(dead);
  runtime r;
  r.host(ensemble::actor_service("card", dead, 1h).takes<charge_card>(&charge::id)).start();
  try {
    (void)r.send("card", charge{"a"}).get();
    FAIL();
  } catch (const ensemble::error& e) {
    EXPECT_EQ(e.code(), errc::handler_failed);
    EXPECT_NE(std::string(e.what()).find("died"), std::string::npos) << e.what();
  }
}

TEST(ActorService, ASpawnFunctionThatThrowsOrHasNoActorFailsTheAttempt) {
  network cards;
  std::atomic<int> calls = 0;
  runtime r;
  set_up(r,
         ensemble::actor_service(
             "card",
             [&]() -> caf::actor {
               if (++calls == 1) throw std::runtime_error("no line");
               return calls == 2 ? caf::actor{} : cards.spawn();
             },
             20s)
             .takes<charge_card>(&charge::id)
             .takes<uncharge_card>(&uncharge::id),
         patient);
  EXPECT_EQ(run(r, "a"), outcome_kind::completed);
  EXPECT_EQ(calls, 3);
}

TEST(ActorService, ACommandMayBeAnsweredLaterByAnother) {
  network cards;
  runtime r;
  const auto hand_on = [](caf::event_based_actor* self, caf::actor to) -> caf::behavior {
    return {[self, to](const charge_card& m) { self->delayed_send(to, 5ms, m); }};
  };
  const auto worker = cards.spawn();
  const auto clerk = cards.system().spawn(hand_on, worker);
  r.host(ensemble::actor_service("card", clerk, 20s).takes<charge_card>(&charge::id)).start();
  const auto receipt = r.send("card", charge{"a"}).get();
  EXPECT_TRUE(receipt.events.front().body.is<charged>());
}

TEST(ActorService, TheFirstAnswerCounts) {
  network cards;
  const auto twice = cards.system().spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](const charge_card& m) {
      m.answer(declined{m.command().id});
      m.answer(charged{m.command().id});
      m.fail("both");
    }};
  });
  runtime r;
  r.host(ensemble::actor_service("card", twice, 20s).takes<charge_card>(&charge::id)).start();
  EXPECT_TRUE(r.send("card", charge{"a"}).get().events.front().body.is<declined>());
}

TEST(ActorService, NeedsAnActorAndATime) {
  const auto make = [](std::function<caf::actor()> spawn, ensemble::duration within) {
    try {
      const auto made = ensemble::actor_service("card", std::move(spawn), within);
      return std::optional<errc>{};
    } catch (const ensemble::error& e) {
      return std::optional(e.code());
    }
  };
  EXPECT_EQ(make({}, 1s), errc::bad_definition);
  EXPECT_EQ(make([] { return caf::actor{}; }, 0s), errc::bad_definition);
}

} // namespace caf_services
