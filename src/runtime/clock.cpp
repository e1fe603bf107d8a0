#include "runtime/clock.hpp"

#include <chrono>

namespace ensemble::internal {

timestamp system_now() {
  return std::chrono::time_point_cast<timestamp::duration>(std::chrono::system_clock::now());
}

} // namespace ensemble::internal
