#pragma once

#include <ensemble/process.hpp>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <string>

namespace ensemble::node {

/// Whether a node that joins was let in, for the thread that waits for it. Thread-safe.
class join_note {
public:
  void let_in() {
    const std::lock_guard lock(mutex_);
    is_in_ = true;
    changed_.notify_all();
  }
  void failed(const std::string& why) {
    const std::lock_guard lock(mutex_);
    reason_ = why;
  }
  /// None: it was let in by then. Else why it was not.
  [[nodiscard]] std::optional<std::string> wait(duration limit) {
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, limit, [this] { return is_in_; })) return {};
    return reason_;
  }

private:
  std::mutex mutex_{};
  std::condition_variable changed_{};
  bool is_in_ = false;
  std::string reason_ = "there is no answer";
};

} // namespace ensemble::node
