#pragma once

#include "crash/evidence.hpp"

#include <ensemble/ensemble.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

// The shop of the crash matrix: orders of every shape that a saga can have. What becomes of an
// order follows from its name alone.

namespace crash {

/// The names of all orders, and which of them are to complete; the others are compensated.
[[nodiscard]] std::vector<std::string> orders();
[[nodiscard]] bool completes(const std::string& order);

/// What the services and handlers of one life share with the world outside, which remembers earlier
/// lives by the evidence.
class world {
public:
  world(evidence& shown, std::function<std::uint64_t()> operations);

  /// Something outside that knows a key again, and refuses one that was cancelled.
  void call(evidence::what kind, const std::string& key, bool answer_is_lost);
  void note(evidence::what kind, const std::string& key, std::uint64_t cause);

  std::atomic<bool> repaired = false; ///< what orders got stuck on

private:
  void remember(evidence::what kind, const std::string& key);

  evidence& shown_;
  std::function<std::uint64_t()> operations_;
  std::mutex mutex_;
  std::set<std::string> blocked_;
  std::map<std::string, int> calls_; ///< in all lives
};
using world_ptr = std::shared_ptr<world>;

[[nodiscard]] std::vector<ensemble::service_definition> services(const world_ptr& w);
[[nodiscard]] ensemble::process_definition ordering();
[[nodiscard]] ensemble::subscription_definition mailer(const world_ptr& w);

} // namespace crash
