#pragma once

#include "model/possible_events.hpp"

#include <ensemble/check.hpp>

#include <vector>

namespace ensemble {

/// Where the trace of a fault that is seen in the definition itself leads.
enum class fault_place { nowhere, start, step, undo, complete, abort };

struct definition_fault {
  check_finding finding{};
  fault_place place = fault_place::nowhere;
  std::size_t step{}; ///< for step and undo
};

/// Why the definition cannot even be explored: it does not fit together.
[[nodiscard]] std::vector<check_finding> faults_of_form(const process_definition& p);

/// The faults that can be told from the definition and the services alone, traces still empty.
[[nodiscard]] std::vector<definition_fault> faults_of_definition(const process_definition& p,
                                                                 const known_services& services);

} // namespace ensemble
