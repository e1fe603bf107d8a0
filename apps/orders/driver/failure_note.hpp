#pragma once

#include <ensemble/runtime.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace orders {

/// Why a runtime failed, as it told from a thread of its own. Thread-safe.
class failure_note {
public:
  /// To be called before the runtime starts.
  [[nodiscard]] static std::shared_ptr<failure_note> of(ensemble::runtime& runtime) {
    auto note = std::make_shared<failure_note>();
    runtime.on_failure([note](const ensemble::error& e) {
      const std::lock_guard lock(note->mutex_);
      note->text_ = e.what();
      note->failed_ = true;
    });
    return note;
  }

  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] std::string text() const {
    const std::lock_guard lock(mutex_);
    return text_;
  }

private:
  mutable std::mutex mutex_{};
  std::string text_{};
  std::atomic<bool> failed_{false};
};

} // namespace orders
