#pragma once

#include "runtime/environment.hpp"

namespace ensemble::internal {

/// Proves each process by its structure (ensemble::check). Throws errc::bad_definition with all
/// that is wrong; logs what is only doubtful, and processes too large to be proven at a start.
void check_structures(const environment& env);

} // namespace ensemble::internal
