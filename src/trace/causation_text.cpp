#include <ensemble/causation.hpp>

#include "trace/text.hpp"
#include "trace/wait_text.hpp"

#include <algorithm>

namespace ensemble {

namespace {

/// Deeper events stand no further to the right.
constexpr std::size_t deepest = 24;

struct placed_event {
  std::size_t index = 0;
  std::size_t depth = 0;
};

/// Each event behind its cause. Of one cause first those that caused nothing, so that the events of
/// one command stand together; else as in the journal.
std::vector<placed_event> in_tree_order(const causation_tree& tree) {
  std::vector<std::vector<std::size_t>> caused(tree.events.size());
  std::vector<placed_event> open; // the last is taken first
  for (std::size_t n = tree.events.size(); n-- > 0;) {
    const auto& cause = tree.events[n].cause;
    if (cause)
      caused[*cause].push_back(n);
    else
      open.push_back({n, 0});
  }
  std::vector<placed_event> ordered;
  while (!open.empty()) {
    const auto next = open.back();
    open.pop_back();
    ordered.push_back(next);
    auto& children = caused[next.index];
    std::stable_partition(children.begin(), children.end(),
                          [&](std::size_t n) { return !caused[n].empty(); });
    for (const auto n : children) open.push_back({n, next.depth + 1});
  }
  return ordered;
}

std::string why(const causation_event& node) {
  const auto& e = node.event;
  const auto asked = trace::asked_text(e.origin.step, e.origin.direction, e.origin.round);
  switch (node.kind) {
  case cause_kind::caller: return e.index == 0 ? "a caller's command" : "of the same command";
  case cause_kind::process: return node.command.empty() ? asked : asked + ": " + node.command;
  case cause_kind::policy: return "a policy" + (asked.empty() ? "" : " (" + asked + ")");
  case cause_kind::engine: return asked.empty() ? "the process's deadline" : "of " + asked;
  case cause_kind::outside:
    return "awaited by " + e.origin.step + ": " + node.cause_name + " at " +
           std::to_string(node.cause_position.value);
  case cause_kind::operator_word:
    return "an operator's word" + (asked.empty() ? "" : " on " + asked);
  case cause_kind::unexplained: break;
  }
  return "UNEXPLAINED" + (asked.empty() ? "" : ": " + asked);
}

std::string counted(std::size_t n, const char* one) {
  return std::to_string(n) + " " + one + (n == 1 ? "" : "s");
}

std::string headline(const causation_tree& tree) {
  auto text = "flow " + to_string(tree.correlation) + ": " + counted(tree.events.size(), "event");
  if (tree.events.empty()) return text + "\n";
  const auto first = tree.events.front().event.time;
  text += " from " + trace::time_text(first) + " on, within " +
          trace::span_text(tree.events.back().event.time - first);
  if (const auto n = tree.unexplained(); n != 0) text += ", " + std::to_string(n) + " UNEXPLAINED";
  return text + "\n";
}

std::string instance_text(const flow_instance& i, timestamp first) {
  auto text = i.process + " " + to_string(i.id) + " (version " + std::to_string(i.version) + "): ";
  text += i.phase + (i.terminal ? " after " + trace::span_text(i.last - i.started) : "");
  text += i.failure.empty() ? "\n" : ", because " + i.failure + "\n";
  for (const auto& wait : i.waits) text += "  " + trace::wait_text(wait, first) + "\n";
  return text;
}

} // namespace

std::string causation_tree::text() const {
  auto out = headline(*this);
  if (events.empty()) return out;
  const auto first = events.front().event.time;
  trace::text_table table({0, 1, 2});
  table.add({"position", "at", "edge", "service", "event", "why"});
  for (const auto& [index, depth] : in_tree_order(*this)) {
    const auto& node = events[index];
    const auto& e = node.event;
    table.add({std::to_string(e.position.value), "+" + trace::span_text(e.time - first),
               node.cause_position.value == 0 ? "-" : trace::span_text(node.edge),
               std::string(category_of(e.stream)),
               std::string(2 * std::min(depth, deepest), ' ') + std::string(e.body.name()),
               why(node)});
  }
  out += table.text();
  for (const auto& i : instances) out += instance_text(i, first);
  return out;
}

} // namespace ensemble
