#pragma once

#include "model/operator_decision.hpp"
#include "runtime/environment.hpp"

#include <ensemble/journal.hpp>

#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

namespace ensemble::internal {

/// The definition that an instance runs under, by its id and its start event; null if none of
/// its processes began it, or its version is not run here (rule 16).
[[nodiscard]] std::shared_ptr<const process_definition>
definition_of(const environment& env, instance_id id, const recorded_event& start);

/// Folds an instance from all its events, the start event first. Throws errc::bad_argument when
/// they are not those of an instance of its processes.
[[nodiscard]] told_instance fold_told(const environment& env, instance_id id,
                                      std::span<const recorded_event> events);

/// The id of the event of a word: derived from its idempotency key, or drawn.
[[nodiscard]] event_id make_word_id(const operator_word& word, timestamp now);

/// What is to be done next about a word, by all events of its instance: append that, at the exact
/// version of the instance's stream, then read and ask again; or answer. So a word is judged by
/// what stood before it in the journal, whoever else was at work. `given`: it was appended on
/// behalf of this request.
[[nodiscard]] std::variant<append_request, operator_answer>
next_step(const environment& env, const operator_word& word, event_id id,
          std::span<const recorded_event> events, bool given);

/// How often a word is decided anew because others wrote first, before that is an error.
inline constexpr int word_conflicts_borne = 100;

[[nodiscard]] error full_disk_error();
[[nodiscard]] error busy_instance_error();

} // namespace ensemble::internal
