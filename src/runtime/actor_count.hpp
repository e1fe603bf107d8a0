#pragma once

#include <ensemble/process.hpp>

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace ensemble::internal {

/// How many actors of one runtime there are, until the last destructor of each. They may live in an
/// actor system that goes on without the runtime, but not without its journal.
class actor_count {
public:
  void joined() {
    const std::lock_guard lock(mutex_);
    ++count_;
  }
  void left() {
    const std::lock_guard lock(mutex_);
    if (--count_ == 0) none_.notify_all();
  }
  [[nodiscard]] bool none() {
    const std::lock_guard lock(mutex_);
    return count_ == 0;
  }
  void wait_for_none() {
    std::unique_lock lock(mutex_);
    none_.wait(lock, [&] { return count_ == 0; });
  }
  /// False if the time was over first.
  [[nodiscard]] bool wait_for_none(duration limit) {
    std::unique_lock lock(mutex_);
    return none_.wait_for(lock, std::max(limit, duration{}), [&] { return count_ == 0; });
  }

private:
  std::mutex mutex_;
  std::condition_variable none_;
  std::size_t count_ = 0;
};

} // namespace ensemble::internal
