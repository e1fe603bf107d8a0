#include "model/path_rules.hpp"

#include "model/engine_messages.hpp"
#include "model/structural_state.hpp"

#include <algorithm>

namespace ensemble {

namespace {

using status = assignment::status;

bool final_state(const assignment& a) noexcept { return !a.open() && a.state != status::idle; }

bool on_the_way_back(const instance& i) noexcept {
  return i.phase == instance_phase::compensating || i.phase == instance_phase::compensated;
}

/// How far an assignment has come: no event but an operator's word takes it back.
int progress(const assignment& a) noexcept {
  switch (a.state) {
  case status::idle: return 0;
  case status::due: return 1;
  case status::closing: return 2;
  case status::stuck: return 3;
  default: return 4;
  }
}

/// Whether that event says, by the definition, that the step has succeeded.
bool says_done(const step_definition& s, const message& body) {
  if (const auto* received = body.get_if<engine::event_received>())
    return s.awaits() && s.success_on(received->event_name);
  return s.success_on(body.name()) ||
         (body.is<engine::command_acknowledged>() && s.successes.empty());
}

int progress(const instance& i) noexcept {
  int sum = progress(i.complete) + progress(i.abort) + (i.decision_pending.empty() ? 0 : 1);
  for (const auto& s : i.steps) sum += progress(s.forward) + progress(s.undo);
  return 10 * sum + static_cast<int>(i.phase);
}

} // namespace

struct path_rules::view {
  const instance& before;
  const recorded_event& event;
  const instance& after;
  violations& found;

  [[nodiscard]] bool answers(const std::string& step, direction way) const {
    return event.origin.step == step && event.origin.direction == way;
  }
};

path_rules::path_rules(const process_definition& p) : p_(p), behind_(p.steps.size()) {
  for (std::size_t n = p.steps.size(); n-- > 0;)
    for (const auto before : p.steps[n].after) {
      behind_[before].push_back(n);
      behind_[before].insert(behind_[before].end(), behind_[n].begin(), behind_[n].end());
    }
}

path_rules::violations path_rules::of_event(const instance& before, const recorded_event& event,
                                            const instance& after, bool by_operator) const {
  violations found;
  const view v{before, event, after, found};
  forward_rules(v);
  undo_rules(v);
  const bool moved = structural_key(before) != structural_key(after);
  if (moved && !by_operator && progress(after) <= progress(before))
    found.emplace_back("", "the process goes round in circles");
  return found;
}

void path_rules::forward_rules(const view& v) const {
  for (std::size_t n = 0; n < p_.steps.size(); ++n) {
    const auto& s = p_.steps[n];
    const auto& was = v.before.steps[n].forward;
    const auto& is = v.after.steps[n].forward;
    if (was.state == is.state) continue;
    if (final_state(was)) v.found.emplace_back(s.name, "changes after its outcome was known");
    if (was.state == status::idle && on_the_way_back(v.after))
      v.found.emplace_back(s.name, "begins after the decision to compensate");
    const auto passed = [&](std::size_t k) {
      return final_state(v.after.steps[k].forward) &&
             v.after.steps[k].forward.state != status::failed &&
             v.after.steps[k].forward.state != status::voided;
    };
    if (was.state == status::idle && !std::ranges::all_of(s.after, passed))
      v.found.emplace_back(s.name, "begins before the steps that it comes after");
    const bool given_up_at_once = s.awaits() && is.state == status::voided;
    if (was.open() && final_state(is) && !v.answers(s.name, direction::forward) &&
        !given_up_at_once)
      v.found.emplace_back(s.name, "has its outcome guessed instead of found out");
    if (is.state == status::done && !says_done(s, v.event.body))
      v.found.emplace_back(s.name, "counts as done by an event that does not say so");
  }
}

void path_rules::undo_rules(const view& v) const {
  for (std::size_t n = 0; n < p_.steps.size(); ++n) {
    const auto& s = p_.steps[n];
    const auto& was = v.before.steps[n].undo;
    const auto& is = v.after.steps[n].undo;
    if (was.state == is.state) continue;
    if (final_state(was)) v.found.emplace_back(s.name, "is undone twice");
    const bool said = v.answers(s.name, direction::undo) && s.undone.event &&
                      v.event.body.name() == s.undone.event->name;
    if (final_state(is) && !said)
      v.found.emplace_back(s.name, "counts as undone without the event that says so");
    if (was.state != status::idle) continue;
    if (v.after.steps[n].forward.state != status::done)
      v.found.emplace_back(s.name, "is undone, and was not done");
    if (v.before.past_pivot()) v.found.emplace_back(s.name, "is undone after the pivot");
    for (const auto later : behind_[n]) {
      const auto& b = v.after.steps[later];
      const bool owes =
          b.forward.state == status::done && p_.steps[later].undo && b.undo.state != status::done;
      if (b.forward.open() || owes)
        v.found.emplace_back(s.name, "is undone before '" + p_.steps[later].name +
                                         "', which comes after it");
    }
  }
}

path_rules::violations path_rules::of_repeats(instance& after, const recorded_event& event) const {
  violations found;
  const auto key = structural_key(after);
  const auto unchanged = [&](recorded_event late, const char* what) {
    late.position = {after.last.value + 1};
    const auto step = late.origin.step;
    evolve(after, late);
    if (structural_key(after) != key) found.emplace_back(step, what);
  };
  unchanged(event, "is changed by an event that comes twice");
  for (std::size_t n = 0; n < p_.steps.size() && found.empty(); ++n) {
    const auto& a = after.steps[n].forward;
    if (!final_state(a)) continue;
    auto late = event;
    late.origin.step = p_.steps[n].name;
    late.origin.direction = direction::forward;
    late.origin.round = a.round;
    late.body = engine::command_rejected{"late"};
    late.id =
        make_event_id(make_command_id(after.id, late.origin.step, direction::forward, a.round), 0);
    unchanged(late, "is changed by an answer that comes too late");
  }
  return found;
}

path_rules::violations path_rules::of_state(const instance& i, bool goes_on) const {
  violations found;
  if (!i.broken.empty()) found.emplace_back("", "the engine cannot go on: " + i.broken);
  for (std::size_t n = 0; n < p_.steps.size(); ++n) {
    const auto& a = i.steps[n].forward;
    if (p_.steps[n].pivot && a.state == status::done && on_the_way_back(i))
      found.emplace_back(p_.steps[n].name,
                         "is the pivot and done, and yet the process is compensated");
    if (a.state == status::stuck && !a.stuck_closing && !i.past_pivot())
      found.emplace_back(p_.steps[n].name, "waits for an operator though there is a way back");
  }
  if (i.terminal())
    end_rules(i, found);
  else if (!goes_on && !i.stuck())
    found.emplace_back("",
                       "the process stands still for ever: nothing is asked, and it has no end");
  return found;
}

void path_rules::end_rules(const instance& i, violations& found) const {
  for (std::size_t n = 0; n < p_.steps.size(); ++n) {
    const auto& s = p_.steps[n];
    const auto& at = i.steps[n];
    if (at.forward.open() || at.undo.open())
      found.emplace_back(s.name, "is still open when the process has ended");
    const bool done = at.forward.state == status::done;
    const bool undone = at.undo.state == status::done;
    if (i.phase == instance_phase::completed && (undone || !final_state(at.forward)))
      found.emplace_back(s.name, "is not done when the process is complete");
    if (i.phase == instance_phase::compensated && done && s.undo && !undone)
      found.emplace_back(s.name, "is not undone when the process has been compensated");
  }
}

} // namespace ensemble
