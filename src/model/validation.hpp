#pragma once

#include <ensemble/process.hpp>

namespace ensemble {

/// What `validate` checks, but where the pivot stands. Throws errc::bad_definition.
void validate_parts(const process_definition& process);

} // namespace ensemble
