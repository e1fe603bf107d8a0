#include "model/engine_messages.hpp"
#include "model/instance.hpp"
#include "model/planted_bug.hpp"

#include <algorithm>

namespace ensemble {

namespace {

using status = assignment::status;

struct place {
  std::string_view step;
  ensemble::direction direction;
  std::string_view service;
};

void add(std::vector<due_command>& out, const instance& i, const assignment& a, const place& at) {
  if (a.state != status::due && a.state != status::closing) return;
  due_command c;
  c.target = make_command_id(i.id, at.step, at.direction, a.round);
  c.id = c.target;
  c.service = at.service;
  c.body = a.command;
  c.step = at.step;
  c.direction = at.direction;
  c.target_direction = at.direction;
  c.round = a.round;
  c.failed_attempts = a.failed_attempts;
  c.forgiven_attempts = a.forgiven_attempts;
  c.retries = a.retries;
  c.not_before = a.not_before;
  c.cause = a.cause;
  if (a.state == status::closing) {
    const auto id = make_engine_event_id(c.target, "close", a.close_round);
    c.id = command_id::of(id.head(), id.tail());
    c.direction = direction::close;
    c.failed_attempts = 0;
    c.not_before = {};
  }
  out.push_back(std::move(c));
}

new_event engine_event(const instance& i, event_id id, event_id cause, message body) {
  new_event e;
  e.id = id;
  e.origin.correlation = i.correlation;
  e.origin.causation = cause;
  e.origin.instance = i.id;
  e.body = std::move(body);
  return e;
}

// murmur3's finaliser: enough to spread retries, and the same on every machine.
std::uint64_t spread(std::uint64_t x) noexcept {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccdULL;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53ULL;
  return x ^ x >> 33;
}

} // namespace

std::string instance::stuck_reason() const {
  if (!broken.empty()) return broken;
  if (terminal()) return {};
  const auto is_stuck = [](const assignment& a) { return a.state == status::stuck; };
  for (std::size_t n = 0; n < steps.size(); ++n) {
    const auto& step = steps[n];
    const auto name = [&] { return "'" + definition->steps[n].name + "' "; };
    if (is_stuck(step.forward)) return "step " + name() + step.forward.reason;
    if (is_stuck(step.undo)) return "undo of " + name() + step.undo.reason;
  }
  if (is_stuck(complete)) return "complete " + complete.reason;
  if (is_stuck(abort)) return "abort " + abort.reason;
  return {};
}

bool instance::past_pivot() const noexcept {
  for (std::size_t n = 0; n < steps.size(); ++n) {
    const auto reached = steps[n].forward.state;
    if (definition->steps[n].pivot && (reached == status::done || reached == status::skipped))
      return true;
  }
  return false;
}

std::string instance::stream() const { return make_stream_name(definition->name, to_string(id)); }

std::vector<due_command> due(const instance& i) {
  std::vector<due_command> out;
  if (i.terminal() || !i.broken.empty()) return out;
  const auto& p = *i.definition;
  for (std::size_t n = 0; n < p.steps.size(); ++n) {
    const auto& s = p.steps[n];
    if (s.awaits()) continue; // there is nothing to give, and nothing to undo
    add(out, i, i.steps[n].forward, {s.name, direction::forward, s.ask.service});
    if (ENSEMBLE_PLANTED(evaluated_anew) && !out.empty() && out.back().step == s.name)
      out.back().body = s.ask.make(i.state);
    add(out, i, i.steps[n].undo, {s.name, direction::undo, s.ask.service});
  }
  add(out, i, i.complete, {"", direction::complete, p.owner});
  add(out, i, i.abort, {"", direction::abort, p.owner});
  return out;
}

std::vector<due_deadline> deadlines(const instance& i) {
  std::vector<due_deadline> out;
  const bool run =
      i.phase == instance_phase::forward ||
      (ENSEMBLE_PLANTED(deadline_while_finishing) && i.phase == instance_phase::finishing);
  if (!run || !i.broken.empty()) return out;
  const auto& p = *i.definition;
  for (std::size_t n = 0; n < p.steps.size(); ++n) {
    const auto& a = i.steps[n].forward;
    if (a.state != status::due || p.steps[n].within == duration{}) continue;
    const auto command = make_command_id(i.id, p.steps[n].name, direction::forward, a.round);
    // A retry gives the step its time anew, and must not meet the earlier event's id.
    auto e = engine_event(i, make_timeout_id(command, a.retries), a.due_since_event,
                          engine::step_timed_out{});
    e.origin.step = p.steps[n].name;
    e.origin.direction = direction::forward;
    e.origin.round = a.round;
    const auto from = ENSEMBLE_PLANTED(timer_early) ? i.started : a.due_since;
    out.push_back({from + p.steps[n].within, a.due_since, std::move(e)});
  }
  if (p.deadline != duration{} && !i.past_pivot() && i.decision_pending.empty()) {
    const auto nobody = make_command_id(i.id, "", direction::none, 0);
    out.push_back({i.started + p.deadline, i.started,
                   engine_event(i, make_engine_event_id(nobody, "deadline", 0), i.start_event,
                                engine::process_timed_out{})});
  }
  return out;
}

std::vector<awaited_event> awaited(const instance& i) {
  std::vector<awaited_event> out;
  if (i.terminal() || !i.broken.empty()) return out;
  for (std::size_t n = 0; n < i.steps.size(); ++n) {
    const auto& s = i.definition->steps[n];
    const auto& a = i.steps[n].forward;
    if (!s.awaits() || !a.open()) continue;
    for (std::size_t k = 0; k < s.awaited.size(); ++k)
      out.push_back({s.name, &s.awaited[k], a.awaited_keys[k]});
  }
  return out;
}

message received_body(const recorded_event& outside) {
  return engine::event_received{std::string(outside.body.name()), outside.body.schema_version(),
                                outside.body.text(), outside.position.value};
}

std::optional<new_event> receive_event(const instance& i, const recorded_event& outside) {
  for (const auto& wait : awaited(i)) {
    if (wait.event->outcome.event->name != outside.body.name()) continue;
    if (wait.event->key_of_event(outside.body) != wait.key) continue;
    const auto round = i.steps[i.definition->find_step(wait.step).value()].forward.round;
    const auto waiting = make_command_id(i.id, wait.step, direction::forward, round);
    auto e = engine_event(i, make_engine_event_id(waiting, "received", 0), outside.id,
                          received_body(outside));
    e.origin.step = wait.step;
    e.origin.direction = direction::forward;
    e.origin.round = round;
    return e;
  }
  return std::nullopt;
}

event_id make_timeout_id(command_id command, std::uint32_t retries) noexcept {
  return make_engine_event_id(command, "timeout", retries);
}

const retry_policy& policy_of(const process_definition& p, std::string_view step) {
  const auto index = p.find_step(step);
  return index ? p.steps[*index].retries : p.retries;
}

duration attempt_limit(const process_definition& p, std::string_view step) {
  const auto& policy = policy_of(p, step);
  if (policy.attempt_within > duration{}) return policy.attempt_within;
  const auto index = p.find_step(step);
  if (index && p.steps[*index].within > duration{}) return p.steps[*index].within / policy.attempts;
  return std::chrono::seconds(5);
}

duration retry_delay(const retry_policy& policy, int n, command_id id) noexcept {
  auto delay = policy.first_delay;
  for (int k = 1; k < n && delay < policy.max_delay; ++k) delay *= 2;
  delay = std::min(delay, policy.max_delay);
  const auto part = spread(id.tail() + static_cast<std::uint64_t>(n)) % 1024;
  return delay + delay * static_cast<std::int64_t>(part) / 4096;
}

new_event make_attempt_failed(const instance& i, const due_command& command, timestamp now,
                              const std::string& reason) {
  const auto n = command.failed_attempts + 1;
  const auto& policy = policy_of(*i.definition, command.step);
  auto e = engine_event(
      i, make_engine_event_id(command.target, "attempt", static_cast<std::uint32_t>(n)),
      command.cause,
      engine::attempt_failed{
          n, now + retry_delay(policy, n - command.forgiven_attempts, command.target), reason});
  e.origin.step = command.step;
  e.origin.direction = command.target_direction;
  e.origin.round = command.round;
  return e;
}

} // namespace ensemble
