#include "model/dance.hpp"

#include <algorithm>

namespace ensemble {

const std::string& actor_of(const process_definition& p, const step_definition& s) {
  return s.awaits() ? p.owner : s.ask.service;
}

std::vector<std::string> participants(const process_definition& p) {
  std::vector<std::string> all{p.owner};
  for (const auto& s : p.steps)
    if (std::ranges::find(all, actor_of(p, s)) == all.end()) all.push_back(actor_of(p, s));
  return all;
}

std::vector<std::vector<bool>> steps_before(const process_definition& p) {
  std::vector<std::vector<bool>> before(p.steps.size(), std::vector<bool>(p.steps.size()));
  for (std::size_t n = 0; n < p.steps.size(); ++n)
    for (const auto near : p.steps[n].after) {
      before[n][near] = true;
      for (std::size_t far = 0; far < near; ++far)
        if (before[near][far]) before[n][far] = true;
    }
  return before;
}

std::vector<std::size_t> last_steps(const process_definition& p) {
  std::vector<bool> followed(p.steps.size());
  for (const auto& s : p.steps)
    for (const auto before : s.after) followed[before] = true;
  std::vector<std::size_t> last;
  for (std::size_t n = 0; n < p.steps.size(); ++n)
    if (!followed[n]) last.push_back(n);
  return last;
}

bool from_pivot_on(const process_definition& p, std::size_t step) {
  return p.steps[step].pivot || std::ranges::any_of(p.steps[step].after, [&](std::size_t before) {
           return from_pivot_on(p, before);
         });
}

bool may_fail_after(const process_definition& p, const std::vector<std::vector<bool>>& before,
                    std::size_t step, std::size_t other) {
  if (step == other || before[step][other]) return false;
  return p.steps[other].pivot || !from_pivot_on(p, other);
}

namespace {

std::vector<std::string> names_of(const std::vector<outcome_definition>& outcomes) {
  std::vector<std::string> names;
  for (const auto& o : outcomes) names.emplace_back(o.event->name);
  return names;
}

std::vector<std::string> awaited_names(const step_definition& s, bool success) {
  std::vector<std::string> names;
  for (const auto& a : s.awaited)
    if (a.success == success) names.emplace_back(a.outcome.event->name);
  return names;
}

} // namespace

std::vector<std::string> succeeds_with(const step_definition& s) {
  return s.awaits() ? awaited_names(s, true) : names_of(s.successes);
}

std::vector<std::string> fails_with(const step_definition& s) {
  return s.awaits() ? awaited_names(s, false) : names_of(s.failures);
}

std::vector<std::string> undone_with(const step_definition& s) {
  if (!s.undone.event) return {};
  return {std::string(s.undone.event->name)};
}

namespace {

/// Whether its service may be asked to close or undo it before others are undone.
bool settled_on_way_back(const process_definition& p, std::size_t step) {
  return !p.steps[step].awaits() && (p.steps[step].pivot || !from_pivot_on(p, step));
}

participant_part part_of(const process_definition& p, const std::string& service,
                         const std::vector<std::vector<bool>>& before) {
  participant_part part;
  part.service = service;
  part.owner = service == p.owner;
  const auto own = [&](std::size_t n) { return actor_of(p, p.steps[n]) == service; };
  const auto undone = [&](std::size_t n) { return p.steps[n].undo && !from_pivot_on(p, n); };
  for (std::size_t n = 0; n < p.steps.size(); ++n) {
    const auto& s = p.steps[n];
    if (part.owner && s.within != duration{}) part.step_deadlines.push_back(s.name);
    if (part.owner && s.awaits()) part.receives.push_back(s.name);
    if (own(n) && !s.awaits()) part.does.push_back(s.name);
    if (own(n) && undone(n)) part.undoes.push_back(s.name);
    if (own(n) && settled_on_way_back(p, n) && p.abort) part.abort_waiting = true;
    bool behind = own(n);
    bool ahead = own(n);
    for (std::size_t other = 0; other < p.steps.size(); ++other) {
      behind = behind || (own(other) && before[n][other]);
      ahead = ahead || (own(other) && settled_on_way_back(p, other) && before[other][n]);
    }
    if (behind) part.steps_waiting.push_back(s.name);
    if (ahead && undone(n)) part.undos_waiting.push_back(s.name);
  }
  if (!part.owner) return part;
  part.process_deadline = p.deadline != duration{};
  part.completes = static_cast<bool>(p.complete);
  part.aborts = static_cast<bool>(p.abort);
  part.abort_waiting = part.abort_waiting || part.aborts;
  return part;
}

} // namespace

std::vector<participant_part> parts_of(const process_definition& p) {
  const auto before = steps_before(p);
  std::vector<participant_part> parts;
  for (const auto& service : participants(p)) parts.push_back(part_of(p, service, before));
  return parts;
}

} // namespace ensemble
