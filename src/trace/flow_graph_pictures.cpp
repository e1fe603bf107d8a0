#include <ensemble/flow_graph.hpp>

#include "trace/text.hpp"

#include <algorithm>
#include <set>

namespace ensemble {

namespace {

std::string told(const flow_node& node) {
  return node.service.empty() ? node.event : node.service + ": " + node.event;
}

/// Who takes part, numbered: names may be words of the language.
std::map<flow_node, std::string> numbered(const std::map<flow_reaction, flow_count>& reactions) {
  std::map<flow_node, std::string> ids;
  for (const auto& [reaction, counted] : reactions)
    for (const auto* node : {&reaction.cause, &reaction.outcome})
      ids.try_emplace(*node, "n" + std::to_string(ids.size()));
  return ids;
}

std::string counted_text(const flow_count& c) {
  auto text = std::to_string(c.count);
  if (c.spans.count() != 0)
    text += ", p50 " + trace::span_text(c.spans.quantile(0.5)) + ", p99 " +
            trace::span_text(c.spans.quantile(0.99));
  return text;
}

} // namespace

std::string flow_graph::told_by(const flow_reaction& r) const {
  switch (r.kind) {
  case cause_kind::caller: return "a caller's command";
  case cause_kind::policy: return r.step.empty() ? "a policy" : "policy " + r.step;
  default: break;
  }
  auto text = trace::asked_text(r.step, r.direction, 0);
  if (text.empty()) text = to_string(r.kind);
  std::set<std::uint64_t> processes;
  for (const auto& [other, counted] : reactions_)
    if (other.process != 0) processes.insert(other.process);
  if (r.process == 0 || processes.size() < 2) return text;
  const auto name = names_.find(r.process);
  return (name == names_.end() ? std::to_string(r.process) : name->second) + ": " + text;
}

std::string flow_graph::text() const {
  trace::text_table table({0, 1, 2, 3, 4});
  table.add({"count", "p50", "p90", "p99", "max", "cause", "outcome", "by"});
  for (const auto& [reaction, counted] : reactions_) {
    std::vector<std::string> cells{std::to_string(counted.count), "-", "-", "-", "-"};
    if (counted.spans.count() != 0)
      cells = {cells[0], trace::span_text(counted.spans.quantile(0.5)),
               trace::span_text(counted.spans.quantile(0.9)),
               trace::span_text(counted.spans.quantile(0.99)),
               trace::span_text(counted.spans.max())};
    cells.push_back(told(reaction.cause));
    cells.push_back(told(reaction.outcome));
    cells.push_back(told_by(reaction));
    table.add(std::move(cells));
  }
  return table.text() + std::to_string(events_) + " events, " + std::to_string(unexplained()) +
         " unexplained\n";
}

std::string flow_graph::dot() const {
  const auto ids = numbered(reactions_);
  std::string out = "digraph flows {\n  rankdir=LR;\n  node [shape=box];\n";
  for (const auto& [node, id] : ids)
    out += "  " + id + " [label=" + trace::graphviz_text(told(node)) +
           (node.service.empty() ? ", shape=ellipse" : "") + "];\n";
  for (const auto& [reaction, counted] : reactions_)
    out += "  " + ids.at(reaction.cause) + " -> " + ids.at(reaction.outcome) +
           " [label=" + trace::graphviz_text(told_by(reaction) + "\n" + counted_text(counted)) +
           (reaction.direction == direction::undo ? ", style=dashed" : "") + "];\n";
  return out + "}\n";
}

std::string flow_graph::mermaid() const {
  const auto ids = numbered(reactions_);
  std::string out = "flowchart LR\n";
  for (const auto& [node, id] : ids) {
    const auto* open = node.service.empty() ? "([\"" : "[\"";
    const auto* close = node.service.empty() ? "\"])" : "\"]";
    out += "  " + id + open + trace::mermaid_text(told(node)) + close + "\n";
  }
  for (const auto& [reaction, counted] : reactions_) {
    const bool back = reaction.direction == direction::undo;
    out += "  " + ids.at(reaction.cause) + (back ? " -. \"" : " -- \"") +
           trace::mermaid_text(told_by(reaction)) + "<br/>" +
           trace::mermaid_text(counted_text(counted)) + (back ? "\" .-> " : "\" --> ") +
           ids.at(reaction.outcome) + "\n";
  }
  return out;
}

} // namespace ensemble
