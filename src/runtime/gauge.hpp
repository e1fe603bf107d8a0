#pragma once

#include <atomic>
#include <cstdint>

namespace ensemble::internal {

/// One actor's part of a counter that several actors add to; taken out when the actor ends.
class gauge {
public:
  explicit gauge(std::atomic<std::uint64_t>& total) noexcept : total_(total) {}
  ~gauge() { set(0); }
  gauge(const gauge&) = delete;
  gauge& operator=(const gauge&) = delete;

  void set(std::uint64_t value) noexcept {
    total_.fetch_add(value - part_, std::memory_order_relaxed);
    part_ = value;
  }
  void add(bool more) noexcept { set(more ? part_ + 1 : part_ - 1); }

private:
  std::atomic<std::uint64_t>& total_;
  std::uint64_t part_ = 0;
};

} // namespace ensemble::internal
