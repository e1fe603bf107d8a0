#pragma once

#include <ensemble/process.hpp>

#include <string>
#include <vector>

namespace ensemble {

/// The language of a diagram.
enum class diagram_format {
  mermaid,  ///< a flowchart, as Markdown viewers draw it
  graphviz, ///< for `dot`
};

/// Draws a process as one of the modes runs it. Conducted: its steps with the service and command
/// of each, what comes after what, conditions, awaited events, delays and deadlines, the pivot,
/// what undoes each step (dashed), and the last words. Danced: its services, each with its local
/// rules, and the events that they tell each other (dashed: on the way back). The same definition
/// gives the same text. Calls none of its functions; takes a definition that `validate` accepts.
[[nodiscard]] std::string diagram(const process_definition& process,
                                  process_mode mode = process_mode::orchestration,
                                  diagram_format format = diagram_format::mermaid);

/// What one service does by itself when a process is danced.
struct service_rules {
  std::string service{};
  /// As in `when order_created, authorise_payment`. "Another failure" is a refusal, an answer that
  /// the step does not declare, attempts or time used up, or an operator's abort: what every
  /// service sees for itself, for each folds all events.
  std::vector<std::string> rules{};
};

/// The rules of each service that takes part, the owner first: in words, for people. Calls no
/// function of the definition; takes a definition that `validate` accepts.
[[nodiscard]] std::vector<service_rules> local_rules(const process_definition& process);

} // namespace ensemble
