#pragma once

#include <ensemble/process.hpp>

#include <string>

namespace ensemble {

/// The structure of a definition as text, a line for each part: what a fold of old events depends
/// on, as far as it can be seen. Names, dependencies, commands, events, conditions, pivots and
/// numbers of attempts are in it; the bodies of functions cannot be, and durations do not matter
/// to a fold. Two definitions of one version must have the same (rule 16).
[[nodiscard]] std::string structure_of(const process_definition& p);

} // namespace ensemble
