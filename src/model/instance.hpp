#pragma once

#include <ensemble/event.hpp>
#include <ensemble/process.hpp>

#include <any>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ensemble {

/// One thing that an instance asks of one service: a step's do or undo, complete, or abort.
struct assignment {
  enum class status {
    idle,    ///< not due yet
    due,     ///< asked, sent or not: its outcome is open ("pending")
    closing, ///< its outcome is unknown and must be settled by its service
    stuck,   ///< needs an operator
    done,    ///< succeeded; for an undo: undone
    failed,  ///< known to have had no effect
    voided,  ///< closed: refused for ever
    skipped, ///< passed over by an operator
    omitted, ///< passed over by its condition
  };
  status state = status::idle;
  std::uint32_t round = 0;
  std::uint32_t close_round = 0;
  int failed_attempts = 0;   ///< in all; never falls, so each has an event id of its own
  int forgiven_attempts = 0; ///< of these, how many an operator's retry has forgiven
  std::uint32_t retries = 0; ///< by operators
  timestamp due_since{};
  event_id due_since_event{};
  timestamp not_before{};
  event_id cause{};  ///< of the present command: what made it due, or asks for its close
  message command{}; ///< evaluated once, when it became due
  /// Of a step that awaits, evaluated once likewise: the key for each event that it declares.
  std::vector<std::string> awaited_keys{};
  std::string reason{}; ///< why stuck or failed
  bool stuck_closing = false;
  std::optional<message> skip{}; ///< an operator skips it once closed; the event to fold, or empty

  [[nodiscard]] bool open() const noexcept {
    return state == status::due || state == status::closing || state == status::stuck;
  }
  /// Done, or passed over: what comes after it may begin.
  [[nodiscard]] bool passed() const noexcept {
    return state == status::done || state == status::skipped || state == status::omitted;
  }
};

/// The two assignments of a step.
struct step_progress {
  assignment forward{};
  assignment undo{};
};

/// Where an instance stands as a whole.
enum class instance_phase {
  forward,      ///< steps are being done
  finishing,    ///< every step is done; complete is due
  compensating, ///< what was done is being undone, then abort is due
  completed,    ///< terminal
  compensated,  ///< terminal
};

/// One run of a process: a fold over the events of the instance. A value; it knows no clock and
/// nothing of what was sent.
struct instance {
  std::shared_ptr<const process_definition> definition{};
  instance_id id{};
  correlation_id correlation{};
  event_id start_event{};
  timestamp started{};
  position last{}; ///< the last event folded
  std::any state{};
  instance_phase phase = instance_phase::forward;
  std::vector<step_progress> steps{};
  assignment complete{};
  assignment abort{};
  std::string failure{}; ///< why it is compensating
  /// A pivot is being closed; if it turns out not to have happened, compensate for this reason.
  std::string decision_pending{};
  /// A function of the definition threw: nothing is folded or due until the program is mended.
  std::string broken{};

  [[nodiscard]] bool terminal() const noexcept {
    return phase == instance_phase::completed || phase == instance_phase::compensated;
  }
  /// True when something needs an operator.
  [[nodiscard]] bool stuck() const noexcept { return !stuck_reason().empty(); }
  [[nodiscard]] std::string stuck_reason() const;
  [[nodiscard]] bool past_pivot() const noexcept;
  [[nodiscard]] std::string stream() const;
};

/// What `due` tells: a command that ought to be outstanding now.
struct due_command {
  command_id id{};
  /// For a close: the command that is to be settled. Else equal to id.
  command_id target{};
  std::string service{};
  /// For a close: the body of the command that is to be settled.
  message body{};
  std::string step{}; ///< empty for complete and abort
  ensemble::direction direction = ensemble::direction::none;
  /// For a close: the direction of the command that is to be settled. Else equal to direction.
  ensemble::direction target_direction = ensemble::direction::none;
  std::uint32_t round = 0;
  int failed_attempts = 0;
  int forgiven_attempts = 0;
  std::uint32_t retries = 0;
  timestamp not_before{};
  event_id cause{};
};

/// The instance that `start` begins. An exception of the definition makes it broken.
[[nodiscard]] instance begin_instance(std::shared_ptr<const process_definition> definition,
                                      const recorded_event& start);

/// Folds one event of the instance: outcomes of its commands, and the events of its own stream.
/// Events must come in journal order; one that was folded already, or that is late, repeated or
/// foreign, changes nothing.
void evolve(instance& i, const recorded_event& event);

/// The commands that ought to be outstanding, for all services, in a fixed order.
[[nodiscard]] std::vector<due_command> due(const instance& i);

/// A deadline of the instance: the engine event to record when it has passed.
struct due_deadline {
  timestamp at{};
  timestamp runs_from{}; ///< since when what it limits was due
  new_event event{};
};
[[nodiscard]] std::vector<due_deadline> deadlines(const instance& i);
/// An outside event that the instance waits for now.
struct awaited_event {
  std::string_view step{};
  const awaited_definition* event{};
  std::string_view key{};
};
/// What it waits for, in a fixed order. The views last as long as the instance is not changed.
[[nodiscard]] std::vector<awaited_event> awaited(const instance& i);
/// The engine event that hands an outside event to the first step that awaits it; none if no step
/// does. Whoever hands it over makes the same one; of several events for one wait the first in the
/// journal counts.
[[nodiscard]] std::optional<new_event> receive_event(const instance& i,
                                                     const recorded_event& outside);

/// What that records. Its text throws errc::bad_message when the outside event's is too long.
[[nodiscard]] message received_body(const recorded_event& outside);

/// The id of the event that says that a step timed out, after that many retries by operators.
[[nodiscard]] event_id make_timeout_id(command_id command, std::uint32_t retries) noexcept;

/// The policy that holds for an assignment of that step (empty: complete and abort).
[[nodiscard]] const retry_policy& policy_of(const process_definition& p, std::string_view step);
/// How long one attempt of it may take.
[[nodiscard]] duration attempt_limit(const process_definition& p, std::string_view step);
/// How long to wait after the n-th failed attempt: doubled each time, up to a quarter of jitter
/// that is derived from the command's id.
[[nodiscard]] duration retry_delay(const retry_policy& policy, int n, command_id id) noexcept;

/// The engine event that says that the present attempt of a command failed.
[[nodiscard]] new_event make_attempt_failed(const instance& i, const due_command& command,
                                            timestamp now, const std::string& reason);

} // namespace ensemble
