#include <ensemble/conformance.hpp>

#include "trace/declared_reactions.hpp"
#include "trace/instance_replay.hpp"
#include "trace/known_processes.hpp"
#include "trace/text.hpp"

#include <algorithm>
#include <unordered_set>

namespace ensemble {

namespace {

std::string told(const flow_node& node) {
  return node.service.empty() ? node.event : node.service + ": " + node.event;
}

void hold_reactions(const flow_graph& graph, const conformance_options& options,
                    conformance_report& report) {
  const trace::declared_reactions declared(options);
  for (const auto& [reaction, counted] : graph.reactions()) {
    const auto why = declared.why_undeclared(reaction);
    if (why.empty()) continue;
    const auto asked = trace::asked_text(reaction.step, reaction.direction, 0);
    report.add({conformance_kind::undeclared_reaction,
                declared.process_of(reaction),
                {},
                counted.first,
                told(reaction.cause) + " -> " + told(reaction.outcome) +
                    (asked.empty() ? "" : " (" + asked + ")") + ", " +
                    std::to_string(counted.count) + " times: " + why,
                "S3"});
  }
}

/// Looks for a case of each outcome that a process declares.
class unseen {
public:
  unseen(const flow_graph& graph, const process_definition& process, conformance_report& report)
      : graph_(graph), process_(process), report_(report) {}

  void look() {
    for (const auto& s : process_.steps) {
      for (const auto& o : s.successes) look(s.name, direction::forward, o);
      for (const auto& o : s.failures) look(s.name, direction::forward, o);
      for (const auto& a : s.awaited) look(s.name, direction::forward, a.outcome);
      look(s.name, direction::undo, s.undone);
    }
    look({}, direction::complete, process_.completed);
    look({}, direction::abort, process_.aborted);
  }

private:
  void look(const std::string& step, direction d, const outcome_definition& outcome) {
    if (!outcome.event) return;
    const auto is_case = [&](const auto& seen) {
      const flow_reaction& r = seen.first;
      if (r.process != process_number(process_.name) || r.step != step || r.direction != d)
        return false;
      // What was awaited stands for itself: the record on the instance's stream is the engine's.
      const auto& event = r.kind == cause_kind::outside ? r.cause.event : r.outcome.event;
      return event == outcome.event->name;
    };
    if (std::ranges::any_of(graph_.reactions(), is_case)) return;
    report_.add({conformance_kind::never_seen,
                 process_.name,
                 {},
                 {},
                 trace::asked_text(step, d, 0) + " never came to '" +
                     std::string(outcome.event->name) + "'",
                 {}});
  }

  const flow_graph& graph_;
  const process_definition& process_;
  conformance_report& report_;
};

bool newest(const process_definition& p, const std::vector<process_definition>& all) {
  return std::ranges::none_of(all, [&](const process_definition& other) {
    return other.name == p.name && other.version > p.version;
  });
}

void look_for_unseen(const flow_graph& graph, const conformance_options& options,
                     conformance_report& report) {
  for (const auto& p : options.processes)
    if (newest(p, options.processes)) unseen(graph, p, report).look();
  for (const auto* service : options.services)
    for (const auto& policy : service->policies) {
      const auto is_case = [&](const auto& seen) {
        return seen.first.kind == cause_kind::policy &&
               seen.first.cause.event == policy.event->name &&
               seen.first.outcome.service == service->name;
      };
      if (std::ranges::any_of(graph.reactions(), is_case)) continue;
      report.add(
          {conformance_kind::never_seen,
           {},
           {},
           {},
           "'" + service->name + "' never reacted to '" + std::string(policy.event->name) + "'",
           {}});
    }
}

void hold(const flow_graph& graph, const conformance_options& options, conformance_report& report) {
  report.events = graph.events();
  report.reactions = graph.reactions().size();
  hold_reactions(graph, options, report);
  look_for_unseen(graph, options, report);
}

/// Replays the instances of a journal, each when its start is met.
class replaying {
public:
  replaying(journal_reader& journal, position head, const conformance_options& options,
            conformance_report& report)
      : journal_(journal), head_(head), known_(journal, options.processes), report_(report) {}

  void take(const recorded_event& e) {
    for (const auto& definition : known_.begun_by(e)) replay(definition, e);
    if (known_.begins_unknown_version(e)) ++report_.unknown_versions;
    if (e.origin.instance) must_have_begun(e);
  }

private:
  /// Bounds memory; whoever is forgotten is read again.
  static constexpr std::size_t most_begun = 100'000;
  static constexpr std::size_t most_examples = 5;

  void replay(const trace::process_ptr& definition, const recorded_event& start) {
    const auto id = make_instance_id(start.position, definition->name);
    ++report_.instances;
    remember(id);
    trace::instance_replay run(definition, known_.typed(start),
                               [&](position at, std::string_view rule, const std::string& what) {
                                 report_.add({conformance_kind::outside_language, definition->name,
                                              id, at, what, std::string(rule)});
                               });
    for (auto after = start.position;;) {
      const auto page = journal_.read_instance(id, after);
      if (page.empty()) break;
      for (const auto& e : page)
        if (e.position <= head_) run.take(known_.typed(e));
      after = page.back().position;
    }
    if (run.ended()) return;
    ++report_.open;
    if (report_.open_examples.size() < most_examples) report_.open_examples.push_back(id);
  }

  // Of a process that nobody describes the reactions tell.
  void must_have_begun(const recorded_event& e) {
    const auto id = e.origin.instance;
    const auto process = known_.process_of(id);
    if (!process || begun_.contains(id)) return;
    const auto start = journal_.read_all(start_of(id), 1);
    const bool there = !start.empty() && start.front().position == start_of(id);
    if (there && start_of(id) < e.position &&
        (known_.definition_of(id, start.front()) || known_.begins_unknown_version(start.front())))
      remember(id);
    else
      report_.add({conformance_kind::outside_language, process->name, id, e.position,
                   "'" + std::string(e.body.name()) + "' belongs to an instance that never began",
                   "G2"});
  }

  void remember(instance_id id) {
    if (begun_.size() >= most_begun) begun_.clear();
    begun_.insert(id);
  }

  journal_reader& journal_;
  position head_;
  trace::known_processes known_;
  conformance_report& report_;
  std::unordered_set<instance_id> begun_{};
};

} // namespace

conformance_report conformance(const flow_graph& graph, const conformance_options& options) {
  conformance_report report;
  hold(graph, options, report);
  return report;
}

conformance_report conformance(journal_reader& journal, const conformance_options& options) {
  conformance_report report;
  const auto head = journal.head();
  replaying instances(journal, head, options, report);
  flow_graph graph;
  const auto look_up = [&](const recorded_event& e) { return find_cause(journal, e); };
  while (graph.last() < head) {
    const auto page = journal.read_all({graph.last().value + 1});
    if (page.empty()) break;
    for (const auto& e : page) {
      if (e.position > head) break;
      graph.add(e, look_up);
      instances.take(e);
    }
  }
  hold(graph, options, report);
  return report;
}

} // namespace ensemble
