#include "model/engine_messages.hpp"
#include "runtime/deployment.hpp"
#include "runtime/journal_reading.hpp"
#include "runtime/journal_writer.hpp"
#include "runtime/log.hpp"
#include "runtime/service_host.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <stdexcept>
#include <string>

// Rule 14, in any order of things: a command is given, given again and closed, its call outside
// ends well, fails, or does its work and loses its answer, so does its cancel, and the host dies.
// Host, writer and reader are the real ones; a seed decides who takes the next message. After each
// one the journal and the books outside must agree (G3, G4).

namespace {

using namespace ensemble;

struct charge {
  std::string id{};
};
struct charged {
  std::string id{};
};
ENSEMBLE_MESSAGE(charge, 1, id)
ENSEMBLE_MESSAGE(charged, 1, id)

struct card {
  int charges = 0;
  void apply(const charged&) { ++charges; }
};

/// How a call outside ends.
enum class ending { well, before_its_work, after_its_work };

/// What the outside knows of each idempotency key.
class ledger {
public:
  struct entry {
    bool is_charged = false;
    bool blocked = false;
    int effects = 0;
  };
  ending next = ending::well;

  void charge(const std::string& key) {
    if (next == ending::before_its_work) throw std::runtime_error("no line");
    auto& e = entries_[key];
    if (e.blocked) throw std::runtime_error("blocked");
    e.effects += e.is_charged ? 0 : 1;
    e.is_charged = true;
    if (next == ending::after_its_work) throw std::runtime_error("the answer is lost");
  }
  void cancel(const std::string& key) {
    if (next == ending::before_its_work) throw std::runtime_error("no line");
    auto& e = entries_[key];
    e.is_charged = false;
    e.blocked = true;
    if (next == ending::after_its_work) throw std::runtime_error("the answer is lost");
  }
  entry of(command_id command) { return entries_[to_string(command)]; }

private:
  std::map<std::string, entry> entries_;
};

/// Calls outside wait here until the test lets the next one of a command run.
class held_calls final : public internal::effect_executor {
public:
  void post(command_id command, std::function<void()> job) override {
    waiting_[command].push_back(std::move(job));
  }
  void discard() override {}
  void stop() override {}
  bool run_one(command_id command) {
    auto& jobs = waiting_[command];
    if (jobs.empty()) return false;
    auto job = std::move(jobs.front());
    jobs.pop_front();
    job();
    return true;
  }

private:
  std::map<command_id, std::deque<std::function<void()>>> waiting_;
};

template <class State>
service_definition card_service(ledger& outside) {
  return service<State>("card")
      .template effect<charge>([](const charge&) { return std::string("one"); },
                               [&](const charge& c, const effect_context& x) -> decision<charged> {
                                 outside.charge(x.idempotency_key);
                                 return charged{c.id};
                               })
      .template cancels<charge>(
          [&](const charge&, const effect_context& x) { outside.cancel(x.idempotency_key); });
}

class world {
public:
  world(unsigned seed, bool with_state) : chance_(seed) {
    for (const auto* type : engine::message_types()) env_->registry.add_engine(*type);
    internal::deploy(*env_,
                     with_state ? card_service<card>(outside_) : card_service<no_state>(outside_));
    config_.set("scheduler.policy", caf::atom("testing"));
    system_ = std::make_unique<caf::actor_system>(config_);
    std::shared_ptr<journal_reader> reader = journal_->open_reader();
    directory_.reader =
        system_->spawn<internal::journal_reading>(env_, std::move(reader), caf::actor{});
    directory_.writer = system_->spawn<internal::journal_writer>(env_, *journal_, position{},
                                                                 timestamp{}, caf::actor{});
    spawn_host();
  }
  ~world() {
    for (const auto& actor : {host_, directory_.reader, directory_.writer})
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    while (step()) continue;
    host_ = nullptr;
    directory_ = {};
  }

  /// Something happens.
  void anything() {
    const auto n = draw(20);
    const auto which = draw(2);
    if (n < 12) {
      (void)step();
    } else if (n < 15) {
      outside_.next = static_cast<ending>(draw(3));
      (void)calls_.run_one(command(which));
    } else if (n < 17) {
      give(which);
    } else if (n < 19) {
      close(which);
    } else {
      kill();
    }
  }
  /// The line outside is mended, and what is open is closed until all is settled.
  void heal() {
    outside_.next = ending::well;
    for (int round = 0; round < 3; ++round) {
      for (int which = 0; which < 2; ++which) close(which);
      for (bool more = true; more;) {
        more = false;
        while (step()) more = true;
        for (int which = 0; which < 2; ++which) more = calls_.run_one(command(which)) || more;
      }
    }
  }
  /// What became of the commands in the end.
  void count(int& charges, int& voids) {
    const auto reader = journal_->open_reader();
    for (int which = 0; which < 2; ++which) {
      const auto outcome = reader->find("card-one", make_event_id(command(which), 0));
      ++(outcome->body.is<engine::command_voided>() ? voids : charges);
    }
  }
  /// How what stands in the journal differs from what stands outside. `settled`: all is to stand.
  [[nodiscard]] std::string disagreement(bool settled) {
    const auto reader = journal_->open_reader();
    for (int which = 0; which < 2; ++which) {
      const auto name = "command " + std::to_string(which);
      const auto outcome = reader->find("card-one", make_event_id(command(which), 0));
      const auto books = outside_.of(command(which));
      if (!outcome && settled) return name + " is not settled";
      if (books.effects > 1) return name + " was carried out twice";
      if (!outcome) continue;
      const bool voided = outcome->body.is<engine::command_voided>();
      if (voided && !books.blocked) return name + " is void, but not blocked outside";
      if (voided && books.is_charged) return name + " is void, but charged outside";
      if (!voided && !books.is_charged) return name + " is charged, but not so outside";
      if (!voided && books.blocked) return name + " is charged, but blocked outside";
    }
    return {};
  }

private:
  int draw(int n) { return static_cast<int>(chance_() % static_cast<unsigned>(n)); }
  static command_id command(int which) {
    return command_id::of(3, static_cast<std::uint64_t>(which) + 1);
  }
  bool step() {
    auto& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
    auto& jobs = scheduler.jobs;
    if (jobs.empty()) return false;
    std::rotate(jobs.begin(), jobs.begin() + draw(static_cast<int>(jobs.size())), jobs.end());
    scheduler.run_once();
    return true;
  }
  void spawn_host() {
    host_ = system_->spawn<internal::service_host>(
        env_, env_->services.at("card"), calls_,
        std::make_shared<const internal::directory>(directory_));
  }
  void give(int which) {
    auto c = std::make_shared<internal::host_command>();
    c->id = c->target = command(which);
    c->repeat = std::exchange(given_[which], true);
    c->body = charge{std::to_string(which)};
    caf::anon_send(host_, internal::give_command{std::move(c)});
  }
  void close(int which) {
    auto c = std::make_shared<internal::host_command>();
    c->id = command_id::of(4, ++closes_);
    c->target = command(which);
    c->close = true;
    c->body = charge{std::to_string(which)};
    caf::anon_send(host_, internal::give_command{std::move(c)});
  }
  void kill() {
    host_->enqueue(
        caf::make_mailbox_element(nullptr, caf::make_message_id(caf::message_priority::high), {},
                                  caf::exit_msg{host_->address(), caf::exit_reason::kill}),
        nullptr);
    auto& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
    scheduler.prioritize(host_);
    scheduler.run_once();
    spawn_host();
  }

  std::mt19937 chance_;
  ledger outside_;
  held_calls calls_;
  internal::environment_ptr env_ = std::make_shared<internal::environment>(runtime_options{});
  std::unique_ptr<journal> journal_ = open_journal({});
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  internal::directory directory_;
  caf::actor host_;
  std::map<int, bool> given_;
  std::uint64_t closes_ = 0;
};

struct quiet_log {
  spdlog::level::level_enum before = internal::log().level();
  quiet_log() { internal::log().set_level(spdlog::level::off); }
  ~quiet_log() { internal::log().set_level(before); }
};

void try_seeds(bool with_state) {
  const quiet_log without_failed_calls;
  int charges = 0;
  int voids = 0;
  for (unsigned seed = 1; seed <= 2'000; ++seed) {
    world w(seed, with_state);
    for (int n = 0; n < 120; ++n) {
      w.anything();
      ASSERT_EQ(w.disagreement(false), "") << "seed " << seed << ", after " << n + 1 << " steps";
    }
    w.heal();
    ASSERT_EQ(w.disagreement(true), "") << "seed " << seed << ", at the end";
    w.count(charges, voids);
  }
  EXPECT_GT(charges, 500);
  EXPECT_GT(voids, 500);
}

TEST(EffectInterleavings, JournalAndOutsideAgreeAtEveryMoment) { try_seeds(false); }

TEST(EffectInterleavings, TheyAgreeToWhenTheServiceKeepsAState) { try_seeds(true); }

} // namespace
