#pragma once

#include "runtime/messages.hpp"

#include <ensemble/service.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace ensemble::internal {

/// A command while its host is at work on it.
struct work {
  std::shared_ptr<const host_command> command{};
  const command_handler* handler{};
  bool repeat = false; ///< look for an earlier outcome first
  /// What an effect came to, so that it is not run again when only its append must be repeated.
  std::shared_ptr<const verdict> decided{};
  bool cancelled = false; ///< of a close: the effect is blocked outside
};
using work_ptr = std::shared_ptr<work>;

/// The events that record a verdict: its own, or the engine's for a refusal or for nothing to do.
/// Makes their texts; throws errc::bad_message for one that cannot be stored.
[[nodiscard]] std::vector<new_event> outcome_events(const host_command& command,
                                                    const verdict& decided);
/// The event that closes the command that `close` names: void, or refused.
[[nodiscard]] new_event voided_event(const host_command& close);
[[nodiscard]] new_event close_refused_event(const host_command& close, std::string reason);

/// The receipt for recorded outcome events.
[[nodiscard]] receipt make_receipt(const host_command& command, std::vector<recorded_event> events,
                                   bool repeated);
/// The same events as the journal holds them after an append to one stream.
[[nodiscard]] std::vector<recorded_event> as_recorded(const std::string& stream,
                                                      const std::vector<new_event>& events,
                                                      const append_result& result, timestamp time);

} // namespace ensemble::internal
