#pragma once

#include <ensemble/message.hpp>
#include <ensemble/runtime.hpp>

#include <optional>
#include <string>
#include <vector>

// What goes over the control socket (see include/ensemble/control.hpp), one message a line. Ids
// are written as texts.

namespace ensemble {

ENSEMBLE_FIELDS(node_status, name, incarnation, connected, services, heard, bytes_under_way,
                last_error)
ENSEMBLE_FIELDS(runtime_stats, commands_accepted, commands_refused, instances_started,
                instances_recovered, instances_completed, instances_compensated, instances_open,
                instances_stuck, instances_asleep, outside_events_kept, outside_events_parked,
                events_appended, commits, attempts_failed, deadlines_passed, actors_respawned,
                messages, events_folded)

} // namespace ensemble

namespace ensemble::internal {

/// More than these in one answer might not fit into a message.
inline constexpr std::size_t most_listed = 500;

struct control_request {
  std::string command{}; ///< retry, skip, abort, inspect, stuck, stats, nodes
  std::string instance{};
  std::string reason{};
  std::string step{};
  std::string direction{};
  std::string event_name{};
  std::string event_text{};
  std::string idempotency_key{};
  std::uint64_t limit = 100;
  std::string after{};
};
ENSEMBLE_MESSAGE_NAMED(control_request, "ensemble.control_request", 1, command, instance, reason,
                       step, direction, event_name, event_text, idempotency_key, limit, after)

struct told_work {
  std::string step{};
  std::string direction{};
  std::string state{};
  std::string reason{};
  int failed_attempts{};
};
ENSEMBLE_FIELDS(told_work, step, direction, state, reason, failed_attempts)

struct told_report {
  std::string instance{};
  std::string process{};
  int version{};
  std::string phase{};
  bool terminal{};
  std::string stuck{};
  timestamp started{};
  timestamp since{};
  std::string failure{};
  std::vector<told_work> outstanding{};
};
ENSEMBLE_FIELDS(told_report, instance, process, version, phase, terminal, stuck, started, since,
                failure, outstanding)

struct told_operation {
  std::optional<std::string> refusal{};
  bool repeated{};
  std::uint64_t recorded{};
  told_report now{};
};
ENSEMBLE_FIELDS(told_operation, refusal, repeated, recorded, now)

struct told_stuck {
  std::vector<told_report> instances{};
  bool more{};
};
ENSEMBLE_FIELDS(told_stuck, instances, more)

/// One of these is there.
struct control_answer {
  std::string failure{}; ///< the name of an errc; then `text` says more
  std::string text{};
  std::optional<told_operation> operated{};
  std::optional<told_report> report{};
  std::optional<told_stuck> stuck{};
  std::optional<runtime_stats> stats{};
  std::optional<std::vector<node_status>> nodes{};
};
ENSEMBLE_MESSAGE_NAMED(control_answer, "ensemble.control_answer", 1, failure, text, operated,
                       report, stuck, stats, nodes)

[[nodiscard]] told_report told(const instance_report& report);
[[nodiscard]] instance_report heard(const told_report& report);
[[nodiscard]] told_operation told(const operator_answer& answer);
[[nodiscard]] operator_answer heard(const told_operation& answer);
[[nodiscard]] told_stuck told(const stuck_instances& stuck);
[[nodiscard]] stuck_instances heard(const told_stuck& stuck);
[[nodiscard]] control_answer told(const error& failure);
/// The error that the answer tells of.
[[nodiscard]] error failure_of(const control_answer& answer);

[[nodiscard]] control_request told(const operator_word& word);
/// Throws errc::bad_argument, naming the field.
[[nodiscard]] operator_word heard_word(const control_request& request);
/// Throws errc::bad_argument; an empty text is no instance.
[[nodiscard]] instance_id heard_instance(const std::string& text);

} // namespace ensemble::internal
