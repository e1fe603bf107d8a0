#pragma once

#include <ensemble/identity.hpp>
#include <ensemble/process.hpp>

#include <functional>

namespace ensemble::internal {

/// The port through which the runtime learns the time.
using clock_port = std::function<timestamp()>;

/// The machine's own clock (UTC).
[[nodiscard]] timestamp system_now();

/// How long the machine has been on, its sleep included (CLOCK_BOOTTIME): never falls, whoever sets
/// the clock.
[[nodiscard]] duration time_since_boot();

/// That clock, but for this: when it is set back it stands still until it is where it was. So
/// nothing is recorded at a time before that at which it was decided. Safe to use from several
/// threads if the clock is.
[[nodiscard]] clock_port never_falling(clock_port clock);

} // namespace ensemble::internal
