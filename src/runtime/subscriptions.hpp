#pragma once

#include "runtime/subscription_progress.hpp"

#include <ensemble/journal.hpp>
#include <ensemble/service.hpp>
#include <ensemble/subscription.hpp>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ensemble::internal {

struct environment;

/// A subscription or policy of a runtime, and its counters, which outlive its actor. One of the two
/// is there.
struct subscription_state {
  subscription_settings settings{};
  std::shared_ptr<const subscription_definition> subscription{};
  std::shared_ptr<const service_definition> service{}; ///< that has the policy
  policy_definition policy{};

  /// Where it begins, on a journal that does not know it.
  position from{1};
  bool from_now = false;

  std::atomic<std::uint64_t> handled{};
  std::atomic<std::uint64_t> retried{};
  std::atomic<std::uint64_t> parked{};
  std::atomic<std::uint64_t> done{};
  std::atomic<std::uint64_t> checkpoint{};
};

/// The role of its actor. It holds a space, so that no service can have the name.
[[nodiscard]] std::string subscriber_role(std::string_view subscription);
[[nodiscard]] bool is_subscriber_role(std::string_view role);

/// Adds a subscription to what the runtime will run. Throws errc::bad_definition for a name that is
/// taken, errc::duplicate_message for a message name that stands for two types.
void deploy(environment& env, subscription_definition subscription);
/// The same for the policies of a service.
void deploy_policies(environment& env, const std::shared_ptr<const service_definition>& service);
/// The policies that lead, by themselves or through others, to their own events.
[[nodiscard]] std::vector<std::string> policies_in_circles(const environment& env);

/// Of several nodes one runs it: a policy where its service runs, any other where the journal is.
[[nodiscard]] bool runs_here(const environment& env, const subscription_state& state);

/// Records where those begin that run here and the journal does not know: from then on they miss
/// nothing.
void record_subscriptions(environment& env, journal& to);

/// The rows of its book, behind that position. Throws errc::journal_damaged.
[[nodiscard]] std::vector<parked_event> read_parked(journal_reader& reader,
                                                    std::string_view subscription,
                                                    std::size_t limit, position after);

/// What a handler gives the outside system: it follows from subscription, stream and event.
[[nodiscard]] std::string idempotency_key(std::string_view subscription,
                                          const recorded_event& event);
/// The command that a policy gives for an event.
[[nodiscard]] command_id policy_command_id(std::string_view policy, const recorded_event& event);

} // namespace ensemble::internal
