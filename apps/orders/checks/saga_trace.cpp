#include "orders/checks/saga_trace.hpp"

#include <algorithm>

namespace orders {

using ensemble::direction;
using ensemble::recorded_event;

saga_trace::saga_trace(const ensemble::process_definition& definition,
                       ensemble::instance_id instance)
    : definition_(&definition), instance_(instance), steps_(definition.steps.size()) {}

void saga_trace::feed(const recorded_event& e, findings& found) {
  found_ = &found;
  const auto& o = e.origin;
  if (ensemble::category_of(e.stream) == definition_->name) {
    noted(e);
    return;
  }
  if (e.body.name() == "ensemble.close_refused") return;
  const auto what = "'" + std::string(e.body.name()) + "'";
  if (terminal()) report("G2", what + " after the last word");
  if (e.command() != ensemble::make_command_id(instance_, o.step, o.direction, o.round))
    report("G3", what + " is not under the id of its command");
  last_note_.clear();
  if (o.direction == direction::complete) {
    const auto got = read({definition_->completed}, e);
    settle(complete_, got, e);
    if (got == outcome::success || complete_.skipped) ended(ending::completed);
    return;
  }
  if (o.direction == direction::abort) {
    const auto got = read({definition_->aborted}, e);
    settle(abort_, got, e);
    if (got == outcome::success || abort_.skipped) ended(ending::compensated);
    return;
  }
  const auto step = definition_->find_step(o.step);
  if (!step || (o.direction != direction::forward && o.direction != direction::undo)) {
    report("G2", what + " is the outcome of nothing that the process asks");
    return;
  }
  auto& at = steps_[*step];
  if (is_more_of(o.direction == direction::undo ? at.undo : at.forward, e)) return;
  if (o.direction == direction::undo) {
    const auto got = read({definition_->steps[*step].undone}, e);
    if (got == outcome::success) step_undone(*step);
    settle(at.undo, got, e);
    return;
  }
  const auto got = read(definition_->steps[*step].successes, e);
  if (got == outcome::success) step_done(*step, e);
  settle(at.forward, got, e);
  // After the pivot a refusal is tried again; before it, it is the way back.
  if ((got == outcome::refusal || got == outcome::voided) && !at.forward.skipped && !past_pivot() &&
      goes_back_at_.value == 0)
    goes_back_at_ = e.position;
}

void saga_trace::noted(const recorded_event& e) {
  const auto& o = e.origin;
  last_note_ = std::string(e.body.name()) + (o.step.empty() ? "" : " (" + o.step + ")");
  if (e.body.name() != "ensemble.skip_requested") return;
  const auto step = definition_->find_step(o.step);
  if (o.direction == direction::complete) complete_.skip = true;
  if (o.direction == direction::abort) abort_.skip = true;
  if (step && o.direction == direction::forward) steps_[*step].forward.skip = true;
  if (step && o.direction == direction::undo) steps_[*step].undo.skip = true;
}

saga_trace::outcome saga_trace::read(const std::vector<ensemble::outcome_definition>& successes,
                                     const recorded_event& e) const {
  const auto name = e.body.name();
  for (const auto& success : successes)
    if (success.event && success.event->name == name) return outcome::success;
  if (name == "ensemble.command_voided") return outcome::voided;
  if (name == "ensemble.command_acknowledged" && successes.empty()) return outcome::success;
  return e.last ? outcome::refusal : outcome::open;
}

bool saga_trace::is_more_of(const request& r, const recorded_event& e) {
  return e.index > 0 && r.settled == e.origin.round;
}

void saga_trace::settle(request& r, outcome got, const recorded_event& e) {
  if (got == outcome::open || is_more_of(r, e)) return;
  const auto what = "'" + std::string(e.body.name()) + "'";
  if (r.voided) report("G4", what + " after the command was voided");
  if (r.settled && e.origin.round <= *r.settled)
    report("G3", what + " is a second outcome of one command");
  if (r.done) report("G3", what + " after the step had its effect");
  r.settled = std::max(r.settled.value_or(0), e.origin.round);
  r.done = r.done || got == outcome::success;
  r.voided = r.voided || got == outcome::voided;
  r.skipped = r.skip && got == outcome::voided;
  r.refused = got == outcome::refusal;
}

void saga_trace::step_done(std::size_t step, const recorded_event& e) {
  const auto& definition = definition_->steps[step];
  for (const auto before : definition.after) {
    const auto& dependency = steps_[before];
    const auto& name = definition_->steps[before].name;
    if (!dependency.forward.done && !dependency.forward.skipped)
      report("G2", "step '" + definition.name + "' is done before '" + name + "'");
    else if (dependency.undo.done)
      report("G5", "step '" + definition.name + "' is done after '" + name + "' was undone");
    else if (goes_back_at_.value != 0 && dependency.done_at > goes_back_at_)
      report("G5", "step '" + definition.name + "' began after the decision to go back");
  }
  if (steps_[step].forward.refused && !past_pivot())
    report("G2", "step '" + definition.name + "' is done after it had failed");
  steps_[step].done_at = e.position;
}

void saga_trace::step_undone(std::size_t step) {
  const auto& name = definition_->steps[step].name;
  if (!steps_[step].forward.done) report("G4", "step '" + name + "' is undone, but was never done");
  if (past_pivot()) report("G2", "step '" + name + "' is undone after the pivot");
  for (std::size_t other = 0; other < steps_.size(); ++other)
    if (follows(other, step) && steps_[other].forward.done && definition_->steps[other].undo &&
        !steps_[other].undo.done && !steps_[other].undo.skipped)
      report("G5", "step '" + name + "' is undone before '" + definition_->steps[other].name + "'");
}

void saga_trace::ended(ending how) {
  end_ = how;
  for (std::size_t step = 0; step < steps_.size(); ++step) {
    const auto& name = definition_->steps[step].name;
    const auto& at = steps_[step];
    if (how == ending::completed && !at.forward.done && !at.forward.skipped)
      report("G4", "completed without step '" + name + "'");
    if (how == ending::completed && at.undo.done)
      report("G4", "completed, but step '" + name + "' was undone");
    if (how == ending::compensated && at.forward.done && definition_->steps[step].undo &&
        !at.undo.done && !at.undo.skipped)
      report("G4", "compensated, but step '" + name + "' was not undone");
  }
  if (how == ending::compensated && past_pivot()) report("G2", "compensated after the pivot");
}

bool saga_trace::past_pivot() const {
  for (std::size_t step = 0; step < steps_.size(); ++step)
    if (definition_->steps[step].pivot && steps_[step].forward.done) return true;
  return false;
}

bool saga_trace::follows(std::size_t step, std::size_t before) const {
  return std::ranges::any_of(definition_->steps[step].after, [&](std::size_t direct) {
    return direct == before || follows(direct, before);
  });
}

std::string saga_trace::describe() const {
  if (end_ != ending::none) return completed() ? "completed" : "compensated";
  std::string done;
  std::string undone;
  for (std::size_t step = 0; step < steps_.size(); ++step) {
    const auto& name = definition_->steps[step].name;
    if (steps_[step].forward.done) done += (done.empty() ? "" : ", ") + name;
    if (steps_[step].undo.done) undone += (undone.empty() ? "" : ", ") + name;
  }
  return std::string(goes_back_at_.value != 0 ? "going back" : "under way") +
         "; done: " + (done.empty() ? "nothing" : done) +
         (undone.empty() ? "" : "; undone: " + undone) +
         (last_note_.empty() ? "" : "; last note: " + last_note_);
}

void saga_trace::report(const char* rule, const std::string& text) {
  found_->add(rule, "instance " + to_string(instance_) + ": " + text);
}

} // namespace orders
