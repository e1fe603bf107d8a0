#pragma once

#include <ensemble/identity.hpp>

#include <cstddef>
#include <mutex>
#include <optional>

namespace ensemble::internal {

/// When the participants of a runtime had given everything again that was due at their start. The
/// keeper of an instance gives only its own service's commands: before it lets a deadline pass it
/// must know that the others had their chance, too (rule 10). Whoever makes the participants counts
/// as one of them until they are all there. Thread-safe.
class resumption {
public:
  /// A participant begins anew.
  void begins() {
    const std::lock_guard lock(mutex_);
    ++at_it_;
  }
  /// It has given everything again.
  void ends(timestamp now) {
    const std::lock_guard lock(mutex_);
    --at_it_;
    since_ = now;
  }
  /// A participant has died; another one will begin.
  void interrupted(timestamp now) {
    const std::lock_guard lock(mutex_);
    since_ = now;
  }
  /// None: one of them is at it.
  [[nodiscard]] std::optional<timestamp> since() const {
    const std::lock_guard lock(mutex_);
    return at_it_ > 0 ? std::nullopt : std::optional(since_);
  }

private:
  mutable std::mutex mutex_;
  std::size_t at_it_ = 1;
  timestamp since_{};
};

} // namespace ensemble::internal
