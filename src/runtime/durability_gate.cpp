#include "runtime/durability_gate.hpp"

#include "model/planted_bug.hpp"

#include <algorithm>

namespace ensemble::internal {

void durability_gate::hold(std::uint64_t needs, std::function<void()> leave) {
  if (ENSEMBLE_PLANTED(leaves_before_durable)) needs = 0;
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  waiting_.insert(std::ranges::upper_bound(waiting_, needs, {}, &held::needs),
                  {needs, std::move(leave)});
  wake();
}

void durability_gate::commit_ended() {
  ++ended_;
  if (!speculative_) return;
  const std::lock_guard lock(mutex_);
  wake();
}

std::uint64_t durability_gate::sync_begins() {
  const std::lock_guard lock(mutex_);
  syncer_woken_ = false;
  return syncing_ = ended_;
}

void durability_gate::made_durable(std::uint64_t commits) {
  durable_ = commits;
  const std::lock_guard lock(mutex_);
  wake();
}

// What needs most stands last. A commit that nobody waits for needs no sync of its own.
void durability_gate::wake() {
  if (waiting_.empty()) return;
  if (outlet_ && !outlet_woken_ && waiting_.front().needs <= durable_) {
    outlet_woken_ = true;
    outlet_();
  }
  if (syncer_ && !syncer_woken_ && waiting_.back().needs > durable_ && ended_ > syncing_) {
    syncer_woken_ = true;
    syncer_();
  }
}

void durability_gate::release() {
  std::unique_lock lock(mutex_);
  outlet_woken_ = false;
  // One by one: whoever is told may hand in the next, or close the gate.
  while (!waiting_.empty() && waiting_.front().needs <= durable_) {
    auto leave = std::move(waiting_.front().leave);
    waiting_.pop_front();
    lock.unlock();
    leave();
    leave = nullptr; // it may hold a user's callback: what that destroys needs no lock of ours
    lock.lock();
  }
}

void durability_gate::set_syncer(std::function<void()> wake_it) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  syncer_ = std::move(wake_it);
  syncing_ = durable_; // what a predecessor began may have ended with it
  syncer_woken_ = false;
  wake();
}

void durability_gate::set_outlet(std::function<void()> wake_it) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  outlet_ = std::move(wake_it);
  outlet_woken_ = false;
  wake();
}

void durability_gate::close() {
  // Destroyed behind the lock: what waits may tell callers.
  std::deque<held> dropped;
  std::function<void()> syncer;
  std::function<void()> outlet;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(waiting_);
  syncer.swap(syncer_);
  outlet.swap(outlet_);
}

} // namespace ensemble::internal
