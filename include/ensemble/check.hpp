#pragma once

#include <ensemble/process.hpp>
#include <ensemble/service.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ensemble {

/// How bad a finding is.
enum class severity {
  warning, ///< it works, but perhaps not as it was meant
  error,   ///< a runtime refuses to start with it
};

/// What check says about a process as a whole.
enum class check_verdict {
  proven,     ///< every path ends, and every failed one undoes exactly what was done
  refused,    ///< at least one finding is an error
  not_proven, ///< no error was found, but the state budget ran out: nothing is promised
};

/// The name of a verdict, as in `not proven`.
[[nodiscard]] std::string_view to_string(check_verdict verdict) noexcept;

/// One fault of a definition.
struct check_finding {
  severity level = severity::error;
  std::string step{}; ///< empty: the process as a whole
  std::string text{}; ///< one sentence: what is wrong, and the remedy
  /// The shortest way to it, one event a line, from the event that starts the process. Empty for
  /// what can be seen without running anything.
  std::vector<std::string> trace{};
};

struct check_options {
  /// How the process is to be run. Findings and verdict hold for both modes, for both share the
  /// fold and what is due; danced, the report also tells who does what.
  process_mode mode = process_mode::orchestration;
  /// How many different states are looked at before check gives up with `not_proven`. The default
  /// is enough for a process of twelve steps without conditions, whatever runs beside what; to use
  /// it up takes a few seconds and some ten megabytes.
  std::size_t max_states = 100'000;
  /// The services that the process asks; not owned, none of them null. Empty: unknown, then they
  /// may decide anything, and are taken to be able to settle every command.
  std::vector<const service_definition*> services{};
};

/// What one service's participant does in a danced process, and what waits while it is away. Steps
/// are named in the order of the definition. Nothing else waits for it.
struct participant_part {
  std::string service{};
  bool owner = false;
  std::vector<std::string> does{};   ///< it gives their dos, and their closes
  std::vector<std::string> undoes{}; ///< it gives their undos
  /// The owner only: which last words it gives, which deadlines it keeps, and the awaiting steps
  /// that it hands their events.
  bool completes = false;
  bool aborts = false;
  bool process_deadline = false;
  std::vector<std::string> step_deadlines{};
  std::vector<std::string> receives{};
  /// While it is away: the steps that are not done, its own and all that come after them.
  std::vector<std::string> steps_waiting{};
  /// And if the process turns back when one of its steps has begun: its own undos and those of all
  /// steps before, and abort.
  std::vector<std::string> undos_waiting{};
  bool abort_waiting = false;
};

struct check_report {
  std::string process{};
  check_verdict verdict = check_verdict::not_proven;
  /// Errors first, else in the order in which they were found: the shortest trace first.
  std::vector<check_finding> findings{};
  std::size_t states = 0; ///< how many different states were looked at
  /// Danced: who takes part, the owner first. Else, or when the definition does not fit together:
  /// empty.
  std::vector<participant_part> participants{};

  /// The report for people, several lines.
  [[nodiscard]] std::string text() const;
};

/// Proves that a process cannot go wrong by its structure, or shows how it does. It runs the real
/// engine on a copy whose functions are replaced: none of the definition's functions is called.
/// Every answer of every service is tried (each declared event, any other event, a refusal, nothing
/// at all, a late answer, a repeated one), every timeout, every condition both ways, an operator's
/// abort and retries. It proves that
/// - every path ends completed or compensated, or waits for an operator because something was
///   refused where there is no other way;
/// - a failed process undoes each step that was done, once, in reverse dependency order, and
///   nothing else; nothing is undone after the pivot.
///
/// Errors: a step that may have to be undone and cannot be (the last one too: it may be given up,
/// and be done before its close arrives; then make it the pivot); a process without a deadline; an
/// awaiting step that no time limit ends; a step that can never begin or never succeed; a pivot
/// beside another step; an undo, complete or abort without the event that confirms it; an event
/// that means success and failure at once; with services: one that is not there, that does not
/// take the command, or never decides what is waited for.
/// Warnings: an undo that is never asked; with services: an effect without `cancels`, an outcome
/// that its step does not declare.
///
/// Takes definitions put together by hand too, which `validate` has not seen. Never throws for a
/// bad definition.
[[nodiscard]] check_report check(const process_definition& process,
                                 const check_options& options = {});

} // namespace ensemble
