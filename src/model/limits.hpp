#pragma once

#include <cstddef>

namespace ensemble {

/// The longest JSON text of one message, in bytes.
inline constexpr std::size_t message_limit = 1024 * 1024;
/// How deep lists and objects may stand in each other, the outermost object included. Held by the
/// reader and the writer alike: what was written can be read.
inline constexpr std::size_t nesting_limit = 64;
/// The longest name of a message, service or process, and the longest entity key, in bytes.
inline constexpr std::size_t name_limit = 200;

} // namespace ensemble
