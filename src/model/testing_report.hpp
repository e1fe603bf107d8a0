#pragma once

#include <ensemble/message.hpp>

#include <string>
#include <vector>

// What `given` and `play` share.
namespace ensemble::detail {

using lines = std::vector<std::string>;

/// The message as a journal would give it back. Throws errc::bad_message when that is another one.
[[nodiscard]] message stored(const message& m);

/// The two lists below each other, with the first line that differs marked in both.
[[nodiscard]] std::string difference(const lines& expected, const lines& actual);

} // namespace ensemble::detail
