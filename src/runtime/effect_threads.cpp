#include "runtime/effect_threads.hpp"

#include <algorithm>

namespace ensemble::internal {

effect_threads::effect_threads(std::size_t count) {
  for (std::size_t n = 0; n < count; ++n) threads_.emplace_back([this] { work(); });
}

effect_threads::~effect_threads() { stop(); }

void effect_threads::post(command_id command, std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    waiting_.push_back({command, std::move(job)});
  }
  posted_.notify_one();
}

void effect_threads::discard() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    waiting_.clear();
  }
  posted_.notify_all();
}

void effect_threads::stop() {
  discard();
  for (auto& t : threads_)
    if (t.joinable()) t.join();
}

std::deque<effect_threads::call>::iterator effect_threads::next() {
  return std::ranges::find_if(waiting_,
                              [&](const call& c) { return !running_.contains(c.command); });
}

void effect_threads::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    posted_.wait(lock, [&] { return stopped_ || next() != waiting_.end(); });
    if (stopped_) return;
    const auto at = next();
    call mine = std::move(*at);
    waiting_.erase(at);
    running_.insert(mine.command);
    lock.unlock();
    mine.job();
    mine.job = {};
    lock.lock();
    running_.erase(mine.command);
    posted_.notify_all(); // a call for the same command may have waited
  }
}

} // namespace ensemble::internal
