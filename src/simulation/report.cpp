#include <ensemble/simulation.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace ensemble::simulation {

namespace {

std::string one_digit(double number) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f", number);
  return text;
}

std::string hours(std::chrono::seconds time) {
  return one_digit(std::chrono::duration<double, std::ratio<3600>>(time).count());
}

std::string of_each(const std::map<fault, std::uint64_t>& faults) {
  std::string all;
  for (const auto& [what, count] : faults)
    if (count > 0)
      all += (all.empty() ? "" : ", ") + std::string(to_string(what)) + " " + std::to_string(count);
  return all.empty() ? "none" : all;
}

constexpr std::size_t shown = 20;

} // namespace

double coverage::percent(std::optional<direction> of) const {
  std::size_t all = 0;
  std::size_t some = 0;
  for (const auto& [what, count] : met) {
    if (of && what.direction != *of) continue;
    ++all;
    if (count > 0) ++some;
  }
  return all == 0 ? 100 : 100.0 * static_cast<double>(some) / static_cast<double>(all);
}

std::vector<step_case> coverage::never_met() const {
  std::vector<step_case> never;
  for (const auto& [what, count] : met)
    if (count == 0) never.push_back(what);
  return never;
}

void coverage::add(const coverage& other) {
  for (const auto& [what, count] : other.met) met[what] += count;
}

std::string report::text() const {
  char digits[32];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  auto all = std::to_string(runs) + " runs (" + std::to_string(calm_runs) + " calm, " +
             std::to_string(danced_runs) + " danced first), " + std::to_string(requests) +
             " requests, " + std::to_string(instances) + " instances, " + std::to_string(events) +
             " events, " + std::to_string(messages) + " messages, " + hours(simulated) +
             " simulated hours, " + std::to_string(restarts) + " restarts, " +
             std::to_string(repeated) + " runs repeated, hash " + digits + "\n";
  all += "faults: " + of_each(faults) + "\n";
  const auto never = coverage.never_met();
  all += "coverage: " + one_digit(coverage.percent()) + " % of " +
         std::to_string(coverage.met.size()) + " cases; of the compensation's " +
         one_digit(coverage.percent(direction::undo)) + " %\n";
  for (std::size_t n = 0; n < std::min(never.size(), shown); ++n)
    all += "  never: " + never[n].name() + "\n";
  if (never.size() > shown)
    all += "  and " + std::to_string(never.size() - shown) + " more never\n";
  for (const auto& f : failures) {
    all += "VIOLATION, " + f.replay + "\n";
    for (std::size_t n = 0; n < std::min(f.violations.size(), shown); ++n)
      all += "  " + f.violations[n] + "\n";
    if (f.violations.size() > shown)
      all += "  and " + std::to_string(f.violations.size() - shown) + " more\n";
  }
  if (failures.empty()) all += "no violation\n";
  return all;
}

} // namespace ensemble::simulation
