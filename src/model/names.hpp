#pragma once

#include "model/limits.hpp"

#include <algorithm>
#include <string_view>

namespace ensemble {

/// Whether a service, process or step may have that name: `[a-z][a-z0-9_]*`, at most 200 bytes.
/// No `-`, which ends the category in a stream's name.
[[nodiscard]] inline bool is_name(std::string_view text, std::string_view also = "") noexcept {
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  return !text.empty() && text.size() <= name_limit && letter(text.front()) &&
         std::ranges::all_of(text, [&](char c) {
           return letter(c) || (c >= '0' && c <= '9') || c == '_' ||
                  also.find(c) != std::string_view::npos;
         });
}

/// Whether a message may have that name: the same, with dots.
[[nodiscard]] inline bool is_message_name(std::string_view text) noexcept {
  return is_name(text, ".");
}

} // namespace ensemble
