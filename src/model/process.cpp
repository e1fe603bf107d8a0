#include "model/validation.hpp"

#include <algorithm>
#include <set>

namespace ensemble {

std::string_view to_string(process_mode mode) noexcept {
  return mode == process_mode::orchestration ? "orchestration" : "choreography";
}

namespace {

[[noreturn]] void refuse(const process_definition& p, const std::string& what) {
  throw error(errc::bad_definition, "process '" + p.name + "': " + what);
}

bool is_short_name(std::string_view name) {
  const auto lower = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto rest = [&](char c) { return lower(c) || (c >= '0' && c <= '9') || c == '_'; };
  return !name.empty() && name.size() <= 100 && lower(name.front()) &&
         std::ranges::all_of(name, rest);
}

// A point in time has room for some 290 years, and sums of these must fit.
constexpr duration longest = std::chrono::hours(24 * 366 * 10);

void check_length(const process_definition& p, const std::string& what, duration d) {
  if (d > longest) refuse(p, what + " must not be longer than ten years; 0 is no limit");
}

// Definitions that are put together by hand may lack what the builder always sets.
void check_types(const process_definition& p, const step_definition& s, const std::string& where) {
  const auto typed = [](const outcome_definition& o) { return o.event != nullptr; };
  const bool all = std::ranges::all_of(s.successes, typed) &&
                   std::ranges::all_of(s.failures, typed) &&
                   std::ranges::all_of(s.awaited, typed, &awaited_definition::outcome);
  if (!all) refuse(p, where + " waits for an event without a type: set it");
  if ((s.ask && !s.ask.command) || (s.undo && !s.undo.command))
    refuse(p, where + " makes a command without a type: set it");
}

void check_policy(const process_definition& p, const std::string& where, const retry_policy& r) {
  if (r.attempts < 1) refuse(p, where + ": retries need attempts >= 1, the first included");
  if (r.attempt_within < duration{} || r.first_delay < duration{} || r.max_delay < duration{})
    refuse(p, where + ": retries need durations >= 0");
  check_length(p, where + ": attempt_within", r.attempt_within);
  check_length(p, where + ": first_delay", r.first_delay);
  check_length(p, where + ": max_delay", r.max_delay);
}

void check_asking(const process_definition& p, const step_definition& s, const std::string& where) {
  if (!s.ask)
    refuse(p, where + " asks nothing: add .asks(service, command), or .awaits for an event");
  if (!is_short_name(s.ask.service))
    refuse(p, where + ": '" + s.ask.service + "' is no service name");
  if (s.delay < duration{}) refuse(p, where + ": delayed_by must not be negative");
  check_length(p, where + ": delayed_by", s.delay);
}

void check_awaiting(const process_definition& p, const step_definition& s,
                    const std::string& where) {
  if (s.ask) refuse(p, where + " both asks and awaits: make two steps, the second after the first");
  if (!s.successes.empty() || !s.failures.empty())
    refuse(p, where + " awaits: its events are named by .awaits and .awaits_failure");
  if (s.undo) refuse(p, where + " awaits, so there is nothing to undo: undo the step that asks");
  if (s.delay != duration{}) refuse(p, where + " awaits, so it cannot be delayed");
  if (std::ranges::none_of(s.awaited, &awaited_definition::success))
    refuse(p, where + " awaits only failures: add .awaits for a success");
  std::set<std::string_view> names;
  for (const auto& awaited : s.awaited)
    if (!names.insert(awaited.outcome.event->name).second)
      refuse(p, where + " awaits '" + std::string(awaited.outcome.event->name) + "' twice");
}

void check_step(const process_definition& p, std::size_t index) {
  const auto& s = p.steps[index];
  const auto where = "step '" + s.name + "'";
  if (!is_short_name(s.name))
    refuse(p, where + ": a name is [a-z][a-z0-9_]*, up to 100 characters");
  if (p.find_step(s.name) != index) refuse(p, where + " is defined twice");
  check_types(p, s, where);
  if (s.awaits())
    check_awaiting(p, s, where);
  else
    check_asking(p, s, where);
  if (s.within < duration{}) refuse(p, where + ": within must not be negative");
  check_length(p, where + ": within", s.within);
  if (s.undo && s.needs_no_undo)
    refuse(p, where + " has an undo and says that it needs none: take one of the two away");
  if (std::ranges::any_of(s.after, [&](std::size_t before) { return before >= index; }))
    refuse(p, where + ": after() names a step that is not defined before it");
  check_policy(p, where, s.retries);
}

// A pivot beside an unfinished step would have to decide for it whether there is a way back.
void check_pivot(const process_definition& p, std::size_t pivot) {
  const auto n = p.steps.size();
  std::vector<std::set<std::size_t>> before(n);
  for (std::size_t i = 0; i < n; ++i)
    for (const auto parent : p.steps[i].after) {
      before[i].insert(parent);
      before[i].insert(before[parent].begin(), before[parent].end());
    }
  for (std::size_t other = 0; other < n; ++other)
    if (other != pivot && !before[pivot].contains(other) && !before[other].contains(pivot))
      refuse(p, "pivot '" + p.steps[pivot].name + "' runs beside step '" + p.steps[other].name +
                    "': put one after the other");
}

} // namespace

const outcome_definition* step_definition::success_on(std::string_view event) const noexcept {
  for (const auto& o : successes)
    if (o.event->name == event) return &o;
  for (const auto& a : awaited)
    if (a.success && a.outcome.event->name == event) return &a.outcome;
  return nullptr;
}

std::optional<std::size_t> process_definition::find_step(std::string_view step) const noexcept {
  for (std::size_t i = 0; i < steps.size(); ++i)
    if (steps[i].name == step) return i;
  return std::nullopt;
}

void validate_parts(const process_definition& p) {
  if (!is_short_name(p.name)) refuse(p, "a name is [a-z][a-z0-9_]*, up to 100 characters");
  if (!is_short_name(p.owner)) refuse(p, "'" + p.owner + "' is no service name");
  if (p.owner == p.name) refuse(p, "needs a name of its own, other than its owner's");
  if (p.version < 1) refuse(p, "version must be at least 1");
  if (p.deadline < duration{}) refuse(p, "deadline must not be negative");
  check_length(p, "deadline", p.deadline);
  if (!p.start.event) refuse(p, "nothing starts it: add .starts_on<event>(fold)");
  if (p.steps.empty()) refuse(p, "has no step: add .step(name)");
  if ((p.complete && !p.complete.command) || (p.abort && !p.abort.command))
    refuse(p, "complete or abort makes a command without a type: set it");
  check_policy(p, "complete and abort", p.retries);
  for (std::size_t i = 0; i < p.steps.size(); ++i) check_step(p, i);
}

void validate(const process_definition& p) {
  validate_parts(p);
  for (std::size_t i = 0; i < p.steps.size(); ++i)
    if (p.steps[i].pivot) check_pivot(p, i);
}

std::vector<std::size_t> detail::steps_named(const process_definition& process,
                                             const std::string& step,
                                             std::initializer_list<std::string_view> names) {
  std::vector<std::size_t> found;
  for (const auto name : names) {
    const auto index = process.find_step(name);
    if (!index || *index + 1 >= process.steps.size())
      refuse(process, "step '" + step + "': after(\"" + std::string(name) +
                          "\") names a step that is not defined before it");
    found.push_back(*index);
  }
  return found;
}

} // namespace ensemble
