#pragma once

#include <ensemble/event.hpp>
#include <ensemble/process.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace ensemble::trace {

/// Three digits and a unit, as in `8.20 ms` or `1.50 h`.
[[nodiscard]] std::string span_text(duration span);
/// UTC, as in `2010-12-01 08:26:00.123456`.
[[nodiscard]] std::string time_text(timestamp time);
/// As in `undo payment, round 1`; empty without a direction.
[[nodiscard]] std::string asked_text(std::string_view step, direction d, std::uint32_t round);
/// For a label in Mermaid: everything but letters, digits, blanks and a few signs as an entity.
[[nodiscard]] std::string mermaid_text(std::string_view text);
/// For a label of Graphviz, with its quotation marks.
[[nodiscard]] std::string graphviz_text(std::string_view text);

/// Rows of columns, each as wide as its widest cell.
class text_table {
public:
  /// `right` are the indices of the columns whose cells stand at the right.
  explicit text_table(std::vector<std::size_t> right) : right_(std::move(right)) {}
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  /// Two blanks between columns, none at the end of a line.
  [[nodiscard]] std::string text() const;

private:
  std::vector<std::size_t> right_;
  std::vector<std::vector<std::string>> rows_{};
};

} // namespace ensemble::trace
