#include "explorer/check_comparison.hpp"

#include "explorer/messages.hpp"
#include "explorer/random_definition.hpp"
#include "model/path_explorer.hpp"

#include <ensemble/check.hpp>

#include <map>
#include <memory>
#include <vector>

namespace explorer {

namespace {

using namespace ensemble;

constexpr std::size_t most_states = 4'000;

/// A random definition with everything that a step can have: also faults of every kind.
process_definition any_definition(dice& d, const std::shared_ptr<int>& calls) {
  auto p = *random_definition(d);
  p.initial = [calls] {
    ++*calls;
    return std::any();
  };
  for (auto& s : p.steps) {
    s.needs_no_undo = !s.undo && d.chance(0.3);
    if (d.chance(0.2) || s.only_if)
      s.only_if = [calls](const std::any&) {
        ++*calls;
        return true;
      };
    if (!d.chance(0.2)) continue;
    s.ask = {};
    s.undo = {};
    s.successes.clear();
    s.failures.clear();
    const auto text = [](const auto&) { return std::string("key"); };
    s.awaited.push_back({{&type_of<worked>(), {}}, text, text, true});
    if (d.chance(0.5)) s.awaited.push_back({{&type_of<broke>(), {}}, text, text, false});
  }
  for (auto& s : p.steps) s.pivot = s.pivot || d.chance(0.05);
  return p;
}

/// The length of the trace to each finding.
std::map<std::string, std::size_t> findings_of(const exploration& e) {
  std::map<std::string, std::size_t> found;
  for (const auto& f : e.findings) found.emplace(f.step + " " + f.text, f.trace.size());
  return found;
}

std::vector<std::size_t> lengths(const std::vector<std::vector<std::string>>& traces) {
  std::vector<std::size_t> found;
  for (const auto& t : traces) found.push_back(t.size());
  return found;
}

/// The full exploration as if each condition held.
std::size_t states_without_conditions(process_definition p, const known_services& services) {
  for (auto& s : p.steps) s.only_if = {};
  return explore_paths(p, services, most_states, exploration_kind::full).states;
}

} // namespace

std::string compare_check(std::uint64_t seed, check_comparison& all) {
  const std::vector<const service_definition*> unknown;
  const known_services services(unknown);
  const auto calls = std::make_shared<int>(0);
  dice d(seed);
  const auto p = any_definition(d, calls);
  const auto full = explore_paths(p, services, most_states, exploration_kind::full);
  const auto reduced = explore_paths(p, services, most_states);
  if (*calls > 0) return "a function of the definition was called";
  if (!full.whole) return {};
  ++all.compared;
  all.with_findings += full.findings.empty() ? 0 : 1;
  all.full_states += full.states;
  all.reduced_states += reduced.states;
  if (!reduced.whole) return "the reduced exploration is larger than the full one";
  if (findings_of(full) != findings_of(reduced)) return "the reduction finds something else";
  if (lengths(full.begun) != lengths(reduced.begun))
    return "the reduction does not find the shortest way to a step";
  bool conditional = false;
  for (std::size_t n = 0; n < p.steps.size(); ++n)
    conditional = conditional || (p.steps[n].only_if && !full.begun[n].empty());
  all.with_conditions += conditional ? 1 : 0;
  if (conditional && full.states <= states_without_conditions(p, services))
    return "a step with a condition is never passed over";
  check_options few;
  few.max_states = reduced.states / 2;
  if (check(p, few).verdict == check_verdict::proven) return "proven beyond the budget";
  return {};
}

} // namespace explorer
