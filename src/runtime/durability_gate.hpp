#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <utility>

namespace ensemble::internal {

/// Where everything that leaves the process (an answer to a caller, an entity's state, an event for
/// an observer, an effect) waits until what it may rest on is durable: rule 19 of the process
/// machine. Under `speculative` durability actors read events before they are durable; so whatever
/// one hands in waits for every commit that had begun by then, since it may have read any of them.
/// Under any other durability what can be read is durable, and nothing waits.
/// Safe from any thread.
class durability_gate {
public:
  explicit durability_gate(bool speculative) noexcept : speculative_(speculative) {}

  [[nodiscard]] bool speculative() const noexcept { return speculative_; }

  /// Runs `leave` here and now, or (speculative) by release(), in the order in which it was handed
  /// in (but for those that rest on less); it must then not touch the actor that handed it in. Once
  /// the gate is closed it is destroyed instead.
  template <class Function>
  void pass(Function&& leave) {
    pass(begun_, std::forward<Function>(leave));
  }
  /// The same for what rests on no commit behind that one (see commit::number).
  template <class Function>
  void pass(std::uint64_t needs, Function&& leave) {
    if (speculative_)
      hold(needs, std::forward<Function>(leave));
    else
      leave();
  }

  /// The writer's, around each commit, which may be read before it has ended.
  class commit {
  public:
    explicit commit(durability_gate& gate) noexcept : gate_(gate), number_(++gate_.begun_) {}
    commit(const commit&) = delete;
    commit& operator=(const commit&) = delete;
    ~commit() { gate_.commit_ended(); }
    /// 1, 2, ...
    [[nodiscard]] std::uint64_t number() const noexcept { return number_; }

  private:
    durability_gate& gate_;
    std::uint64_t number_;
  };

  /// How many have begun; the newest one's number.
  [[nodiscard]] std::uint64_t begun() const noexcept { return begun_; }
  /// The journal's syncer, around each sync: how many commits have ended; so many are durable now.
  [[nodiscard]] std::uint64_t sync_begins();
  void made_durable(std::uint64_t commits);
  [[nodiscard]] std::uint64_t durable() const noexcept { return durable_; }
  /// Is told, once until the next sync begins, when something waits for one; by any thread.
  void set_syncer(std::function<void()> wake);

  /// The outlet: runs what may leave. One thread at a time.
  void release();
  /// Is told, once until the next release, when there is something to release; by any thread.
  void set_outlet(std::function<void()> wake);
  /// Nothing leaves any more; what waits is destroyed.
  void close();

private:
  struct held {
    std::uint64_t needs = 0; ///< so many commits
    std::function<void()> leave{};
  };
  void hold(std::uint64_t needs, std::function<void()> leave);
  void commit_ended();
  void wake();

  const bool speculative_;
  std::atomic<std::uint64_t> begun_{};
  std::atomic<std::uint64_t> ended_{};
  std::atomic<std::uint64_t> durable_{};
  std::mutex mutex_{}; ///< of what follows
  std::deque<held> waiting_{};
  std::function<void()> syncer_{};
  std::function<void()> outlet_{};
  std::uint64_t syncing_ = 0; ///< so many commits are in the newest sync, or durable
  bool syncer_woken_ = false;
  bool outlet_woken_ = false;
  bool closed_ = false;
};

} // namespace ensemble::internal
