#pragma once

#include "orders/checks/verification.hpp"
#include "orders/driver/driver.hpp"

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <optional>

namespace orders {

/// What a run came to.
struct run_summary {
  ensemble::process_mode mode{};
  driver_counts counts{};
  std::uint64_t before = 0;  ///< orders that stood in the journal already
  std::uint64_t resumed = 0; ///< of these, in flight when the run began
  std::uint64_t ended = 0;   ///< in this run
  std::uint64_t open = 0;    ///< instances that are left
  std::uint64_t stuck = 0;
  std::chrono::nanoseconds took{};
  ensemble::runtime_stats stats{};
  std::optional<double> flush_rate{}; ///< none: the journal is not on a disk
  std::uint64_t resident = 0;         ///< bytes
  std::string joined{};               ///< the node that keeps the journal; empty: this one
  bool interrupted = false;
  std::string failure{}; ///< why the runtime failed
  verification_report report{};

  /// All checks hold, and every order has ended.
  [[nodiscard]] bool good() const noexcept;
};

void print(std::ostream& out, const run_summary& summary, const latencies& times);

} // namespace orders
