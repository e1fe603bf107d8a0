#pragma once

#include "runtime/stage.hpp"
#include "simulation/chance.hpp"
#include "simulation/simulated_disk.hpp"

#include <ensemble/process.hpp>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace ensemble::simulation {

/// What a stage does with a message that may be lost, late or doubled.
enum class message_fate { arrives, lost, delayed, doubled };

/// Decides what goes wrong, where a stage leaves that open.
class stage_faults {
public:
  virtual ~stage_faults() = default;
  /// `origin` of a command, which is not a close.
  virtual message_fate of_message(chance& drawn, bool may_be_lost, const event_origin* origin) = 0;
  /// How long until an effect begins.
  virtual duration until_call() = 0;
  /// Just after an effect has happened, and before its outcome is told.
  virtual void call_happened() = 0;
  virtual commit_fate of_commit(std::span<const append_request> requests) = 0;
  virtual sync_fate of_sync() = 0;
  /// The command is about to be given twice.
  virtual void command_doubled(const event_origin& origin) = 0;
};

/// The one thread of a simulation: its actors, its time, its disk.
class virtual_stage final : public internal::stage {
public:
  virtual_stage(std::uint64_t seed, stage_faults& faults);
  ~virtual_stage() override;
  virtual_stage(const virtual_stage&) = delete;
  virtual_stage& operator=(const virtual_stage&) = delete;

  [[nodiscard]] caf::actor_system& system() override { return *system_; }
  [[nodiscard]] timestamp now() override;
  [[nodiscard]] std::unique_ptr<ensemble::journal>
  open_journal(const journal_options& options) override;
  [[nodiscard]] std::unique_ptr<internal::effect_executor> make_executor() override;
  [[nodiscard]] bool go_on(const std::function<bool()>& until, timestamp limit) override;
  [[nodiscard]] bool delivers(std::string_view role, caf::event_based_actor& to,
                              caf::mailbox_element_ptr& message) override;

  /// Lets one of those that can go on take one message, or one call begin. False: none can.
  bool step();
  /// Lets time pass until something may happen: the longer, the longer nothing has.
  void wait();
  void pass(duration time);
  /// Sets the clock.
  void shift_clock(duration by) { shift_ += by; }
  /// The program ends: it records nothing any more, and what it was about to do outside is not
  /// done. The next one begins when it opens the journal.
  void end_program();
  /// Whether anybody has something to do now, or a call or message is under way.
  [[nodiscard]] bool busy() const noexcept {
    return scheduler_->has_job() || !calls_.empty() || !held_.empty();
  }

  simulated_disk disk{};
  /// Nothing of it goes wrong any more.
  bool calm = false;
  [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }
  [[nodiscard]] duration elapsed() const noexcept;
  trace_hash trace{};

private:
  class executor;
  struct call {
    executor* by{};
    command_id command{};
    timestamp from{};
    std::function<void()> job{};
  };
  struct held_message {
    caf::actor to{};
    caf::strong_actor_ptr sender{};
    caf::message content{};
    timestamp from{};
  };
  [[nodiscard]] std::vector<std::size_t> ready_calls();
  void run_actor(std::size_t which);
  void run_call(std::size_t which);
  void deliver_held(std::size_t which);

  std::uint64_t seed_;
  chance chance_;
  /// Those of one message are given to their receivers in the order of addresses, which must not
  /// matter: each role has its own chance.
  std::map<std::string, chance, std::less<>> chances_{};
  stage_faults& faults_;
  caf::actor_system_config config_{};
  std::unique_ptr<caf::actor_system> system_{};
  caf::scheduler::test_coordinator* scheduler_ = nullptr;
  std::deque<call> calls_{};
  std::vector<held_message> held_{};
  duration shift_{};
  duration patience_{};
  std::size_t commits_seen_ = 0;
  std::uint64_t messages_ = 0;
  bool handing_over_ = false;
  bool ended_ = false;
};

} // namespace ensemble::simulation
