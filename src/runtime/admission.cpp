#include "runtime/admission.hpp"

namespace ensemble::internal {

thread_local bool inside_handler::active_ = false;

admission::answer admission::try_enter() {
  const std::lock_guard lock(mutex_);
  if (closed_) return answer::closed;
  if (used_ >= credits_) return answer::busy;
  ++used_;
  return answer::admitted;
}

admission::answer admission::enter() {
  std::unique_lock lock(mutex_);
  freed_.wait(lock, [&] { return closed_ || used_ < credits_; });
  if (closed_) return answer::closed;
  ++used_;
  return answer::admitted;
}

void admission::enter_accepted() {
  const std::lock_guard lock(mutex_);
  ++used_;
}

void admission::leave() {
  {
    const std::lock_guard lock(mutex_);
    --used_;
  }
  freed_.notify_one();
}

void admission::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  freed_.notify_all();
}

} // namespace ensemble::internal
