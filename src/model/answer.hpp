#pragma once

#include <ensemble/event.hpp>
#include <ensemble/process.hpp>

#include <string>

namespace ensemble {

/// What an event says about the command that caused it (rule 6).
struct answer {
  enum class kind {
    success,
    failure,
    voided,
    open, ///< nothing yet: a later event of the same decision may be a declared one
  } what = kind::open;
  std::string reason{};
  const outcome_definition* outcome{}; ///< the declared event, to be folded
};

/// As the answer to the step's own command.
[[nodiscard]] answer read_answer(const step_definition& s, const recorded_event& e);
/// As the answer to an undo or a last word, of which one event is expected.
[[nodiscard]] answer read_answer(const outcome_definition& expected, const recorded_event& e);

} // namespace ensemble
