#pragma once

namespace orders {

/// From now on Ctrl-C (SIGINT) and SIGTERM only raise a flag, the first time; the second ends the
/// program as usual.
void catch_interrupts();
[[nodiscard]] bool interrupted() noexcept;

} // namespace orders
