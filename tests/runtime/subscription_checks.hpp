#pragma once

#include <ensemble/subscription.hpp>

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

// What a subscription's handlers saw, and whether that keeps C1 to C4: in order along the order
// key, everything handled or parked, no checkpoint past an unhandled event, poison parked with its
// cause and the later ones of its key behind it.

namespace subscription_checks {

/// What happened to a subscription, in the order in which it happened, over all its lives. Safe to
/// write from several threads.
class record {
public:
  struct entry {
    enum class kind { began, handled, failed, crashed, checkpoint } what{};
    std::uint64_t position = 0;
    std::string key{};                ///< of began: the idempotency key
    std::set<std::uint64_t> parked{}; ///< of a checkpoint: what is parked durably beside it
  };
  void began(std::uint64_t position, std::string idempotency_key) {
    add({entry::kind::began, position, std::move(idempotency_key), {}});
  }
  void handled(std::uint64_t position) { add({entry::kind::handled, position, {}, {}}); }
  void failed(std::uint64_t position) { add({entry::kind::failed, position, {}, {}}); }
  /// Whoever handed events over is gone, and what it had in hand is handed over again.
  void crashed() { add({entry::kind::crashed, 0, {}, {}}); }
  void checkpoint(std::uint64_t up_to, std::set<std::uint64_t> parked) {
    add({entry::kind::checkpoint, up_to, {}, std::move(parked)});
  }
  [[nodiscard]] std::vector<entry> entries() const {
    const std::lock_guard lock(mutex_);
    return entries_;
  }

private:
  void add(entry e) {
    const std::lock_guard lock(mutex_);
    entries_.push_back(std::move(e));
  }
  mutable std::mutex mutex_;
  std::vector<entry> entries_{};
};

/// What is expected: every event that concerns the subscription, with its order key.
using concerned = std::map<std::uint64_t, std::string>;

/// The faults of that record, in words; none: it keeps the rules. `parked`: the rows at the end,
/// when everything was quiet; `attempts`: the policy's.
[[nodiscard]] std::vector<std::string> faults(const record& of, const concerned& all,
                                              const std::vector<ensemble::parked_event>& parked,
                                              int attempts);

} // namespace subscription_checks
