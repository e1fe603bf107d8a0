#include "trace/holder_comparison.hpp"

#include "model/fold_difference.hpp"

#include <algorithm>
#include <set>

namespace ensemble::trace {

namespace {

/// One participant, and how far it has read.
struct dancer {
  std::string service{};
  instance_events given{};
  std::size_t next = 0;
  std::optional<instance> folded{};

  void read_to(const process_ptr& definition, position at) {
    for (; next < given.size() && given[next].position <= at; ++next)
      if (folded)
        evolve(*folded, given[next]);
      else
        folded = begin_instance(definition, given[next]);
  }
};

bool same_deadlines(const instance& a, const instance& b) {
  return std::ranges::equal(deadlines(a), deadlines(b), [](const auto& x, const auto& y) {
    return x.at == y.at && same(x.event, y.event);
  });
}

/// Rule 9: what is due is due in exactly one participant, that of its service.
std::string difference_in_due(const instance& conductor, const std::vector<dancer>& dancers) {
  auto owed = due(conductor);
  for (const auto& d : dancers)
    for (const auto& command : due(*d.folded)) {
      if (command.service != d.service) continue;
      const auto at = std::ranges::find_if(owed, [&](const auto& c) { return same(c, command); });
      if (at == owed.end())
        return "to " + d.service + " a command is due that is not due to the conductor";
      owed.erase(at);
    }
  return owed.empty() ? "" : "a command of " + owed.front().service + " is due to no participant";
}

} // namespace

std::vector<std::string> participants_of(const process_definition& process) {
  std::set<std::string> services{process.owner};
  for (const auto& step : process.steps)
    if (!step.awaits()) services.insert(step.ask.service);
  return {services.begin(), services.end()};
}

std::optional<holder_difference>
compare_holders(const process_ptr& definition, const instance_events& conducted,
                const std::function<instance_events(std::string_view service)>& given_to) {
  std::vector<dancer> dancers;
  for (auto& service : participants_of(*definition)) {
    auto given = given_to(service);
    dancers.push_back({std::move(service), std::move(given)});
  }
  auto conductor = begin_instance(definition, conducted.front());
  for (const auto& e : conducted) {
    evolve(conductor, e);
    for (auto& d : dancers) {
      d.read_to(definition, e.position);
      if (!d.folded) return {{e.position, d.service + " does not know of the instance"}};
      if (const auto field = fold_difference(*d.folded, conductor); !field.empty())
        return {{e.position, d.service + " has folded another " + field}};
      if (d.service == definition->owner && !same_deadlines(*d.folded, conductor))
        return {{e.position, d.service + " keeps other deadlines"}};
    }
    if (auto text = difference_in_due(conductor, dancers); !text.empty())
      return {{e.position, std::move(text)}};
  }
  return std::nullopt;
}

} // namespace ensemble::trace
