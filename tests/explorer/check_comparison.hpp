#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace explorer {

/// What was compared so far.
struct check_comparison {
  std::size_t compared = 0; ///< definitions small enough for the full exploration
  std::size_t with_findings = 0;
  std::size_t with_conditions = 0; ///< that some path comes to
  std::size_t full_states = 0;
  std::size_t reduced_states = 0;
};

/// Holds `check` of a random definition against rule 20: what the reduced exploration finds against
/// what the full one does, both ways of each condition, that no function of the definition is
/// called, and that nothing is proven beyond the budget. Returns what does not hold; empty: all
/// does.
[[nodiscard]] std::string compare_check(std::uint64_t seed, check_comparison& all);

} // namespace explorer
