#pragma once

#include <ensemble/identity.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

namespace ensemble::internal {

/// Threads for users' effect handlers, which may block.
class effect_threads {
public:
  explicit effect_threads(std::size_t count);
  /// Waits for the handlers that run.
  ~effect_threads();
  effect_threads(const effect_threads&) = delete;
  effect_threads& operator=(const effect_threads&) = delete;

  /// Runs the job on one of the threads; never two jobs for one command at once, also when the
  /// host that posted the first of them has died since. Jobs that wait when the threads are stopped
  /// never run.
  void post(command_id command, std::function<void()> job);
  /// Takes no further jobs and drops those that wait, without waiting for those that run.
  void discard();
  /// The same, and waits.
  void stop();

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
