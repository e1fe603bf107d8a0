#pragma once

#include "trace/known_processes.hpp"

#include <ensemble/causation.hpp>

#include <vector>

namespace ensemble::trace {

/// Folds the instances that began in a flow, and tells where each stands. `events` are all those of
/// the flow, in journal order.
[[nodiscard]] std::vector<flow_instance> fold_flow(const known_processes& known,
                                                   const std::vector<causation_event>& events);

} // namespace ensemble::trace
