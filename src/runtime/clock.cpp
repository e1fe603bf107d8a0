#include "runtime/clock.hpp"

#include "model/planted_bug.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ctime>
#include <memory>
#include <utility>

namespace ensemble::internal {

timestamp system_now() {
  return std::chrono::time_point_cast<timestamp::duration>(std::chrono::system_clock::now());
}

duration time_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
}

clock_port never_falling(clock_port clock) {
  auto newest = std::make_shared<std::atomic<timestamp>>(timestamp::min());
  return [clock = std::move(clock), newest] {
    const auto now = clock();
    if (ENSEMBLE_PLANTED(clock_set_back)) return now;
    auto before = newest->load();
    while (before < now && !newest->compare_exchange_weak(before, now)) {
    }
    return std::max(before, now);
  };
}

} // namespace ensemble::internal
