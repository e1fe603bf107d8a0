#pragma once

#include "trace/known_processes.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace ensemble::trace {

/// Events of one instance, the start event first, with their types.
using instance_events = std::vector<recorded_event>;

/// The first point at which two of those who run an instance differ.
struct holder_difference {
  position at{};
  std::string text{};
};

/// The services that have a participant in the process, sorted.
[[nodiscard]] std::vector<std::string> participants_of(const process_definition& process);

/// Folds an instance for its conductor, from `conducted`, and for each participant, from what it
/// was given, and compares them after each event of the conductor's. Nothing: they agree.
[[nodiscard]] std::optional<holder_difference>
compare_holders(const process_ptr& definition, const instance_events& conducted,
                const std::function<instance_events(std::string_view service)>& given_to);

} // namespace ensemble::trace
