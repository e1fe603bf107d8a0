#pragma once

#include "runtime/effect_executor.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

namespace ensemble::internal {

/// Threads for users' effect handlers, which may block.
class effect_threads final : public effect_executor {
public:
  explicit effect_threads(std::size_t count);
  /// Waits for the handlers that run.
  ~effect_threads() override;
  effect_threads(const effect_threads&) = delete;
  effect_threads& operator=(const effect_threads&) = delete;

  /// Jobs that wait when the threads are stopped never run.
  void post(command_id command, std::function<void()> job) override;
  void discard() override;
  void stop() override;

private:
  struct call {
    command_id command{};
    std::function<void()> job{};
  };
  void work();
  [[nodiscard]] std::deque<call>::iterator next();

  std::mutex mutex_;
  std::condition_variable posted_;
  std::deque<call> waiting_;
  std::unordered_set<command_id> running_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

} // namespace ensemble::internal
