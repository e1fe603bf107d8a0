#pragma once

#include "model/message_registry.hpp"
#include "runtime/actor_count.hpp"
#include "runtime/admission.hpp"
#include "runtime/clock.hpp"
#include "runtime/durability_gate.hpp"
#include "runtime/resumption.hpp"
#include "runtime/subscriptions.hpp"

#include <ensemble/runtime.hpp>

#include <caf/fwd.hpp>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ensemble::internal {

class neighbours;
class stage;

/// The counters behind runtime_stats.
struct counters {
  std::atomic<std::uint64_t> commands_accepted{};
  std::atomic<std::uint64_t> commands_refused{};
  std::atomic<std::uint64_t> instances_started{};
  std::atomic<std::uint64_t> instances_recovered{};
  std::atomic<std::uint64_t> instances_completed{};
  std::atomic<std::uint64_t> instances_compensated{};
  std::atomic<std::uint64_t> instances_open{};
  std::atomic<std::uint64_t> instances_stuck{};
  std::atomic<std::uint64_t> instances_asleep{};
  std::atomic<std::uint64_t> outside_events_kept{};
  std::atomic<std::uint64_t> outside_events_parked{};
  std::atomic<std::uint64_t> events_appended{};
  std::atomic<std::uint64_t> commits{};
  std::atomic<std::uint64_t> attempts_failed{};
  std::atomic<std::uint64_t> deadlines_passed{};
  std::atomic<std::uint64_t> actors_respawned{};
  std::atomic<std::uint64_t> messages{};
  std::atomic<std::uint64_t> events_folded{};
};

using process_ptr = std::shared_ptr<const process_definition>;

/// From behind that position on, new instances of a process run under that version.
struct deployment {
  position after{};
  int version{};
  std::string start_event{};
  std::vector<std::string> awaited_events{};
};

/// What all actors of one runtime share: settings, ports, and the thread-safe counters.
struct environment {
  explicit environment(runtime_options from)
      : options(std::move(from)),
        credits(options.credits),
        gate(options.durability == durability::speculative) {}

  const runtime_options options;
  clock_port clock = system_now;
  std::function<duration()> since_boot = time_since_boot;
  std::function<std::unique_ptr<journal>(const journal_options&)> open = open_journal;
  message_registry registry{};
  std::map<std::string, std::shared_ptr<const service_definition>, std::less<>> services{};
  std::vector<process_ptr> processes{}; ///< every version that is run here
  /// The processes that are danced, all versions of each, and their owners.
  std::map<std::string, std::string, std::less<>> danced{};
  /// Policies too, by their names.
  std::map<std::string, std::shared_ptr<subscription_state>, std::less<>> subscriptions{};
  /// By the process's name, in the order of the positions; set once, at the start.
  std::map<std::string, std::vector<deployment>, std::less<>> deployed{};
  admission credits;
  durability_gate gate;
  resumption resumed{}; ///< of the participants
  /// Where the actors live; none: in a system of the runtime's own.
  caf::actor_system* hosts_system = nullptr;
  /// The other nodes; none: the runtime is alone. Outlives the actors.
  internal::neighbours* neighbours = nullptr;
  /// Of a simulation; none: the runtime has threads of its own. Outlives the actors.
  internal::stage* stage = nullptr;
  /// Shared, since the last actor lets go of the environment before it is counted as gone.
  const std::shared_ptr<actor_count> actors = std::make_shared<actor_count>();
  counters count{};
  /// The newest commit found the disk full. Now and then it is taken back, for another try.
  std::atomic<bool> journal_full = false;

  /// Whether that service runs on this node.
  [[nodiscard]] bool runs(std::string_view service) const {
    return !options.services ||
           std::ranges::find(*options.services, service) != options.services->end();
  }
  /// Whether the journal is kept here. So are conducted processes, subscriptions, and the flow
  /// graph: there is one node that does.
  [[nodiscard]] bool keeps_journal() const { return options.join.empty(); }
};

} // namespace ensemble::internal
