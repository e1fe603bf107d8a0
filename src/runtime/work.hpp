#pragma once

#include "runtime/messages.hpp"

#include <ensemble/service.hpp>

#include <memory>
#include <optional>
#include <vector>

namespace ensemble::internal {

struct entity;

/// A command while its host is at work on it.
struct work {
  std::shared_ptr<const host_command> command{};
  const command_handler* handler{};
  /// What it concerns, the home first. They are in use, and so stay where they are.
  std::vector<std::string> keys{};
  std::vector<entity*> entities{};
  bool repeat = false; ///< look for an earlier outcome first
  /// What an effect came to, so that it is not run again when only its append must be repeated.
  std::shared_ptr<const verdict> decided{};
  /// An earlier append of it, whose answer is lost, may have been recorded.
  bool may_be_recorded = false;
  bool cancelled = false; ///< of a close: the effect is blocked outside
  /// Why it failed on entities of which some were taken for new, and their lengths then: if these
  /// are the journal's, that stands.
  std::string failed_on_guess{};
  std::vector<std::uint64_t> guessed_lengths{};
};
using work_ptr = std::shared_ptr<work>;

/// The events that record a verdict: its own, or the engine's for a refusal or for nothing to do.
/// Makes their texts; throws errc::bad_message for one that cannot be stored.
[[nodiscard]] std::vector<new_event> outcome_events(const host_command& command,
                                                    const verdict& decided);
/// The same for a command over several entities: the events for each of its keys, the home's first.
/// Throws errc::bad_argument too, for an event on a key that is not the command's.
[[nodiscard]] std::vector<std::vector<new_event>>
outcome_events(const host_command& command, const std::vector<std::string>& keys,
               joint_verdict decided);
/// The event that closes the command that `close` names: void, or refused.
[[nodiscard]] new_event voided_event(const host_command& close);
[[nodiscard]] new_event close_refused_event(const host_command& close, std::string reason);

/// The receipt for recorded outcome events.
[[nodiscard]] receipt make_receipt(const host_command& command, std::vector<recorded_event> events,
                                   bool repeated);
/// The events of an append as the journal holds them afterwards.
[[nodiscard]] std::vector<recorded_event> as_recorded(const std::vector<stream_append>& streams,
                                                      const append_result& result);

} // namespace ensemble::internal
