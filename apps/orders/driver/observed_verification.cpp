#include "orders/driver/observed_verification.hpp"

#include <condition_variable>
#include <mutex>

namespace orders {

struct observed_verification::shared_state {
  explicit shared_state(const evidence& files) : checks(files) {}

  std::mutex mutex{};
  std::condition_variable changed{};
  verification checks;
};

observed_verification::observed_verification(ensemble::runtime& runtime, const evidence& files)
    : state_(std::make_shared<shared_state>(files)) {
  runtime.observe({1}, [s = state_](const ensemble::recorded_event& e) {
    {
      const std::lock_guard lock(s->mutex);
      s->checks.feed(e);
    }
    s->changed.notify_one();
  });
}

void observed_verification::catch_up(const ensemble::runtime& runtime,
                                     std::chrono::milliseconds limit) {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_for(
      lock, limit, [&] { return state_->checks.events() >= runtime.stats().events_appended; });
}

verification_report observed_verification::finish(const ensemble::runtime_stats& stats) {
  const std::lock_guard lock(state_->mutex);
  if (state_->checks.events() != stats.events_appended)
    state_->checks.add("S5", "of " + std::to_string(stats.events_appended) + " events only " +
                                 std::to_string(state_->checks.events()) +
                                 " were told to the observer");
  return state_->checks.finish();
}

} // namespace orders
