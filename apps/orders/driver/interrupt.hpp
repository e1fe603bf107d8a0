#pragma once

namespace orders {

/// From now on Ctrl-C (SIGINT) and SIGTERM only raise a flag.
void catch_interrupts();
/// From now on they end the program as usual: for the time that an orderly stop takes.
void release_interrupts();
[[nodiscard]] bool interrupted() noexcept;

} // namespace orders
