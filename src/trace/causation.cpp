#include <ensemble/causation.hpp>

#include "model/engine_messages.hpp"
#include "trace/flow_instances.hpp"
#include "trace/known_processes.hpp"
#include "trace/outside_cause.hpp"

#include <algorithm>
#include <unordered_map>

namespace ensemble {

namespace {

/// Builds the tree of one flow, event by event.
class tree_builder {
public:
  tree_builder(journal_reader& journal, causation_tree& tree) : journal_(journal), tree_(tree) {}

  void add(recorded_event e) {
    causation_event node;
    node.kind = kind_of(e);
    node.event = std::move(e);
    if (!explain(node)) node.kind = cause_kind::unexplained;
    by_id_.emplace(node.event.id, tree_.events.size());
    tree_.events.push_back(std::move(node));
  }

private:
  /// False: its cause cannot be found.
  bool explain(causation_event& node) {
    const auto& e = node.event;
    switch (node.kind) {
    case cause_kind::caller: return e.index == 0 || caused_by(node, make_event_id(e.command(), 0));
    case cause_kind::operator_word: return begun_here(start_of(e.origin.instance));
    case cause_kind::outside: return caused_by(node, e.origin.causation) || caused_outside(node);
    default: return caused_by(node, e.origin.causation);
    }
  }

  bool caused_by(causation_event& node, event_id cause) {
    const auto found = by_id_.find(cause);
    if (!cause || found == by_id_.end()) return false;
    node.cause = found->second;
    note(node, tree_.events[found->second].event);
    return true;
  }

  bool caused_outside(causation_event& node) {
    const auto cause = trace::outside_cause(journal_, node.event);
    if (cause) note(node, *cause);
    return cause.has_value();
  }

  bool begun_here(position start) const {
    return std::ranges::binary_search(tree_.events, start, {},
                                      [](const causation_event& e) { return e.event.position; });
  }

  static void note(causation_event& node, const recorded_event& cause) {
    node.cause_position = cause.position;
    node.cause_name = cause.body.name();
    node.edge = node.event.time - cause.time;
  }

  journal_reader& journal_;
  causation_tree& tree_;
  std::unordered_map<event_id, std::size_t> by_id_{};
};

causation_tree build(journal_reader& journal, correlation_id flow) {
  causation_tree tree;
  tree.correlation = flow;
  tree_builder builder(journal, tree);
  for (position after{};;) {
    auto page = journal.read_correlation(flow, after);
    if (page.empty()) return tree;
    after = page.back().position;
    for (auto& e : page) builder.add(std::move(e));
  }
}

} // namespace

std::string_view to_string(cause_kind kind) noexcept {
  switch (kind) {
  case cause_kind::caller: return "caller";
  case cause_kind::process: return "process";
  case cause_kind::policy: return "policy";
  case cause_kind::engine: return "engine";
  case cause_kind::outside: return "outside";
  case cause_kind::operator_word: return "operator";
  case cause_kind::unexplained: return "unexplained";
  }
  return "unknown";
}

cause_kind kind_of(const recorded_event& event) noexcept {
  const auto is = [&](const message_type& type) { return event.body.name() == type.name; };
  const auto& o = event.origin;
  if (o.instance) {
    if (!event.body.name().starts_with("ensemble.")) return cause_kind::process;
    if (is(type_of<engine::attempt_failed>()) || is(type_of<engine::step_timed_out>()) ||
        is(type_of<engine::process_timed_out>()))
      return cause_kind::engine;
    if (is(type_of<engine::event_received>())) return cause_kind::outside;
    if (is(type_of<engine::retry_requested>()) || is(type_of<engine::skip_requested>()) ||
        is(type_of<engine::abort_requested>()))
      return cause_kind::operator_word;
    return cause_kind::process;
  }
  return o.causation ? cause_kind::policy : cause_kind::caller;
}

std::size_t causation_tree::unexplained() const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count(events, cause_kind::unexplained, &causation_event::kind));
}

causation_tree causation(journal_reader& journal, correlation_id flow,
                         const std::vector<process_definition>& definitions) {
  auto tree = build(journal, flow);
  if (definitions.empty()) return tree;
  const trace::known_processes known(journal, definitions);
  for (auto& node : tree.events) {
    const auto& o = node.event.origin;
    const auto process = o.instance ? known.process_of(o.instance) : nullptr;
    if (!process) continue;
    node.process = process->name;
    if (const auto* request = trace::request_of(*process, o.step, o.direction))
      node.command = request->command->name;
  }
  tree.instances = trace::fold_flow(known, tree.events);
  return tree;
}

causation_totals count_causes(journal_reader& journal) {
  causation_totals totals;
  const auto head = journal.head();
  totals.journal = head.value;
  for (position next{1}; next <= head;) {
    const auto page = journal.read_all(next);
    if (page.empty()) break;
    next.value = page.back().position.value + 1;
    for (const auto& e : page) {
      // A flow begins with what a caller asked. One that does not is never counted: then the sum
      // is short.
      if (e.position > head || e.index != 0 || kind_of(e) != cause_kind::caller) continue;
      if (!e.origin.correlation) continue;
      const auto first = journal.read_correlation(e.origin.correlation, {}, 1);
      if (first.empty() || first.front().position != e.position) continue;
      const auto tree = build(journal, e.origin.correlation);
      ++totals.flows;
      for (const auto& node : tree.events) {
        if (node.event.position > head) break;
        ++totals.events;
        if (node.kind == cause_kind::unexplained) ++totals.unexplained;
      }
    }
  }
  return totals;
}

} // namespace ensemble
