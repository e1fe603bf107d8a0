#pragma once

#include "model/instance.hpp"

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace ensemble {

/// For whom an executor acts.
struct executor_role {
  /// The services whose commands it gives; empty function: all (a conductor).
  std::function<bool(std::string_view service)> acts_for{};
  bool keeps_deadlines = true;
  /// After a recovery no deadline fires before everything was given again and this has passed.
  duration recovery_grace = std::chrono::seconds(5);
  /// Where others give commands, too: when the last of them had given everything again after a
  /// recovery; none while one of them is at it. Empty function: nobody else does.
  std::function<std::optional<timestamp>()> others_resumed{};
};

/// What an executor wants done now.
struct executor_actions {
  struct outgoing {
    due_command command{};
    bool repeat = false; ///< it may have been given before
  };
  std::vector<outgoing> send{};
  /// Engine events for the instance's own stream. Their ids are derived: a repeat is harmless.
  std::vector<new_event> record{};
  /// When to act again if nothing happens before.
  std::optional<timestamp> wake{};
};

/// Executes what is due: pure, but for what it remembers of the commands it gave. All of that is
/// volatile; after a crash `due` gives the same commands again (rule 10).
class executor {
public:
  /// `recovered_at`: set when the instance was folded from the journal after a restart, so that
  /// earlier commands may be under way.
  executor(const executor_role& role, std::optional<timestamp> recovered_at)
      : role_(&role), recovered_at_(recovered_at) {}

  [[nodiscard]] executor_actions act(const instance& i, timestamp now);
  /// The service says that it could not handle the command this time, and recorded nothing.
  void attempt_failed(command_id id, std::string reason);
  /// Commands given to that service may be lost: gives them again at the next `act`.
  void forget(std::string_view service);
  /// At the last `act` no command was outstanding, for any service: until the time it told, or an
  /// event, nobody has anything to do.
  [[nodiscard]] bool idle() const noexcept { return given_.empty() && !others_at_work_; }

private:
  struct given {
    command_id id{};
    std::string service{};
    timestamp at{};
    int failed_attempts = 0;   ///< as it stood when the command was given
    std::uint32_t retries = 0; ///< likewise
    int resent = 0;            ///< closes only: how often in a row
    bool lost = false;
    bool failed = false;
    std::string reason{};
  };
  void leave_to_others(const due_command& c, timestamp now, executor_actions& out);
  void act_on(const instance& i, const due_command& c, timestamp now, executor_actions& out);
  void give(const due_command& c, bool repeat, timestamp now, executor_actions& out);
  [[nodiscard]] timestamp hold_back(const due_deadline& d, timestamp now) const;
  void fire_deadlines(const instance& i, timestamp now, executor_actions& out);
  given* find(command_id id);

  const executor_role* role_;
  std::optional<timestamp> recovered_at_;
  bool acted_ = false;
  bool others_at_work_ = false;
  std::vector<given> given_{};
  std::vector<std::pair<event_id, timestamp>> recorded_{}; ///< deadlines, and when last recorded
};

} // namespace ensemble
