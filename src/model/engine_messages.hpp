#pragma once

#include <ensemble/identity.hpp>
#include <ensemble/message.hpp>

#include <array>
#include <string>

namespace ensemble::engine {

// Recorded by services, in place of a domain event, as the outcome of a command.

/// The command was handled, and there was nothing to do.
struct command_acknowledged {};
ENSEMBLE_MESSAGE_NAMED(command_acknowledged, "ensemble.command_acknowledged", 1)

/// The service refused the command.
struct command_rejected {
  std::string reason{};
};
ENSEMBLE_MESSAGE_NAMED(command_rejected, "ensemble.command_rejected", 1, reason)

/// The command was closed before it had an outcome; it is refused for ever. It takes the event id
/// that the first outcome would have had: so the stream decides which of the two comes first.
struct command_voided {};
ENSEMBLE_MESSAGE_NAMED(command_voided, "ensemble.command_voided", 1)

/// The command can be neither found nor voided (an effect without a cancel handler).
struct close_refused {
  std::string reason{};
};
ENSEMBLE_MESSAGE_NAMED(close_refused, "ensemble.close_refused", 1, reason)

// Recorded on an instance's own stream, by whoever keeps its attempts and deadlines.

/// The `n`-th attempt of a command had no outcome; the next one is not before `next_at`.
struct attempt_failed {
  int n{};
  timestamp next_at{};
  std::string reason{};
};
ENSEMBLE_MESSAGE_NAMED(attempt_failed, "ensemble.attempt_failed", 1, n, next_at, reason)

struct step_timed_out {};
ENSEMBLE_MESSAGE_NAMED(step_timed_out, "ensemble.step_timed_out", 1)

/// An outside event that a step awaits: its text, and where it stands in the journal.
struct event_received {
  std::string event_name{};
  int event_schema_version{};
  std::string event_text{};
  std::uint64_t event_position{};
};
ENSEMBLE_MESSAGE_NAMED(event_received, "ensemble.event_received", 1, event_name,
                       event_schema_version, event_text, event_position)

struct process_timed_out {};
ENSEMBLE_MESSAGE_NAMED(process_timed_out, "ensemble.process_timed_out", 1)

// An operator's word, on the instance's own stream. The envelope names the step and the direction;
// without a step, retry means everything that is stuck.

struct retry_requested {
  std::string reason{};
};
ENSEMBLE_MESSAGE_NAMED(retry_requested, "ensemble.retry_requested", 1, reason)

struct skip_requested {
  std::string reason{};
  /// The event that is folded in the place of the step's own; no name: none.
  std::string event_name{};
  int event_schema_version{};
  std::string event_text{};
};
ENSEMBLE_MESSAGE_NAMED(skip_requested, "ensemble.skip_requested", 1, reason, event_name,
                       event_schema_version, event_text)

struct abort_requested {
  std::string reason{};
};
ENSEMBLE_MESSAGE_NAMED(abort_requested, "ensemble.abort_requested", 1, reason)

/// Every engine message, for the registry.
[[nodiscard]] inline auto message_types() {
  return std::array{
      &type_of<command_acknowledged>(), &type_of<command_rejected>(), &type_of<command_voided>(),
      &type_of<close_refused>(),        &type_of<attempt_failed>(),   &type_of<step_timed_out>(),
      &type_of<process_timed_out>(),    &type_of<retry_requested>(),  &type_of<skip_requested>(),
      &type_of<abort_requested>(),      &type_of<event_received>()};
}

} // namespace ensemble::engine
