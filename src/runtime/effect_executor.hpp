#pragma once

#include <ensemble/identity.hpp>

#include <functional>

namespace ensemble::internal {

/// Where users' effect handlers run.
class effect_executor {
public:
  virtual ~effect_executor() = default;
  /// Runs the job, later; never two jobs for one command at once, and those of one command in the
  /// order in which they were posted, also when the host that posted the first has died since.
  virtual void post(command_id command, std::function<void()> job) = 0;
  /// Takes no further jobs and drops those that wait, without waiting for those that run.
  virtual void discard() = 0;
  /// The same, and waits.
  virtual void stop() = 0;
};

} // namespace ensemble::internal
