#include "model/fold_difference.hpp"

namespace ensemble {

bool same_text(const message& a, const message& b) {
  return a == b && (a.empty() || a.schema_version() == b.schema_version());
}

bool same(const due_command& a, const due_command& b, message_equality equal) {
  const auto& [id, target, service, body, step, direction, target_direction, round, failed_attempts,
               forgiven_attempts, retries, not_before, cause] = a;
  return id == b.id && target == b.target && service == b.service && equal(body, b.body) &&
         step == b.step && direction == b.direction && target_direction == b.target_direction &&
         round == b.round && failed_attempts == b.failed_attempts &&
         forgiven_attempts == b.forgiven_attempts && retries == b.retries &&
         not_before == b.not_before && cause == b.cause;
}

bool same(const new_event& a, const new_event& b, message_equality equal) {
  const auto& [id, index, last, origin, body] = a;
  return id == b.id && index == b.index && last == b.last && origin == b.origin &&
         equal(body, b.body);
}

namespace {

std::string difference(const assignment& a, const assignment& b, message_equality equal) {
  const auto& [state, round, close_round, failed_attempts, forgiven_attempts, retries, due_since,
               due_since_event, not_before, cause, command, awaited_keys, reason, stuck_closing,
               skip] = a;
  if (state != b.state) return "state";
  if (round != b.round) return "round";
  if (close_round != b.close_round) return "close_round";
  if (failed_attempts != b.failed_attempts) return "failed_attempts";
  if (forgiven_attempts != b.forgiven_attempts) return "forgiven_attempts";
  if (retries != b.retries) return "retries";
  if (due_since != b.due_since) return "due_since";
  if (due_since_event != b.due_since_event) return "due_since_event";
  if (not_before != b.not_before) return "not_before";
  if (cause != b.cause) return "cause";
  if (!equal(command, b.command)) return "command";
  if (awaited_keys != b.awaited_keys) return "awaited_keys";
  if (reason != b.reason) return "reason";
  if (stuck_closing != b.stuck_closing) return "stuck_closing";
  if (skip.has_value() != b.skip.has_value() || (skip && !equal(*skip, *b.skip))) return "skip";
  return {};
}

std::string difference(const std::vector<step_progress>& a, const std::vector<step_progress>& b,
                       message_equality equal) {
  if (a.size() != b.size()) return ".size";
  for (std::size_t n = 0; n < a.size(); ++n) {
    const auto& [forward, undo] = a[n];
    const auto at = "[" + std::to_string(n) + "]";
    if (auto d = difference(forward, b[n].forward, equal); !d.empty()) return at + ".forward." + d;
    if (auto d = difference(undo, b[n].undo, equal); !d.empty()) return at + ".undo." + d;
  }
  return {};
}

} // namespace

std::string fold_difference(const instance& a, const instance& b, message_equality equal) {
  const auto& [definition, id, correlation, start_event, started, last, state_ignored, phase, steps,
               complete, abort, failure, decision_pending, broken] = a;
  static_cast<void>(state_ignored);
  if (definition != b.definition) return "definition";
  if (id != b.id) return "id";
  if (correlation != b.correlation) return "correlation";
  if (start_event != b.start_event) return "start_event";
  if (started != b.started) return "started";
  if (last != b.last) return "last";
  if (phase != b.phase) return "phase";
  if (auto d = difference(steps, b.steps, equal); !d.empty()) return "steps" + d;
  if (auto d = difference(complete, b.complete, equal); !d.empty()) return "complete." + d;
  if (auto d = difference(abort, b.abort, equal); !d.empty()) return "abort." + d;
  if (failure != b.failure) return "failure";
  if (decision_pending != b.decision_pending) return "decision_pending";
  if (broken != b.broken) return "broken";
  return {};
}

} // namespace ensemble
