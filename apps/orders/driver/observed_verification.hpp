#pragma once

#include "orders/checks/verification.hpp"

#include <ensemble/runtime.hpp>

#include <chrono>
#include <memory>

namespace orders {

/// Verifies while the orders run, by what the runtime tells its observers: for a journal in memory,
/// which nobody can read afterwards.
class observed_verification {
public:
  /// Begins to observe. The runtime must have been started.
  observed_verification(ensemble::runtime& runtime, const evidence& files);

  /// Waits until every event that was appended has been seen, or for that long. Call it when no
  /// order is under way any more, before the runtime stops.
  void catch_up(const ensemble::runtime& runtime, std::chrono::milliseconds limit);
  /// After the runtime has stopped. An event that was appended but never seen is a finding.
  [[nodiscard]] verification_report finish(const ensemble::runtime_stats& stats);

private:
  struct shared_state;
  std::shared_ptr<shared_state> state_; ///< with the observer, which ends with the runtime
};

} // namespace orders
