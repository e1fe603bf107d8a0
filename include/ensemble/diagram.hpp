#pragma once

#include <ensemble/process.hpp>

#include <string>

namespace ensemble {

/// The language of a diagram.
enum class diagram_format {
  mermaid,  ///< a flowchart, as Markdown viewers draw it
  graphviz, ///< for `dot`
};

/// Draws a process: its steps with the service and command of each, what comes after what,
/// conditions, awaited events, delays and deadlines, the pivot, what undoes each step (dashed), and
/// the last words. The same definition gives the same text. Calls none of its functions; takes a
/// definition that `validate` accepts.
[[nodiscard]] std::string diagram(const process_definition& process,
                                  diagram_format format = diagram_format::mermaid);

} // namespace ensemble
