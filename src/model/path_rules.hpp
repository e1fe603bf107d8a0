#pragma once

#include "model/instance.hpp"

#include <ensemble/check.hpp>

#include <string>
#include <utility>
#include <vector>

namespace ensemble {

/// What every step of every path must keep, whatever the definition: rules 3 to 6 of
/// docs/process-machine.md. They are written against the states alone, so that they do not repeat
/// what the engine believes; a violation is a fault of the engine, or of a definition that should
/// have been refused.
class path_rules {
public:
  explicit path_rules(const process_definition& p);

  /// What is wrong with that one event's effect, in words: the step, and the sentence.
  using violations = std::vector<std::pair<std::string, std::string>>;
  [[nodiscard]] violations of_event(const instance& before, const recorded_event& event,
                                    const instance& after, bool by_operator) const;
  /// What is wrong with repeating it, and with answers that come too late. Folds into `after`,
  /// which must not change by it.
  [[nodiscard]] violations of_repeats(instance& after, const recorded_event& event) const;
  /// What is wrong with a state, given whether anything but an operator's word can still happen.
  [[nodiscard]] violations of_state(const instance& i, bool goes_on) const;

private:
  struct view;
  void forward_rules(const view& v) const;
  void undo_rules(const view& v) const;
  void end_rules(const instance& i, violations& found) const;

  const process_definition& p_;
  std::vector<std::vector<std::size_t>> behind_{}; ///< for each step those after it, near and far
};

} // namespace ensemble
