#include "simulation/step_cases.hpp"

#include "model/dance.hpp"
#include "model/engine_messages.hpp"

#include <algorithm>

namespace ensemble::simulation {

namespace {

constexpr auto acknowledged = "ensemble.command_acknowledged";

void add_of(std::vector<step_case>& all, const process_definition& p, const step_definition& s,
            direction way, happening what, std::string event = {}) {
  all.push_back({p.name, s.name, way, what, std::move(event)});
}

void add_forward(std::vector<step_case>& all, const process_definition& p, std::size_t n) {
  const auto& s = p.steps[n];
  const auto add = [&](happening what, std::string event = {}) {
    add_of(all, p, s, direction::forward, what, std::move(event));
  };
  for (const auto& a : s.awaited)
    add(a.success ? happening::success : happening::failure, std::string(a.outcome.event->name));
  if (s.within > duration{} || !s.awaits()) add(happening::timeout);
  if (s.awaits()) return;
  for (const auto& o : s.successes) add(happening::success, std::string(o.event->name));
  if (s.successes.empty()) add(happening::success, acknowledged);
  for (const auto& o : s.failures) add(happening::failure, std::string(o.event->name));
  for (const auto what :
       {happening::rejection, happening::duplicate, happening::cut_before, happening::cut_after})
    add(what);
  if (!from_pivot_on(p, n)) add(happening::late);
}

void add_undo(std::vector<step_case>& all, const process_definition& p, const step_definition& s) {
  add_of(all, p, s, direction::undo, happening::success,
         s.undone.event ? std::string(s.undone.event->name) : acknowledged);
  for (const auto what : {happening::rejection, happening::timeout, happening::duplicate,
                          happening::cut_before, happening::cut_after})
    add_of(all, p, s, direction::undo, what);
}

} // namespace

std::vector<step_case> step_cases(const process_definition& process) {
  std::vector<step_case> all;
  for (std::size_t n = 0; n < process.steps.size(); ++n) {
    add_forward(all, process, n);
    if (process.steps[n].undo) add_undo(all, process, process.steps[n]);
  }
  return all;
}

case_recorder::case_recorder(const std::vector<process_definition>& processes)
    : processes_(processes) {
  for (const auto& p : processes)
    for (const auto& c : step_cases(p)) met_.met.try_emplace(c);
}

const process_definition* case_recorder::process_of(const event_origin& origin) const {
  const auto at = processes_of_.find(origin.instance);
  return at == processes_of_.end() ? nullptr : at->second;
}

void case_recorder::met(const event_origin& origin, happening what, std::string event) {
  const auto* p = process_of(origin);
  if (!p) return;
  const auto at = met_.met.find({p->name, origin.step, origin.direction, what, std::move(event)});
  if (at != met_.met.end()) ++at->second;
}

void case_recorder::note(happening what, const event_origin& origin) { met(origin, what); }

void case_recorder::feed(const recorded_event& e) {
  for (const auto& p : processes_)
    if (p.start.event->name == e.body.name())
      processes_of_.emplace(make_instance_id(e.position, p.name), &p);
  const auto* p = process_of(e.origin);
  if (!p) return;
  if (e.body.is<engine::process_timed_out>() || e.body.is<engine::abort_requested>())
    given_up_.insert(e.origin.instance);
  if (e.origin.step.empty()) return;
  if (e.body.is<engine::attempt_failed>())
    attempt(e, *p);
  else if (e.body.is<engine::step_timed_out>()) {
    met(e.origin, happening::timeout);
    steps_given_up_.emplace(e.origin.instance, e.origin.step);
    given_up_.insert(e.origin.instance);
  } else {
    outcome(e, *p);
  }
}

void case_recorder::attempt(const recorded_event& e, const process_definition& p) {
  const auto step = p.find_step(e.origin.step);
  if (!step || e.body.as<engine::attempt_failed>().n < p.steps[*step].retries.attempts) return;
  met(e.origin, happening::timeout);
  if (e.origin.direction != direction::forward) return;
  steps_given_up_.emplace(e.origin.instance, e.origin.step);
  given_up_.insert(e.origin.instance);
}

void case_recorder::outcome(const recorded_event& e, const process_definition& p) {
  const auto step = p.find_step(e.origin.step);
  if (!step) return;
  const auto& s = p.steps[*step];
  const auto* received = e.body.get_if<engine::event_received>();
  const std::string name(received ? std::string_view(received->event_name) : e.body.name());
  const bool rejected = e.body.is<engine::command_rejected>();
  if (e.body.is<engine::command_voided>()) return;
  if (e.origin.direction == direction::undo) {
    met(e.origin, rejected ? happening::rejection : happening::success, rejected ? "" : name);
    return;
  }
  if (e.origin.direction != direction::forward) return;
  if (given_up_.contains(e.origin.instance)) met(e.origin, happening::late);
  const bool failed =
      std::ranges::any_of(s.failures, [&](const auto& f) { return f.event->name == name; }) ||
      std::ranges::any_of(
          s.awaited, [&](const auto& a) { return !a.success && a.outcome.event->name == name; });
  if (rejected)
    met(e.origin, happening::rejection);
  else
    met(e.origin, failed ? happening::failure : happening::success, name);
  if ((rejected || failed) && !from_pivot_on(p, *step)) given_up_.insert(e.origin.instance);
}

} // namespace ensemble::simulation
