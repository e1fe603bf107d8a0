#pragma once

#include <ensemble/history.hpp>

#include <functional>
#include <string>
#include <vector>

namespace ensemble::trace {

/// Something that was asked and told, and where it belongs in the journal's order.
struct timed_operation {
  history_moment asked = 0;
  history_moment answered = 0; ///< 0: never, or what was told says nothing
  /// True: it recorded the events `from` to `to`. False: it saw the journal when its head stood at
  /// `from`, or somewhere behind that before `to`.
  bool writes = false;
  position from{};
  position to{};
  std::function<std::string()> name{};
};

/// S6 and S7: whether the journal's order keeps that of real time. Every operation has a place in
/// the journal: a write where its events stand, a read where what it was told was true. What was
/// answered before another was asked must have a place below it. Reads are given the lowest place
/// that fits, so if this finds none, there is none.
void hold_real_time_order(std::vector<timed_operation> operations, history_findings& found);

} // namespace ensemble::trace
