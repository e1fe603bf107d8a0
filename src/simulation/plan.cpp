#include "simulation/plan.hpp"

#include "simulation/chance.hpp"

#include <ensemble/error.hpp>

#include <algorithm>
#include <charconv>
#include <iterator>

namespace ensemble::simulation {

namespace {

[[noreturn]] void refuse(std::string_view text) {
  throw error(errc::bad_argument,
              "ENSEMBLE_SIMULATION: cannot read '" + std::string(text) +
                  "'; it looks like seed=17 requests=2 mode=choreography faults=power_cut,pause");
}

template <class Number>
Number read_number(std::string_view text, std::string_view all) {
  Number n{};
  const auto [end, what] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (what != std::errc{} || end != text.data() + text.size()) refuse(all);
  return n;
}

/// Takes what stands before the next `by`.
std::string_view take_until(std::string_view& text, char by) {
  const auto end = std::min(text.find(by), text.size());
  const auto part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

void read_mode(plan& p, std::string_view value, std::string_view all) {
  p.may_change_mode = value.ends_with("+");
  if (p.may_change_mode) value.remove_suffix(1);
  for (const auto mode : {process_mode::orchestration, process_mode::choreography})
    if (value == to_string(mode)) {
      p.mode = mode;
      return;
    }
  refuse(all);
}

} // namespace

plan draw_plan(std::uint64_t seed, const options& how) {
  chance c(seed);
  plan p;
  p.seed = seed;
  p.requests = 1 + c.below(how.requests);
  p.may_change_mode = !how.mode;
  const bool danced = c.in_thousand(500);
  p.mode = how.mode.value_or(danced ? process_mode::choreography : process_mode::orchestration);
  if (how.faults.empty() || how.most_faults == 0 || c.in_thousand(100)) return p;
  for (auto left = 1 + c.below(how.most_faults); left > 0; --left) {
    const auto which = static_cast<std::ptrdiff_t>(c.below(how.faults.size()));
    p.faults.insert(*std::next(how.faults.begin(), which));
  }
  return p;
}

std::string to_text(const plan& what) {
  std::string faults;
  for (const auto f : what.faults)
    faults += (faults.empty() ? "" : ",") + std::string(to_string(f));
  return "seed=" + std::to_string(what.seed) + " requests=" + std::to_string(what.requests) +
         " mode=" + std::string(to_string(what.mode)) + (what.may_change_mode ? "+" : "") +
         " faults=" + faults;
}

plan read_plan(std::string_view text) {
  plan p;
  for (auto rest = text; !rest.empty();) {
    auto value = take_until(rest, ' ');
    const auto name = take_until(value, '=');
    if (name == "seed")
      p.seed = read_number<std::uint64_t>(value, text);
    else if (name == "requests")
      p.requests = read_number<std::size_t>(value, text);
    else if (name == "mode")
      read_mode(p, value, text);
    else if (name == "faults")
      while (!value.empty()) {
        const auto f = parse_fault(take_until(value, ','));
        if (!f) refuse(text);
        p.faults.insert(*f);
      }
    else
      refuse(text);
  }
  if (p.requests == 0) refuse(text);
  return p;
}

} // namespace ensemble::simulation
