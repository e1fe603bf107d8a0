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

/// Where users' effect handlers run.
class effect_executor {
public:
  virtual ~effect_executor() = default;
  /// Runs the job, later; never two jobs for one command at once, and those of one command in the
  /// order in which they were posted, also when the host that posted the first has died since.
  virtual void post(command_id command, std::function<void()> job) = 0;
};

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
