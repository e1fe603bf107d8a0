#pragma once

#include <ensemble/journal.hpp>
#include <ensemble/process.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ensemble {

/// Why an event stands in the journal, as far as its ids tell.
enum class cause_kind {
  caller,        ///< a command that came from outside the flow
  process,       ///< a command of a process: a step's do or undo, a last word, or its close
  policy,        ///< a command that was given because of an event, without a process
  engine,        ///< noted by the holder of attempts and deadlines
  outside,       ///< an event that a step awaited, handed to its instance
  operator_word, ///< an operator's retry, skip or abort
  unexplained,   ///< its cause cannot be found
};

/// The name of a kind, as in `operator`.
[[nodiscard]] std::string_view to_string(cause_kind kind) noexcept;

/// The kind of an event by its envelope and name alone. Never unexplained: whether the cause is
/// there, only the journal tells.
[[nodiscard]] cause_kind kind_of(const recorded_event& event) noexcept;

/// One event of a flow, and what caused it.
struct causation_event {
  recorded_event event{};
  cause_kind kind = cause_kind::unexplained;
  /// The event that caused it: an index into causation_tree::events, always a lower one. A further
  /// event of a caller's command has the command's first one. None: a root, or outside the flow.
  std::optional<std::size_t> cause{};
  position cause_position{}; ///< of that event, also where it stands in another flow; 0: none
  std::string cause_name{};  ///< of that event
  duration edge{};           ///< from when that event was recorded until this one was
  /// The process for which the command was given and the command's name, where a definition of it
  /// was given. (A journal holds events, not commands.)
  std::string process{};
  std::string command{};
};

/// Something that an instance waits for.
struct flow_wait {
  enum class kind {
    command,  ///< the outcome of a command
    event,    ///< an outside event
    deadline, ///< until then; afterwards the engine acts
    stuck,    ///< an operator
  } what = kind::command;
  std::string step{}; ///< empty: the process as a whole
  ensemble::direction direction = ensemble::direction::none;
  std::string service{}; ///< who owes the outcome
  std::string
      message{};        ///< the name of the command, of the awaited event, or of the engine's event
  std::string key{};    ///< of the awaited event
  std::string reason{}; ///< why it is stuck
  int failed_attempts = 0;
  timestamp since{};
  /// Of a command: not given (again) before. Of a deadline: when. Else zero.
  timestamp at{};
};

/// A run of a process within a flow, and where it stands.
struct flow_instance {
  instance_id id{};
  std::string process{};
  int version = 0;
  std::string phase{}; ///< forward, finishing, compensating, completed, compensated
  bool terminal = false;
  std::string failure{}; ///< why it is being, or was, compensated
  timestamp started{};
  timestamp last{}; ///< when its last event was recorded
  /// In a fixed order: what it is stuck at, commands, awaited events, deadlines. Empty: it ended.
  std::vector<flow_wait> waits{};
};

/// The causation tree of one flow. A value.
struct causation_tree {
  correlation_id correlation{};
  std::vector<causation_event> events{};  ///< in journal order
  std::vector<flow_instance> instances{}; ///< in the order in which they began

  /// How many of the events have no cause that can be found.
  [[nodiscard]] std::size_t unexplained() const noexcept;
  /// For people: one line an event, below and to the right of its cause, then what is waited for.
  [[nodiscard]] std::string text() const;
  /// One JSON object; times in UTC, spans in nanoseconds.
  [[nodiscard]] std::string json() const;
  /// A sequence diagram in Mermaid: callers, services, processes and operators take part.
  [[nodiscard]] std::string mermaid() const;
};

/// Rebuilds what caused what in one flow, from the ids in the journal alone; both modes of a
/// process leave the same ids. With definitions it also folds the instances that they describe
/// (under the version that was deployed when each began) and tells what these wait for now. A flow
/// without events gives an empty tree. Reads the whole flow into memory; needs no message types of
/// the reader. Throws what the reader throws, and errc::bad_message for an event that does not fit
/// its type.
[[nodiscard]] causation_tree causation(journal_reader& journal, correlation_id flow,
                                       const std::vector<process_definition>& definitions = {});

/// What a pass over all flows of a journal counted.
struct causation_totals {
  std::uint64_t flows = 0;
  std::uint64_t events = 0;      ///< in the trees of all flows
  std::uint64_t journal = 0;     ///< in the journal
  std::uint64_t unexplained = 0; ///< of the events in the trees
  /// Every event of the journal stands in one tree and has a cause.
  [[nodiscard]] bool complete() const noexcept { return events == journal && unexplained == 0; }
};

/// Builds the tree of every flow, one after the other, up to the journal's present head. May run
/// beside a live owner. Throws as causation does.
[[nodiscard]] causation_totals count_causes(journal_reader& journal);

} // namespace ensemble
