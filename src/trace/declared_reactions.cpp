#include "trace/declared_reactions.hpp"

#include "model/engine_messages.hpp"
#include "trace/known_processes.hpp"

#include <algorithm>

namespace ensemble::trace {

namespace {

template <class Event>
bool is(const flow_node& node) {
  return node.event == type_of<Event>().name;
}

bool decides(const command_handler& handler, const flow_node& outcome) {
  const auto is_outcome = [&](const message_type* type) { return type->name == outcome.event; };
  return is<engine::command_acknowledged>(outcome) || is<engine::command_rejected>(outcome) ||
         std::ranges::any_of(handler.outcomes, is_outcome);
}

bool asks(const process_definition& p, std::string_view service) {
  const auto asked = [&](const step_definition& s) { return s.ask && s.ask.service == service; };
  return p.owner == service || std::ranges::any_of(p.steps, asked);
}

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

} // namespace

std::string declared_reactions::process_of(const flow_reaction& r) const {
  for (const auto& p : options_.processes)
    if (r.process == process_number(p.name)) return p.name;
  return {};
}

std::string declared_reactions::why_undeclared(const flow_reaction& r) const {
  if (r.outcome.service.empty())
    return "the graph has more different reactions than are kept apart";
  switch (r.kind) {
  case cause_kind::unexplained: return "its cause is not in the journal";
  case cause_kind::caller: return why_not_decided(r);
  case cause_kind::policy: return why_not_reacted(r);
  default: return why_not_of_a_process(r);
  }
}

// Of several versions one is enough: the graph does not tell them apart.
std::string declared_reactions::why_not_of_a_process(const flow_reaction& r) const {
  std::string why = "it belongs to a process that no definition describes";
  for (const auto& p : options_.processes) {
    if (r.process != process_number(p.name)) continue;
    why = r.kind == cause_kind::process ? why_not_asked(p, r) : why_not_noted(p, r);
    if (why.empty()) break;
  }
  return why;
}

std::string declared_reactions::why_not_decided(const flow_reaction& r) const {
  if (options_.services.empty()) return {};
  const auto* recording = service(r.outcome.service);
  if (!recording) return "there is no service " + quoted(r.outcome.service);
  for (const auto& [command, handler] : recording->handlers)
    if (decides(handler, r.outcome)) return {};
  return "no command of " + quoted(r.outcome.service) + " is decided so";
}

std::string declared_reactions::why_not_reacted(const flow_reaction& r) const {
  if (options_.services.empty()) return {};
  const auto* recording = service(r.outcome.service);
  if (!recording) return "there is no service " + quoted(r.outcome.service);
  for (const auto& policy : recording->policies) {
    if (policy.event->name != r.cause.event) continue;
    const auto* handler = recording->find(policy.command->name);
    return handler && decides(*handler, r.outcome)
               ? ""
               : quoted(policy.command->name) + " is not decided so";
  }
  return "no policy of " + quoted(r.outcome.service) + " reacts to " + quoted(r.cause.event);
}

std::string declared_reactions::why_not_noted(const process_definition& p,
                                              const flow_reaction& r) const {
  if (r.outcome.service != p.name) return "it belongs on the streams of process " + quoted(p.name);
  if (r.kind == cause_kind::operator_word) return {};
  if (is<engine::process_timed_out>(r.outcome))
    return p.deadline == duration{} ? "the process has no deadline" : "";
  if (is<engine::attempt_failed>(r.outcome))
    return request_of(p, r.step, r.direction) ? "" : "the process asks nothing of that kind";
  const auto step = p.find_step(r.step);
  if (!step) return "the process has no step " + quoted(r.step);
  const auto& s = p.steps[*step];
  if (is<engine::step_timed_out>(r.outcome))
    return s.within == duration{} ? "the step has no time limit" : "";
  const auto awaits = [&](const awaited_definition& a) {
    return a.outcome.event->name == r.cause.event;
  };
  return std::ranges::any_of(s.awaited, awaits)
             ? ""
             : "the step does not await " + quoted(r.cause.event);
}

std::string declared_reactions::why_not_asked(const process_definition& p,
                                              const flow_reaction& r) const {
  if (!request_of(p, r.step, r.direction)) return "the process asks nothing of that kind";
  const auto asked = service_of(p, r.step, r.direction);
  if (asked != r.outcome.service) return "the process asks " + quoted(asked);
  const bool closed = is<engine::command_voided>(r.outcome) || is<engine::close_refused>(r.outcome);
  if (!closed && !answers(p, r.step, r.direction).contains(r.outcome.event))
    return "neither the process nor the service names that outcome";
  const auto step = p.find_step(r.step);
  const auto all = folded(p);
  // An answer that it does not name counts as a failure of what it asked; it is told by itself.
  if (!all.contains(r.cause.event) && asks(p, r.cause.service)) return {};
  const auto causes =
      step && r.direction == direction::forward && !closed ? causes_of(p, *step) : all;
  return causes.contains(r.cause.event) ? "" : "the process does not ask it after that event";
}

declared_reactions::names declared_reactions::answers(const process_definition& p,
                                                      std::string_view step, direction d) const {
  names all{type_of<engine::command_acknowledged>().name, type_of<engine::command_rejected>().name};
  const auto add = [&](const outcome_definition& o) {
    if (o.event) all.insert(o.event->name);
  };
  if (d == direction::complete) add(p.completed);
  if (d == direction::abort) add(p.aborted);
  if (const auto index = p.find_step(step)) {
    const auto& s = p.steps[*index];
    if (d == direction::undo) add(s.undone);
    if (d == direction::forward) std::ranges::for_each(s.successes, add);
    if (d == direction::forward) std::ranges::for_each(s.failures, add);
  }
  const auto* request = request_of(p, step, d);
  const auto* asked = service(service_of(p, step, d));
  if (const auto* handler = asked && request ? asked->find(request->command->name) : nullptr)
    for (const auto* outcome : handler->outcomes) all.insert(outcome->name);
  return all;
}

declared_reactions::names declared_reactions::causes_of(const process_definition& p,
                                                        std::size_t step) const {
  // Tried again: after the pivot a failure is no way back.
  auto causes = answers(p, p.steps[step].name, direction::forward);
  causes.insert(type_of<engine::command_voided>().name);
  causes.insert(type_of<engine::retry_requested>().name);
  add_causes(p, step, causes);
  return causes;
}

void declared_reactions::add_causes(const process_definition& p, std::size_t step,
                                    names& causes) const {
  std::vector<bool> seen(p.steps.size(), false);
  std::vector<std::size_t> open{step};
  while (!open.empty()) {
    const auto at = open.back();
    open.pop_back();
    if (p.steps[at].after.empty()) causes.insert(p.start.event->name);
    for (const auto before : p.steps[at].after) {
      if (seen[before]) continue;
      seen[before] = true;
      const auto& s = p.steps[before];
      for (const auto& success : s.successes) causes.insert(success.event->name);
      if (s.successes.empty()) causes.insert(type_of<engine::command_acknowledged>().name);
      causes.insert(type_of<engine::command_voided>().name); // passed over by an operator
      if (s.awaits()) causes.insert(type_of<engine::event_received>().name);
      if (s.awaits()) causes.insert(type_of<engine::skip_requested>().name);
      if (s.only_if) open.push_back(before); // if it does not happen, what it follows is the cause
    }
  }
}

declared_reactions::names declared_reactions::folded(const process_definition& p) const {
  names all{p.start.event->name};
  for (const auto* type : engine::message_types()) all.insert(type->name);
  for (const auto& s : p.steps) {
    all.merge(answers(p, s.name, direction::forward));
    all.merge(answers(p, s.name, direction::undo));
  }
  all.merge(answers(p, {}, direction::complete));
  all.merge(answers(p, {}, direction::abort));
  return all;
}

const service_definition* declared_reactions::service(std::string_view name) const {
  for (const auto* s : options_.services)
    if (s->name == name) return s;
  return nullptr;
}

} // namespace ensemble::trace
