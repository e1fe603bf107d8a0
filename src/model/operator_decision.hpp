#pragma once

#include "model/instance.hpp"

#include <ensemble/operator_word.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>

namespace ensemble {

/// What an operator's word comes to: an event for the instance's own stream, or a refusal.
struct operator_decision {
  std::optional<new_event> event{};
  std::string refusal{}; ///< a sentence that says why, and names the remedy
};

/// Rule 18. Accepts a word only if folding its event changes the instance; the fold would ignore
/// the others without a word. Calls the definition's fold for an event that a skip carries, so
/// that one which cannot be folded is refused. `id` is that of the event.
[[nodiscard]] operator_decision decide(const instance& i, const operator_word& word, event_id id);

/// Folds an instance of the definition from its events, the start event first, and tells how it
/// stands.
struct told_instance {
  instance folded{};
  timestamp since{}; ///< stuck: since when; else when the last event was recorded
};
[[nodiscard]] told_instance tell_instance(std::shared_ptr<const process_definition> definition,
                                          std::span<const recorded_event> events);
[[nodiscard]] instance_report report_of(const told_instance& told);

} // namespace ensemble
