#pragma once

#include "simulation/service_faults.hpp"

#include <ensemble/simulation.hpp>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace ensemble::simulation {

/// Everything that a run follows from.
struct plan {
  std::uint64_t seed = 1;
  std::size_t requests = 1;
  std::set<fault> faults{};
  process_mode mode = process_mode::orchestration;
  bool may_change_mode = false;
  /// What is to happen, and the answers that lead there.
  std::optional<step_case> target{};
  std::vector<forced_answer> forced{};
};

/// What the seed and the options give.
[[nodiscard]] plan draw_plan(std::uint64_t seed, const options& how);

/// As text, one line, and back. Throws errc::bad_argument.
[[nodiscard]] std::string to_text(const plan& what);
[[nodiscard]] plan read_plan(std::string_view text);

/// What came of a run. Its `failures` hold at most one, with the violations alone.
struct run_result {
  report counted{};
  std::vector<std::string> violations{};
  std::uint64_t hash = 0;
};

[[nodiscard]] run_result run(const plan& what, const scenario_maker& make);

} // namespace ensemble::simulation
