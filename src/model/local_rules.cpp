#include "model/dance.hpp"
#include "model/duration_text.hpp"

#include <ensemble/diagram.hpp>

#include <algorithm>

namespace ensemble {

namespace {

/// "a", "a or b", "a, b or c".
std::string listed(const std::vector<std::string>& all, const char* last) {
  std::string out;
  for (std::size_t n = 0; n < all.size(); ++n)
    out += (n == 0 ? "" : n + 1 == all.size() ? last : ", ") + all[n];
  return out;
}

std::string name_of(const request_definition& r) { return std::string(r.command->name); }

class rules_of_a_service {
public:
  rules_of_a_service(const process_definition& p, const std::string& service)
      : p_(p), service_(service), before_(steps_before(p)) {}

  std::vector<std::string> all() {
    for (std::size_t n = 0; n < p_.steps.size(); ++n) {
      const auto& s = p_.steps[n];
      if (actor_of(p_, s) != service_) continue;
      if (s.awaits()) {
        add(begins(n) + ", await " + listed(awaited(s), " or "));
      } else {
        add(begins(n) + ", " + name_of(s.ask) + again(n));
        way_back(n);
      }
    }
    if (service_ == p_.owner) owner();
    return std::move(rules_);
  }

private:
  void add(std::string rule) { rules_.push_back(std::move(rule)); }

  static std::vector<std::string> awaited(const step_definition& s) {
    auto names = succeeds_with(s);
    std::ranges::copy(fails_with(s), std::back_inserter(names));
    return names;
  }

  /// What tells that the step is done, or is passed over.
  std::string done(std::size_t n) const {
    const auto& s = p_.steps[n];
    const auto events = succeeds_with(s);
    auto text = events.empty() ? name_of(s.ask) + " is acknowledged" : listed(events, " or ");
    if (s.only_if) text += " (or '" + s.name + "' is passed over)";
    return text;
  }

  std::string all_done(const std::vector<std::size_t>& steps) const {
    std::vector<std::string> events;
    for (const auto n : steps) events.push_back(done(n));
    return listed(events, " and ");
  }

  std::string begins(std::size_t n) const {
    const auto& s = p_.steps[n];
    auto text = "when " + (s.after.empty() ? std::string(p_.start.event->name) : all_done(s.after));
    if (s.only_if) text += ", if the condition of '" + s.name + "' holds";
    if (s.delay != duration{}) text += ", " + told(s.delay) + " later";
    return text;
  }

  std::string again(std::size_t n) const {
    const bool after_pivot = from_pivot_on(p_, n) && !p_.steps[n].pivot;
    return after_pivot ? ", again until it succeeds" : "";
  }

  void way_back(std::size_t n) {
    const auto& s = p_.steps[n];
    if (from_pivot_on(p_, n) && !s.pivot) return;
    add("when the process turns back before " + name_of(s.ask) + " is answered, close it");
    if (!s.undo || s.pivot) return;
    std::vector<std::string> failures;
    std::vector<std::string> first;
    for (std::size_t other = 0; other < p_.steps.size(); ++other) {
      if (may_fail_after(p_, before_, n, other)) add_new(failures, fails_with(p_.steps[other]));
      if (before_[other][n] && p_.steps[other].undo && !from_pivot_on(p_, other))
        add_new(first, undone_with(p_.steps[other]));
    }
    failures.emplace_back(failures.empty() ? "any failure" : "another failure");
    add("when " + listed(failures, " or ") + ", " + name_of(s.undo) +
        (first.empty() ? "" : ", after " + listed(first, " and ") + " where that is owed"));
  }

  static void add_new(std::vector<std::string>& all, const std::vector<std::string>& more) {
    for (const auto& name : more)
      if (std::ranges::find(all, name) == all.end()) all.push_back(name);
  }

  void owner() {
    if (p_.complete) add("when " + all_done(last_steps(p_)) + ", " + name_of(p_.complete));
    if (p_.abort)
      add("when the process turns back and nothing is left to undo, " + name_of(p_.abort));
    for (const auto& s : p_.steps)
      if (s.within != duration{})
        add("when '" + s.name + "' takes longer than " + told(s.within) + ", it has timed out");
    if (p_.deadline == duration{}) return;
    const auto pivot = std::ranges::find(p_.steps, true, &step_definition::pivot);
    add("when " +
        (pivot == p_.steps.end() ? "the process" : "the way to the pivot '" + pivot->name + "'") +
        " takes longer than " + told(p_.deadline) + ", the process has timed out");
  }

  const process_definition& p_;
  const std::string& service_;
  std::vector<std::vector<bool>> before_;
  std::vector<std::string> rules_{};
};

} // namespace

std::vector<service_rules> local_rules(const process_definition& process) {
  std::vector<service_rules> all;
  for (const auto& service : participants(process))
    all.push_back({service, rules_of_a_service(process, service).all()});
  return all;
}

} // namespace ensemble
