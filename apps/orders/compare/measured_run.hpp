#pragma once

#include "orders/checks/findings.hpp"
#include "orders/command_line.hpp"

#include <ensemble/runtime.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace orders {

/// The same orders, seen through in one mode on a journal of its own, and measured one by one.
struct measured_run {
  ensemble::process_mode mode{};
  std::string killed{}; ///< the actor that was killed in mid-run; empty: none
  /// Of each order, in their order: its last word, as in `confirmed 12.50`; empty: it has none.
  std::vector<std::string> outcomes{};
  /// Of each order: from its sending until its process had ended.
  std::vector<std::chrono::nanoseconds> latencies{};
  std::chrono::nanoseconds took{};
  /// From the middle of the run (the kill, if there was one) until in the last `flow_window`
  /// orders ended at half the rate of the time before; none: all had ended first.
  std::optional<std::chrono::nanoseconds> flowing_after{};
  /// Pairs of services of which one reacts to the other's events.
  std::size_t reacting_pairs = 0;
  ensemble::runtime_stats stats{};
  findings found{}; ///< by the journal's checks

  [[nodiscard]] std::size_t lost() const;
  [[nodiscard]] std::size_t slower_than(std::chrono::nanoseconds limit) const;
  /// The latency that this share of all (0 to 1) does not exceed.
  [[nodiscard]] std::chrono::nanoseconds latency(double share) const;
  [[nodiscard]] double orders_per_second() const;
};

constexpr std::chrono::milliseconds flow_window{20};

/// Runs them on a journal that must not exist yet, and kills that actor (see runtime_access) once
/// half of the orders have ended. Throws errc::bad_argument for a journal that is there, and what
/// runtimes throw; errc::wrong_state when the runtime failed or the run was interrupted.
[[nodiscard]] measured_run measure(const compare_options& options, ensemble::process_mode mode,
                                   const std::string& journal, const std::string& kill = {});

} // namespace orders
