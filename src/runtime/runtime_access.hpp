#pragma once

#include <ensemble/runtime.hpp>

#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace ensemble {

class topic_events;
namespace internal {
class stage;
}

/// What tests may do to a runtime and users may not, and the way in for caf.cpp.
struct runtime_access {
  /// Ends an actor as if it had died: a service's name, "participant of <service>", "saga" (any),
  /// "process manager", "journal writer", "journal reader", "caller gateway", "topic publisher", or
  /// "subscriber <name>" of a subscription or policy. Supervision brings it back. Throws
  /// errc::bad_argument when there is none.
  static void kill(runtime& r, const std::string& role);
  /// Sets the clock. Before start().
  static void set_clock(runtime& r, std::function<timestamp()> clock);
  /// Sets how the journal is opened. Before start().
  static void set_journal(runtime& r,
                          std::function<std::unique_ptr<journal>(const journal_options&)> open);
  /// Lets the runtime run in one thread, on a stage that outlives it. Before start().
  static void set_stage(runtime& r, internal::stage& stage);
  /// See use_actor_system.
  static void set_actor_system(runtime& r, caf::actor_system& system);
  /// See topic_group and read_topic.
  [[nodiscard]] static caf::group topic_group(runtime& r, std::string_view topic);
  static void read_topic(runtime& r, std::string_view topic, position after,
                         std::function<void(topic_events)> tell);
};

} // namespace ensemble
