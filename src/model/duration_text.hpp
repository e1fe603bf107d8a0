#pragma once

#include <ensemble/process.hpp>

#include <string>

namespace ensemble {

/// In the largest unit that leaves no rest, as in `30s` or `72h`.
[[nodiscard]] std::string told(duration d);

} // namespace ensemble
