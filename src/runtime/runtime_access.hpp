#pragma once

#include <ensemble/runtime.hpp>

#include <caf/fwd.hpp>

#include <functional>
#include <string>

namespace ensemble {

/// What tests may do to a runtime and users may not, and the way in for caf.cpp.
struct runtime_access {
  /// Ends an actor as if it had died: a service's name, "participant of <service>", "saga" (any),
  /// "process manager", "journal writer", "journal reader" or "caller gateway". Supervision
  /// brings it back. Throws errc::bad_argument when there is none.
  static void kill(runtime& r, const std::string& role);
  /// Sets the clock. Before start().
  static void set_clock(runtime& r, std::function<timestamp()> clock);
  /// See use_actor_system.
  static void set_actor_system(runtime& r, caf::actor_system& system);
};

} // namespace ensemble
