#pragma once

#include <ensemble/identity.hpp>

#include <functional>

namespace ensemble::internal {

/// The port through which the runtime learns the time.
using clock_port = std::function<timestamp()>;

/// The machine's own clock (UTC).
[[nodiscard]] timestamp system_now();

/// The same clock, but for this: when it is set back it stands still until it is where it was. So
/// nothing is recorded at a time before that at which it was decided. Safe to use from several
/// threads if the clock is.
[[nodiscard]] clock_port never_falling(clock_port clock);

} // namespace ensemble::internal
