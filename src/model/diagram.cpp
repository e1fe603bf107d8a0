#include <ensemble/diagram.hpp>

#include "model/dance.hpp"
#include "model/drawing.hpp"
#include "model/duration_text.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace ensemble {

namespace {

/// What a step's box says.
drawing::lines box_of(const step_definition& s) {
  drawing::lines text{s.name};
  if (s.ask) text.push_back(s.ask.service + ": " + std::string(s.ask.command->name));
  for (const auto& awaited : s.awaited)
    text.push_back((awaited.success ? "awaits " : "fails on ") +
                   std::string(awaited.outcome.event->name));
  if (s.only_if) text.emplace_back("only if its condition holds");
  if (s.delay != duration{}) text.push_back("delayed by " + told(s.delay));
  if (s.within != duration{}) text.push_back("within " + told(s.within));
  if (s.pivot) text.emplace_back("pivot");
  return text;
}

drawing::shape shape_of(const step_definition& s) {
  if (s.pivot) return drawing::shape::pivot;
  if (s.only_if) return drawing::shape::conditional;
  return s.awaits() ? drawing::shape::awaiting : drawing::shape::plain;
}

std::string id_of(std::size_t step) { return "s" + std::to_string(step); }

void draw_step(drawing& d, const process_definition& p, std::size_t n) {
  const auto& s = p.steps[n];
  d.node(id_of(n), box_of(s), shape_of(s));
  if (s.after.empty()) d.edge("start", id_of(n));
  for (const auto before : s.after) d.edge(id_of(before), id_of(n));
  if (!s.undo) return;
  const auto undo = "u" + std::to_string(n);
  d.node(undo, {"undo " + s.name, s.ask.service + ": " + std::string(s.undo.command->name)},
         drawing::shape::undo);
  d.back_edge(id_of(n), undo, {s.undone.event ? std::string(s.undone.event->name) : "undone"});
}

void draw_last_words(drawing& d, const process_definition& p) {
  const auto node = [&](const char* id, const char* what, const request_definition& r) {
    drawing::lines text{what};
    if (r) text.push_back(r.service + ": " + std::string(r.command->name));
    d.node(id, text, drawing::shape::last_word);
  };
  node("completed", "completed", p.complete);
  for (const auto last : last_steps(p)) d.edge(id_of(last), "completed");
  node("compensated", "compensated", p.abort);
  d.back_edge("start", "compensated", {"when a step fails, what was done is undone"});
}

// --- danced: a node a service, and what they tell each other ---

/// Who tells whom what; each pair once, in a fixed order.
using tellings = std::map<std::pair<std::size_t, std::size_t>, drawing::lines>;

class dance_drawing {
public:
  dance_drawing(drawing& d, const process_definition& p)
      : d_(d), p_(p), services_(participants(p)), before_(steps_before(p)) {}

  void draw() {
    const auto rules = local_rules(p_);
    for (std::size_t k = 0; k < services_.size(); ++k) {
      drawing::lines text{services_[k] + (k == 0 ? " (owner)" : "")};
      std::ranges::copy(rules[k].rules, std::back_inserter(text));
      d_.node(id(k), text, k == 0 ? drawing::shape::last_word : drawing::shape::plain);
    }
    gather();
    for (const auto k : begin_) d_.edge("start", id(k), {std::string(p_.start.event->name)});
    for (const auto& [pair, label] : forward_) d_.edge(id(pair.first), id(pair.second), label);
    for (const auto& [pair, label] : back_) d_.back_edge(id(pair.first), id(pair.second), label);
  }

private:
  static std::string id(std::size_t service) { return "p" + std::to_string(service); }

  std::size_t actor(std::size_t step) const {
    const auto at = std::ranges::find(services_, actor_of(p_, p_.steps[step]));
    return static_cast<std::size_t>(at - services_.begin());
  }

  void gather() {
    for (std::size_t n = 0; n < p_.steps.size(); ++n) {
      if (p_.steps[n].after.empty()) begin_.insert(actor(n));
      for (const auto before : p_.steps[n].after)
        tell(forward_, actor(before), actor(n), succeeds_with(p_.steps[before]));
      if (p_.abort && (p_.steps[n].pivot || !from_pivot_on(p_, n)))
        tell(back_, actor(n), 0, fails_with(p_.steps[n]));
      undone_for(n);
    }
    if (p_.complete)
      for (const auto last : last_steps(p_))
        tell(forward_, actor(last), 0, succeeds_with(p_.steps[last]));
  }

  /// What step n waits for on the way back, and who waits for it.
  void undone_for(std::size_t n) {
    const auto& s = p_.steps[n];
    if (!s.undo || from_pivot_on(p_, n)) return;
    for (std::size_t other = 0; other < p_.steps.size(); ++other) {
      if (may_fail_after(p_, before_, n, other))
        tell(back_, actor(other), actor(n), fails_with(p_.steps[other]));
      if (before_[n][other] && p_.steps[other].undo)
        tell(back_, actor(n), actor(other), undone_with(s));
    }
    if (p_.abort) tell(back_, actor(n), 0, undone_with(s));
  }

  static void tell(tellings& all, std::size_t from, std::size_t to, const drawing::lines& what) {
    if (from == to || what.empty()) return;
    auto& label = all[{from, to}];
    for (const auto& event : what)
      if (std::ranges::find(label, event) == label.end()) label.push_back(event);
  }

  drawing& d_;
  const process_definition& p_;
  std::vector<std::string> services_;
  std::vector<std::vector<bool>> before_;
  std::set<std::size_t> begin_{};
  tellings forward_{};
  tellings back_{};
};

void draw_conducted(drawing& d, const process_definition& p) {
  for (std::size_t n = 0; n < p.steps.size(); ++n) draw_step(d, p, n);
  draw_last_words(d, p);
}

} // namespace

std::string diagram(const process_definition& process, process_mode mode, diagram_format format) {
  const auto d = make_drawing(format);
  auto title = process.name + " on " + std::string(process.start.event->name);
  if (process.deadline != duration{}) title += ", deadline " + told(process.deadline);
  d->begin(title);
  if (mode == process_mode::orchestration)
    draw_conducted(*d, process);
  else
    dance_drawing(*d, process).draw();
  d->end();
  return std::move(d->text);
}

} // namespace ensemble
