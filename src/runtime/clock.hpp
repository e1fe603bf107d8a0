#pragma once

#include <ensemble/identity.hpp>

#include <functional>

namespace ensemble::internal {

/// The port through which the runtime learns the time.
using clock_port = std::function<timestamp()>;

/// The machine's own clock (UTC).
[[nodiscard]] timestamp system_now();

} // namespace ensemble::internal
