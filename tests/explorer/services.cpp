#include "explorer/messages.hpp"
#include "explorer/world.hpp"
#include "model/engine_messages.hpp"

#include <algorithm>

// The services of the explorer's world: they follow rules 11 and 14, and crash in between.

namespace explorer {

namespace {

std::string stream_of(const due_command& c) { return c.service + "-key"; }

/// Whether these outcomes mean that something has changed in the world.
bool effective(const process_definition& p, const due_command& c,
               const std::vector<message>& outcome) {
  const auto any = [&]<class... Events>(const Events*...) {
    return std::ranges::any_of(outcome, [](const message& m) { return (m.is<Events>() || ...); });
  };
  const auto index = p.find_step(c.step);
  const bool silent_success = c.direction == direction::forward && index &&
                              p.steps[*index].successes.empty() &&
                              outcome.front().is<engine::command_acknowledged>();
  const worked* a{};
  const worked_otherwise* b{};
  const unworked* u{};
  const finished* f{};
  const cancelled* k{};
  return silent_success || any(a, b, u, f, k);
}

} // namespace

void world::deliver(std::size_t index) {
  const auto c = network_[index];
  network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(index));
  if (c.direction == direction::close)
    close(c);
  else if (effect_services_.contains(c.service))
    handle_effect(c);
  else
    handle(c);
}

bool world::handled(const due_command& c) const {
  const auto at = streams_.find(stream_of(c));
  return at != streams_.end() && at->second.contains(make_event_id(c.target, 0));
}

bool world::crashes(const due_command& c, double how_often) {
  if (healing_ || !dice_.chance(how_often)) return false;
  if (dice_.chance(0.3)) attempt_failed(c);
  return true;
}

void world::handle(const due_command& c) {
  if (handled(c)) return;      // its outcome is in the journal for everyone to read
  if (crashes(c, 0.1)) return; // before the append
  append_outcome(c, decide(c));
}

// The effect happens outside, then its outcome is appended; a crash may come in between.
void world::handle_effect(const due_command& c) {
  if (handled(c)) return;
  if (blocked_.contains(c.target)) {
    append_outcome(c, {engine::command_rejected{"blocked"}});
    return;
  }
  const auto outcome = decide(c);
  if (effective(*definition, c, outcome) &&
      !find_effect(c.target)) // the outside recognises a repeat by its key
    effects.push_back({c.target, c.step, c.direction, {}, false});
  if (crashes(c, 0.3)) return; // after the effect, before the append
  append_outcome(c, outcome);
}

void world::close(const due_command& c) {
  if (handled(c)) return;
  new_event e;
  e.origin = {{}, c.cause, id, c.step, c.target_direction, c.round};
  const bool outside = effect_services_.contains(c.service);
  if (outside && !healing_ && dice_.chance(0.15)) {
    e.id = make_event_id(c.id, 0);
    e.body = engine::close_refused{"cannot cancel"};
  } else {
    if (outside) {
      blocked_.insert(c.target);
      if (auto* done = find_effect(c.target)) done->reverted = true;
      if (crashes(c, 0.2)) return; // after the cancel, before the append
    }
    e.id = make_event_id(c.target, 0);
    e.body = engine::command_voided{};
  }
  record({std::move(e)}, stream_of(c));
}

std::vector<message> world::decide(const due_command& c) {
  // A function of the command: an effect that runs again comes to the same outcome.
  auto roll = dice(outcome_seed_ ^ c.target.tail()).below(100);
  if (healing_ && c.direction != direction::forward) roll = 0;
  const auto n = c.step.empty() ? 0 : std::stoi(c.step.substr(4));
  const auto unwilling = [&]() -> std::vector<message> {
    if (roll < 90) return {engine::command_rejected{"no"}};
    if (roll < 95) return {engine::command_acknowledged{}};
    return {remarked{}};
  };
  switch (c.direction) {
  case direction::forward: return decide_forward(c, roll);
  case direction::undo:
    if (roll < 70) return {unworked{n}};
    return roll < 75 ? std::vector<message>{remarked{}, unworked{n}} : unwilling();
  case direction::complete: return roll < 80 ? std::vector<message>{finished{}} : unwilling();
  default: return roll < 80 ? std::vector<message>{cancelled{}} : unwilling();
  }
}

std::vector<message> world::decide_forward(const due_command& c, std::size_t roll) {
  const auto n = std::stoi(c.step.substr(4));
  const auto& s = definition->steps[static_cast<std::size_t>(n)];
  roll = roll * (100 - luck_) / 100;
  if (healing_ && fold_all().past_pivot()) roll = 0;
  if (roll < 70) {
    if (s.successes.empty()) return {engine::command_acknowledged{}};
    if (roll % 10 == 1) return {remarked{}, worked{n}};
    if (roll % 10 == 2) return {worked{n}, broke{n}}; // the first in journal order wins
    // Over several entities, none of whose events falls on the home: an acknowledgement in front.
    if (roll % 10 == 4) return {engine::command_acknowledged{}, remarked{}, worked{n}};
    if (roll % 10 == 3 && s.successes.size() > 1) return {worked_otherwise{n}};
    return {worked{n}};
  }
  if (roll < 85 && !s.failures.empty()) return {broke{n}};
  if (roll < 94) return {engine::command_rejected{"no"}};
  if (roll < 97 || s.successes.empty()) return {remarked{}};
  return {engine::command_acknowledged{}};
}

void world::append_outcome(const due_command& c, const std::vector<message>& bodies) {
  std::vector<new_event> events;
  for (std::uint32_t n = 0; n < bodies.size(); ++n) {
    new_event e;
    e.id = make_event_id(c.id, n);
    e.index = n;
    e.last = n + 1 == bodies.size();
    e.origin = {{}, c.cause, id, c.step, c.direction, c.round};
    e.body = bodies[n];
    events.push_back(std::move(e));
  }
  const position at{journal.size() + 1};
  record(std::move(events), stream_of(c));
  if (!effective(*definition, c, bodies)) return;
  if (auto* known = find_effect(c.id)) {
    if (known->at.value == 0) known->at = at;
  } else {
    effects.push_back({c.id, c.step, c.direction, at, false});
  }
}

effect* world::find_effect(command_id wanted) {
  const auto at = std::ranges::find(effects, wanted, &effect::id);
  return at == effects.end() ? nullptr : &*at;
}

} // namespace explorer
