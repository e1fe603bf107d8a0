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
    tell(e, "G2", "stands on '" + e.stream + "', not on the instance's own stream");
  if (kind_of(e) == cause_kind::outside) {
    const auto* a = addressed(e.origin);
    if (!a || a->state == status::idle) tell(e, "G2", "was handed over before it was awaited");
  }
  judge_attempt(e);
  for (const auto& deadline : deadlines(folded_))
    if (deadline.event.id == e.id && e.time < deadline.at)
      tell(e, "G9", "was recorded " + span_text(deadline.at - e.time) + " before its time");
}

void instance_replay::judge_attempt(const recorded_event& e) {
  const auto* failed = e.body.get_if<engine::attempt_failed>();
  const auto* a = failed ? addressed(e.origin) : nullptr;
  // Of a command that is settled, or of another round, it changes nothing (rule 10).
  if (!a || a->state != status::due || a->round != e.origin.round) return;
  const auto& policy = policy_of(*folded_.definition, e.origin.step);
  if (failed->n - a->forgiven_attempts > policy.attempts)
    tell(e, "G11",
         "is one more than the " + std::to_string(policy.attempts) + " attempts of the policy");
  if (failed->n != a->failed_attempts + 1) return;
  // The attempt that failed was not given before its time, and its delay runs from later still.
  const auto command = make_command_id(folded_.id, e.origin.step, e.origin.direction, a->round);
  const auto begun = std::max(a->not_before, a->due_since);
  if (e.time < begun)
    tell(e, "G11", "failed " + span_text(begun - e.time) + " before it was to be made");
  const auto least = begun + retry_delay(policy, failed->n - a->forgiven_attempts, command);
  if (failed->next_at < least)
    tell(e, "G11",
         "is tried again " + span_text(least - failed->next_at) + " sooner than the policy says");
}

void instance_replay::judge_outcome(const recorded_event& e) {
  const auto& o = e.origin;
  const auto* a = addressed(o);
  if (!a) {
    tell(e, "G2",
         "is the outcome of nothing that the process asks (" +
             asked_text(o.step, o.direction, o.round) + ")");
    return;
  }
  if (close_refused(e)) {
    if (a->state == status::idle) tell(e, "G2", "refuses to close what was never asked");
    return;
  }
  const auto command = make_command_id(folded_.id, o.step, o.direction, o.round);
  if (e.command() != command) tell(e, "G3", "is not under the id of its command");
  const auto service = service_of(*folded_.definition, o.step, o.direction);
  if (category_of(e.stream) != service)
    tell(e, "G2",
         "was recorded by '" + std::string(category_of(e.stream)) + "', but '" +
             std::string(service) + "' was asked");
  if (!answered_.insert(e.command()).second)
    tell(e, "G3", "is a second outcome of one command");
  else if (folded_.terminal())
    tell(e, "G1", "came after the last word");
  else if (const auto why = a->open() ? fault{} : why_not_due(*a, e); !why.rule.empty())
    tell(e, why.rule, why.what);
  else if (a->round != o.round)
    tell(e, "G10",
         "is of round " + std::to_string(o.round) + ", while round " + std::to_string(a->round) +
             " was due");
  else if (a->state == status::due && e.time < a->due_since)
    tell(e, "G9", "came " + span_text(a->due_since - e.time) + " before the step's delay was over");
}

instance_replay::fault instance_replay::why_not_due(const assignment& a,
                                                    const recorded_event& e) const {
  switch (a.state) {
  case status::idle: return why_not_begun(e);
  case status::omitted: return {"G3", "came although the step's condition did not hold"};
  case status::voided: return {"G4", "came after the step was given up"};
  case status::skipped: return {"G4", "came after an operator had passed over it"};
  default: return {"G3", "came after an outcome had settled it"};
  }
}

instance_replay::fault instance_replay::why_not_begun(const recorded_event& e) const {
  const bool back = folded_.phase == instance_phase::compensating;
  switch (e.origin.direction) {
  case direction::forward:
    if (back) return {"G5", "came for a step that never began, after the decision to go back"};
    return {"G2", "came before the steps that it follows were done"};
  case direction::undo:
    if (folded_.past_pivot()) return {"G2", "undid a step after the pivot"};
    if (!back) return {"G4", "undid a step while the process went forward"};
    return {"G5", "undid a step out of turn: it was not done, or steps behind it were not "
                  "undone yet"};
  case direction::complete: return {"G2", "completed the process before every step was done"};
  default:
    if (back) return {"G4", "ended the process before everything was undone"};
    return {"G2", "ended the process as undone while it went forward"};
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

void instance_replay::tell(const recorded_event& e, std::string_view rule,
                           std::string_view what) const {
  const auto asked = asked_text(e.origin.step, e.origin.direction, e.origin.round);
  tell_(e.position, rule,
        "'" + std::string(e.body.name()) + "'" + (asked.empty() ? "" : " (" + asked + ")") + " " +
            std::string(what));
}

void instance_replay::tell_if_broken(const recorded_event& e) {
  if (folded_.broken.empty() || told_broken_) return;
  told_broken_ = true;
  tell_(e.position, "G1", "a function of the definition threw: " + folded_.broken);
}

} // namespace ensemble::trace
