#include "model/path_explorer.hpp"

#include "model/structural_state.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <type_traits>

namespace ensemble {

namespace {

using status = assignment::status;

constexpr std::uint32_t nowhere = UINT32_MAX;

/// What an event made of the instance, for people.
std::string consequences(const instance* before, const instance& after) {
  std::string told;
  const auto tell = [&](const std::string& what) { told += (told.empty() ? ": " : ", ") + what; };
  const auto newly = [&](status was, status is, status wanted) {
    return is == wanted && was != is;
  };
  const bool turned = before && before->phase == instance_phase::forward &&
                      after.phase == instance_phase::compensating;
  if (turned) tell("the process turns back");
  for (std::size_t n = 0; n < after.steps.size(); ++n) {
    const auto was = before ? before->steps[n] : step_progress{};
    const auto& is = after.steps[n];
    const auto name = "'" + after.definition->steps[n].name + "'";
    if (newly(was.forward.state, is.forward.state, status::due)) tell(name + " begins");
    if (newly(was.forward.state, is.forward.state, status::omitted)) tell(name + " is passed over");
    if (newly(was.forward.state, is.forward.state, status::closing))
      tell(name + " is to be closed");
    if (newly(was.forward.state, is.forward.state, status::stuck)) tell(name + " is stuck");
    if (newly(was.undo.state, is.undo.state, status::due)) tell(name + " is to be undone");
    if (newly(was.undo.state, is.undo.state, status::stuck)) tell("its undo is stuck");
  }
  if (before && before->phase == after.phase) return told;
  if (after.phase == instance_phase::completed) tell("the process is completed");
  if (after.phase == instance_phase::compensated) tell("the process is compensated");
  if (after.phase == instance_phase::finishing) tell("every step is done");
  return told;
}

recorded_event start_event(const process_definition& p) {
  recorded_event e;
  e.position = {1};
  e.id = event_id::of(1, 1);
  e.origin.correlation = correlation_id::of(1, 1);
  e.body = message::opaque(std::string(p.start.event->name), p.start.event->schema_version, "{}");
  return e;
}

class explorer {
public:
  explorer(const process_definition& p, const known_services& services, std::size_t max_states,
           exploration_kind kind)
      : copy_(structural_copy(p, conditions_)),
        services_(services),
        max_states_(max_states),
        reduced_(kind == exploration_kind::reduced),
        rules_(*copy_) {
    const auto n = copy_->steps.size();
    result_.begun.resize(n);
    result_.undo_begun.resize(n);
  }

  exploration run() {
    begin();
    for (std::uint32_t at = 0; at < nodes_.size(); ++at) {
      if (nodes_.size() > max_states_) break;
      expand(at);
      ++result_.states;
    }
    result_.whole = result_.states == nodes_.size();
    return std::move(result_);
  }

private:
  struct node {
    const std::string* key{}; ///< in the map, whose entries stay where they are
    std::uint32_t parent = nowhere;
    std::string told{};
    std::unique_ptr<instance> whole{}; ///< full exploration only
  };

  void begin() {
    const auto start = start_event(*copy_);
    const auto told = std::string(start.body.name()) + " begins it";
    conditions_.restart();
    do {
      blank_ = begin_instance(copy_, start);
      visit(nullptr, blank_, nowhere, told);
    } while (conditions_.another());
  }

  instance at(std::uint32_t index) {
    auto& n = nodes_[index];
    if (reduced_) return with_structure(blank_, *n.key);
    auto i = std::move(*n.whole);
    n.whole.reset();
    return i;
  }

  void expand(std::uint32_t index) {
    const auto before = at(index);
    auto events = possible_events(before, services_, reduced_);
    const auto by_itself = [](const possible_event& e) { return !e.by_operator; };
    for (auto& [step, text] : rules_.of_state(before, std::ranges::any_of(events, by_itself)))
      report_rule(step, text, index, nullptr);
    look_at(before, index);
    for (const auto& e : events) follow(before, e, index);
  }

  void follow(const instance& before, const possible_event& e, std::uint32_t index) {
    conditions_.restart();
    do {
      auto after = before;
      evolve(after, e.event);
      const auto told = [&] { return e.told + consequences(&before, after); };
      for (auto& [step, text] : rules_.of_event(before, e.event, after, e.by_operator))
        report_rule(step, text, index, told);
      visit_next(before, e, after, index);
    } while (conditions_.another());
  }

  void visit_next(const instance& before, const possible_event& e, const instance& after,
                  std::uint32_t index) {
    const auto next = visit(&before, after, index, e.told);
    if (!next) return;
    auto repeated = after;
    for (auto& [step, text] : rules_.of_repeats(repeated, e.event))
      report_rule(step, text, next, nullptr);
  }

  /// Adds a state that was not seen before.
  std::optional<std::uint32_t> visit(const instance* before, const instance& after,
                                     std::uint32_t parent, const std::string& told) {
    auto key = reduced_ ? settled_key(after) : structural_key(after);
    const auto [entry, added] = index_.try_emplace(std::move(key), nodes_.size());
    if (!added) return std::nullopt;
    node n{&entry->first, parent, told + consequences(before, after), nullptr};
    if (!reduced_) n.whole = std::make_unique<instance>(after);
    nodes_.push_back(std::move(n));
    return static_cast<std::uint32_t>(nodes_.size() - 1);
  }

  std::vector<std::string> trace(std::uint32_t index) const {
    std::vector<std::string> lines;
    for (; index != nowhere; index = nodes_[index].parent) lines.push_back(nodes_[index].told);
    std::ranges::reverse(lines);
    return lines;
  }

  template <class Told>
  void report(severity level, const std::string& step, const std::string& text,
              std::optional<std::uint32_t> index, Told told) {
    if (!reported_.insert(step + '\n' + text).second) return;
    check_finding found{level, step, text, trace(*index)};
    if constexpr (!std::is_null_pointer_v<Told>) found.trace.push_back(told());
    result_.findings.push_back(std::move(found));
  }

  // With a pivot beside another step the rules cannot hold: that is told, and not what follows.
  template <class Told>
  void report_rule(const std::string& step, const std::string& text,
                   std::optional<std::uint32_t> index, Told told) {
    if (!pivot_beside_) report(severity::error, step, text, index, told);
  }

  // --- what a state says of the definition ---

  void look_at(const instance& i, std::uint32_t index) {
    if (index == 0) result_.started = trace(index);
    for (std::size_t n = 0; n < i.steps.size(); ++n) {
      const auto& s = i.steps[n];
      if (s.forward.state != status::idle && result_.begun[n].empty())
        result_.begun[n] = trace(index);
      if (s.undo.state != status::idle && result_.undo_begun[n].empty())
        result_.undo_begun[n] = trace(index);
      look_at_step(i, n, index);
    }
    if (i.complete.state != status::idle && result_.complete_begun.empty())
      result_.complete_begun = trace(index);
    if (i.abort.state != status::idle && result_.abort_begun.empty())
      result_.abort_begun = trace(index);
  }

  void look_at_step(const instance& i, std::size_t n, std::uint32_t index) {
    const auto& d = copy_->steps[n];
    const auto& a = i.steps[n].forward;
    const bool back =
        i.phase == instance_phase::compensating || i.phase == instance_phase::compensated;
    if (back && a.state == status::done && !d.undo && !d.needs_no_undo && !d.awaits() && !d.pivot)
      report(severity::error, d.name,
             "stays done when the process fails, for nothing undoes it: add .undone_by<event>("
             "command), make it the .pivot() if there is no way back from it, or say "
             ".needs_no_undo() if its effect does no harm",
             index, nullptr);
    if (i.phase == instance_phase::forward && a.open()) {
      if (d.pivot) pivot_beside(i, n, index);
      if (d.awaits() && a.state == status::due) awaits_for_ever(i, n, index);
    }
    if (a.stuck_closing)
      report(severity::warning, d.name,
             "waits for an operator when its outcome is unknown, since service '" + d.ask.service +
                 "' cannot cancel the effect: add .cancels<" + std::string(d.ask.command->name) +
                 ">(...) to the service",
             index, nullptr);
  }

  void pivot_beside(const instance& i, std::size_t pivot, std::uint32_t index) {
    for (std::size_t n = 0; n < i.steps.size(); ++n)
      if (n != pivot && i.steps[n].forward.open()) {
        pivot_beside_ = true;
        report(severity::error, copy_->steps[pivot].name,
               "is the pivot and runs beside step '" + copy_->steps[n].name +
                   "', which may fail when there is no way back: put one after the other",
               index, nullptr);
      }
  }

  void awaits_for_ever(const instance& i, std::size_t n, std::uint32_t index) {
    const auto& name = copy_->steps[n].name;
    for (const auto& limit : deadlines(i))
      if (limit.event.origin.step.empty() || limit.event.origin.step == name) return;
    report(severity::error, name,
           std::string("can wait for ever, for no time limit holds there: add .within(duration)") +
               (i.past_pivot() ? "; the process's deadline ends at the pivot"
                               : ", or a .deadline(duration) to the process"),
           index, nullptr);
  }

  condition_answers conditions_{};
  std::shared_ptr<const process_definition> copy_;
  const known_services& services_;
  std::size_t max_states_;
  bool reduced_;
  path_rules rules_;
  instance blank_{};
  std::unordered_map<std::string, std::size_t> index_{};
  std::vector<node> nodes_{};
  std::set<std::string> reported_{};
  bool pivot_beside_ = false;
  exploration result_{};
};

} // namespace

exploration explore_paths(const process_definition& p, const known_services& services,
                          std::size_t max_states, exploration_kind kind) {
  return explorer(p, services, max_states, kind).run();
}

} // namespace ensemble
