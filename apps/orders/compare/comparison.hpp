#pragma once

#include "orders/compare/measured_run.hpp"

#include <iosfwd>
#include <vector>

namespace orders {

/// The same orders in both modes.
struct comparison {
  measured_run conducted{};
  measured_run danced{};
  std::vector<measured_run> killed{}; ///< one actor killed in each
  std::size_t services = 0;

  /// How many orders end in the same way in both undisturbed runs.
  [[nodiscard]] std::size_t equal_outcomes() const;
  /// Every order ends, always in the same way, whoever was killed; and all checks hold.
  [[nodiscard]] bool holds() const;
  /// The undisturbed run of that mode.
  [[nodiscard]] const measured_run& quiet(ensemble::process_mode mode) const noexcept {
    return mode == ensemble::process_mode::choreography ? danced : conducted;
  }
};

void print(std::ostream& out, const comparison& c, table_format format);

} // namespace orders
