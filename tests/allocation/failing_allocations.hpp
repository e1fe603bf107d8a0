#pragma once

#include <cstdint>

/// In this program the nth allocation fails, of `operator new` and of SQLite's alike.
namespace allocations {

/// From now on the nth allocation of this thread fails (from 1), and for ever: every later one.
void fail_at(std::uint64_t nth, bool for_ever);
/// Everything works again. True: one has failed.
bool heal();
/// How many blocks this program and SQLite hold.
[[nodiscard]] std::int64_t held();

} // namespace allocations
