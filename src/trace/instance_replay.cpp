#include "trace/instance_replay.hpp"

#include "model/engine_messages.hpp"
#include "trace/known_processes.hpp"
#include "trace/text.hpp"

#include <ensemble/causation.hpp>

#include <algorithm>

namespace ensemble::trace {

namespace {

using status = assignment::status;

bool close_refused(const recorded_event& e) { return e.body.is<engine::close_refused>(); }

} // namespace

instance_replay::instance_replay(std::shared_ptr<const process_definition> definition,
                                 const recorded_event& start, teller tell)
    : folded_(begin_instance(std::move(definition), start)), tell_(std::move(tell)) {
  tell_if_broken(start);
}

void instance_replay::take(const recorded_event& e) {
  judge(e);
  evolve(folded_, e);
  tell_if_broken(e);
}

void instance_replay::judge(const recorded_event& e) {
  if (!folded_.broken.empty()) return; // nothing is folded any more
  if (kind_of(e) != cause_kind::process)
    judge_note(e);
  else if (e.index == 0 || !answered_.contains(e.command()))
    judge_outcome(e);
}

void instance_replay::judge_note(const recorded_event& e) {
  if (e.stream != folded_.stream())
    tell(e, "stands on '" + e.stream + "', not on the instance's own stream");
  if (kind_of(e) == cause_kind::outside) {
    const auto* a = addressed(e.origin);
    if (!a || a->state == status::idle) tell(e, "was handed over before it was awaited");
  }
  for (const auto& deadline : deadlines(folded_))
    if (deadline.event.id == e.id && e.time < deadline.at)
      tell(e, "was recorded " + span_text(deadline.at - e.time) + " before its time");
}

void instance_replay::judge_outcome(const recorded_event& e) {
  const auto& o = e.origin;
  const auto* a = addressed(o);
  if (!a) {
    tell(e, "is the outcome of nothing that the process asks (" +
                asked_text(o.step, o.direction, o.round) + ")");
    return;
  }
  if (close_refused(e)) {
    if (a->state == status::idle) tell(e, "refuses to close what was never asked");
    return;
  }
  const auto command = make_command_id(folded_.id, o.step, o.direction, o.round);
  if (e.command() != command) tell(e, "is not under the id of its command");
  const auto service = service_of(*folded_.definition, o.step, o.direction);
  if (category_of(e.stream) != service)
    tell(e, "was recorded by '" + std::string(category_of(e.stream)) + "', but '" +
                std::string(service) + "' was asked");
  if (!answered_.insert(e.command()).second)
    tell(e, "is a second outcome of one command");
  else if (folded_.terminal())
    tell(e, "came after the last word");
  else if (!a->open())
    tell(e, why_not_due(*a, e));
  else if (a->round != o.round)
    tell(e, "is of round " + std::to_string(o.round) + ", while round " + std::to_string(a->round) +
                " was due");
  else if (a->state == status::due && e.time < a->due_since)
    tell(e, "came " + span_text(a->due_since - e.time) + " before the step's delay was over");
}

std::string instance_replay::why_not_due(const assignment& a, const recorded_event& e) const {
  switch (a.state) {
  case status::idle: return why_not_begun(e);
  case status::omitted: return "came although the step's condition did not hold";
  case status::voided: return "came after the step was given up";
  case status::skipped: return "came after an operator had passed over it";
  default: return "came after an outcome had settled it";
  }
}

std::string instance_replay::why_not_begun(const recorded_event& e) const {
  const bool back = folded_.phase == instance_phase::compensating;
  switch (e.origin.direction) {
  case direction::forward:
    return back ? "came for a step that never began, after the decision to go back"
                : "came before the steps that it follows were done";
  case direction::undo:
    if (folded_.past_pivot()) return "undid a step after the pivot";
    if (!back) return "undid a step while the process went forward";
    return "undid a step out of turn: it was not done, or steps behind it were not undone yet";
  case direction::complete: return "completed the process before every step was done";
  default:
    return back ? "ended the process before everything was undone"
                : "ended the process as undone while it went forward";
  }
}

const assignment* instance_replay::addressed(const event_origin& o) const {
  if (o.direction == direction::complete || o.direction == direction::abort) {
    if (!request_of(*folded_.definition, o.step, o.direction)) return nullptr;
    return o.direction == direction::complete ? &folded_.complete : &folded_.abort;
  }
  const auto step = folded_.definition->find_step(o.step);
  if (!step) return nullptr;
  const auto& definition = folded_.definition->steps[*step];
  if (o.direction == direction::forward) return &folded_.steps[*step].forward;
  return o.direction == direction::undo && definition.undo ? &folded_.steps[*step].undo : nullptr;
}

void instance_replay::tell(const recorded_event& e, const std::string& what) const {
  const auto asked = asked_text(e.origin.step, e.origin.direction, e.origin.round);
  tell_(e.position, "'" + std::string(e.body.name()) + "'" +
                        (asked.empty() ? "" : " (" + asked + ")") + " " + what);
}

void instance_replay::tell_if_broken(const recorded_event& e) {
  if (folded_.broken.empty() || told_broken_) return;
  told_broken_ = true;
  tell_(e.position, "a function of the definition threw: " + folded_.broken);
}

} // namespace ensemble::trace
