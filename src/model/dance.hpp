#pragma once

#include <ensemble/check.hpp>
#include <ensemble/process.hpp>

#include <string>
#include <vector>

// Who does what in a danced process: rules 8 and 9, as far as the structure tells.

namespace ensemble {

/// Who acts for a step: the service that it asks; the owner, if it awaits.
[[nodiscard]] const std::string& actor_of(const process_definition& p, const step_definition& s);

/// The services that take part, the owner first, then in the order of the steps.
[[nodiscard]] std::vector<std::string> participants(const process_definition& p);

/// For each step, whether each other one must come before it, near or far.
[[nodiscard]] std::vector<std::vector<bool>> steps_before(const process_definition& p);

/// The steps that nothing comes after.
[[nodiscard]] std::vector<std::size_t> last_steps(const process_definition& p);

/// Whether the step is the pivot, or comes after it.
[[nodiscard]] bool from_pivot_on(const process_definition& p, std::size_t step);

/// Whether `other` may still fail when `step` is done, so that `step` is undone.
[[nodiscard]] bool may_fail_after(const process_definition& p,
                                  const std::vector<std::vector<bool>>& before, std::size_t step,
                                  std::size_t other);

/// The names of the events that mean its success, its declared failure, and its undoing. The first
/// may be empty: then an acknowledgement means success.
[[nodiscard]] std::vector<std::string> succeeds_with(const step_definition& s);
[[nodiscard]] std::vector<std::string> fails_with(const step_definition& s);
[[nodiscard]] std::vector<std::string> undone_with(const step_definition& s);

/// What each participant does, and what waits for it.
[[nodiscard]] std::vector<participant_part> parts_of(const process_definition& p);

} // namespace ensemble
