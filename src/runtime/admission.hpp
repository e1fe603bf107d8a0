#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace ensemble::internal {

/// The credits of a runtime (rule 17): one for each caller's command without its receipt, one for
/// each instance with a command outstanding. Only callers are made to wait for one.
class admission {
public:
  explicit admission(std::size_t credits) : credits_(credits) {}

  enum class answer { admitted, busy, closed };
  /// Takes a credit if one is free.
  [[nodiscard]] answer try_enter();
  /// Takes a credit, waiting for one.
  [[nodiscard]] answer enter();
  /// Takes a credit in any case: accepted work never waits.
  void enter_accepted();
  void leave();
  /// From now on nobody is admitted, and nobody waits.
  void close();

private:
  std::mutex mutex_;
  std::condition_variable freed_;
  const std::size_t credits_;
  std::size_t used_ = 0;
  bool closed_ = false;
};

/// Marks the present thread as running user code on behalf of the runtime, where blocking would
/// stop the runtime itself.
class inside_handler {
public:
  inside_handler() noexcept : before_(active_) { active_ = true; }
  ~inside_handler() { active_ = before_; }
  inside_handler(const inside_handler&) = delete;
  inside_handler& operator=(const inside_handler&) = delete;
  [[nodiscard]] static bool active() noexcept { return active_; }

private:
  static thread_local bool active_;
  bool before_;
};

} // namespace ensemble::internal
