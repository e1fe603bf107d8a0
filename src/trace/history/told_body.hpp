#pragma once

#include <ensemble/message.hpp>

namespace ensemble::trace {

/// Whether the journal's message is the one that was told. One that was too long for a history's
/// file has its name there, without a text.
inline bool same_body(const message& told, const message& recorded) {
  if (told.name() != recorded.name()) return false;
  return (told.type() == nullptr && told.text().empty()) || told == recorded;
}

} // namespace ensemble::trace
