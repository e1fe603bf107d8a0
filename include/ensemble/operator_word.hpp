#pragma once

#include <ensemble/fields.hpp>
#include <ensemble/identity.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ensemble {

/// What an operator can ask of an instance that needs help, or is no longer wanted.
enum class operator_verb {
  retry, ///< give what is stuck its attempts and its time anew
  skip,  ///< pass over a step, its undo or a last word; it is closed first, and if its outcome is
         ///< there already, that outcome counts instead
  abort, ///< undo everything; possible until the pivot
};
ENSEMBLE_ENUM(operator_verb, retry, skip, abort)

/// The name of a verb, as in `retry`.
[[nodiscard]] std::string_view to_string(operator_verb verb) noexcept;

/// An operator's word about one instance. It becomes an event of the instance's own stream.
struct operator_word {
  operator_verb verb = operator_verb::retry;
  instance_id instance{};
  /// Required: the journal tells it to whoever asks later why this was done.
  std::string reason{};
  /// The step that is meant. A retry without step and direction means all that is stuck.
  std::string step{};
  /// forward: the step itself; undo: its compensation; complete, abort: the last words, without a
  /// step. none, with a step: whichever of the step's two needs it.
  ensemble::direction direction = ensemble::direction::none;
  /// Of a skip: the event (its JSON text) that is folded in the place of the step's own. Empty:
  /// none is. The name may be left out where the step declares a single success.
  std::string event_name{};
  std::string event_text{};
  /// A word given again under the same key, for the same instance, has one effect. Empty: the word
  /// cannot be repeated.
  std::string idempotency_key{};
};

/// Something that an instance has asked for and that has no outcome yet.
struct outstanding_work {
  std::string step{}; ///< empty for the last words
  ensemble::direction direction = ensemble::direction::none;
  std::string state{};     ///< due, closing, stuck
  std::string reason{};    ///< why it is stuck
  int failed_attempts = 0; ///< in all
};

/// How an instance stands at a position of the journal.
struct instance_report {
  instance_id instance{};
  std::string process{};
  int version = 0; ///< of the process's definition
  /// forward, finishing, compensating, completed, compensated
  std::string phase{};
  bool terminal = false;
  std::string stuck{}; ///< why it needs an operator; empty: it does not
  timestamp started{};
  timestamp since{};     ///< stuck: since when; else when its last event was recorded
  std::string failure{}; ///< why it is being, or was, compensated
  std::vector<outstanding_work> outstanding{};
};

/// What became of an operator's word.
struct operator_answer {
  /// Why it has no effect, and what to do instead. Empty: it has one.
  std::optional<std::string> refusal{};
  /// The same word had been recorded before.
  bool repeated = false;
  /// Where the word stands in the journal; 0 if it was refused before it was recorded.
  position recorded{};
  /// How the instance stands, with the word.
  instance_report now{};

  [[nodiscard]] bool refused() const noexcept { return refusal.has_value(); }
};

/// Instances that need an operator, in the order in which they were started.
struct stuck_instances {
  std::vector<instance_report> instances{};
  bool more = false; ///< there are more than the limit; ask again behind the last of these
};

/// Reads 32 hexadecimal digits, as to_string writes them; nothing for any other text.
[[nodiscard]] std::optional<instance_id> parse_instance_id(std::string_view text) noexcept;

} // namespace ensemble
