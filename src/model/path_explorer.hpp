#pragma once

#include "model/instance.hpp"
#include "model/path_rules.hpp"
#include "model/possible_events.hpp"
#include "model/structural_copy.hpp"

#include <ensemble/check.hpp>

#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ensemble {

/// What an exploration found.
struct exploration {
  bool whole = false; ///< every state was looked at
  std::size_t states = 0;
  std::vector<check_finding> findings{}; ///< the shortest trace first
  /// The shortest trace to where each step begins, and where its undo does; empty: it never does.
  std::vector<std::vector<std::string>> begun{};
  std::vector<std::vector<std::string>> undo_begun{};
  std::vector<std::string> complete_begun{};
  std::vector<std::string> abort_begun{};
  std::vector<std::string> started{}; ///< the trace to the first state
};

/// How an exploration is done. The full one is slow and takes nothing for granted: no reduction,
/// and whole instances; it is what tests hold the reduced one against.
enum class exploration_kind { reduced, full };

/// Looks at every state that an instance can reach, breadth first, by the engine itself.
///
/// The reduction. (a) On the way back, after the pivot and at the end an event of one assignment
/// changes that assignment, perhaps lets others begin, and takes nothing away from any other. So
/// all its events commute with all events of the others, and the events of one assignment may be
/// tried before all others: on the way back those of the last one, since undoing goes from the last
/// step to the first; after the pivot a stuck one is tried again first, so that no two are stuck.
/// (b) States are equal that differ only in how a step was settled that can no longer matter
/// (`settled_key`). (c) The rest of an instance (rounds, times, messages) decides nothing.
/// Forward everything else is tried in every order. So a trace to where a step begins or the
/// process turns back is the shortest there is. With a pivot beside another step (a) does not hold,
/// but that is an error by itself.
[[nodiscard]] exploration explore_paths(const process_definition& p, const known_services& services,
                                        std::size_t max_states,
                                        exploration_kind kind = exploration_kind::reduced);

} // namespace ensemble
