#pragma once

#include "model/utf8.hpp"

#include <exception>
#include <string>
#include <string_view>

namespace ensemble {

/// Text that a message can hold whatever it was: cut to a kilobyte, with `?` for what is not UTF-8.
[[nodiscard]] inline std::string storable(std::string_view text) {
  constexpr std::size_t most = 1024;
  std::string out;
  for (std::size_t at = 0; at < text.size() && out.size() < most;) {
    const auto length = utf8_length(text, at);
    if (length == 0)
      out.push_back('?');
    else
      out.append(text.substr(at, length));
    at += length == 0 ? 1 : length;
  }
  return out;
}

/// What the exception that is being handled says. Only inside a catch block. Users may throw
/// anything, and their words may be recorded as a reason.
[[nodiscard]] inline std::string thrown_text() {
  try {
    throw;
  } catch (const std::exception& e) {
    return storable(e.what());
  } catch (...) {
    return "an exception of an unknown kind";
  }
}

} // namespace ensemble
