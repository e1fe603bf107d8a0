#pragma once

#include <ensemble/event.hpp>
#include <ensemble/journal.hpp>
#include <ensemble/simulation.hpp>

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ensemble::simulation {

/// Which cases a journal shows, and which come from what happened to its commands meanwhile.
class case_recorder {
public:
  explicit case_recorder(const std::vector<process_definition>& processes);

  /// All events, in journal order.
  void feed(const recorded_event& e);
  /// Afterwards: it happened to a command, or the event that it led to.
  void note(happening what, const event_origin& origin);
  [[nodiscard]] const coverage& met() const noexcept { return met_; }
  [[nodiscard]] std::uint64_t instances() const noexcept { return processes_of_.size(); }

private:
  void met(const event_origin& origin, happening what, std::string event = {});
  void outcome(const recorded_event& e, const process_definition& p);
  void attempt(const recorded_event& e, const process_definition& p);
  [[nodiscard]] const process_definition* process_of(const event_origin& origin) const;

  const std::vector<process_definition>& processes_;
  std::map<instance_id, const process_definition*> processes_of_{};
  std::set<instance_id> given_up_{}; ///< whole instances: they go back
  std::set<std::pair<instance_id, std::string>> steps_given_up_{};
  coverage met_{};
};

} // namespace ensemble::simulation
