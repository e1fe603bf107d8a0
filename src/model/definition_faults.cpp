#include "model/definition_faults.hpp"

#include "model/validation.hpp"

#include <algorithm>
#include <set>

namespace ensemble {

namespace {

std::string quoted(std::string_view name) { return "'" + std::string(name) + "'"; }

/// Messages without a type, in definitions that were put together by hand.
class form_check {
public:
  explicit form_check(const process_definition& p) : p_(p) {}

  std::vector<check_finding> run() {
    for (const auto& s : p_.steps) {
      request(s.ask, s.name);
      request(s.undo, s.name);
      for (const auto& o : s.successes) outcome(o, s.name);
      for (const auto& o : s.failures) outcome(o, s.name);
      for (const auto& a : s.awaited) outcome(a.outcome, s.name);
    }
    request(p_.complete, "");
    request(p_.abort, "");
    if (!found_.empty()) return found_;
    try {
      validate_parts(p_);
    } catch (const error& e) {
      found_.push_back(
          {severity::error, "", "does not fit together: " + std::string(e.what()), {}});
    }
    return found_;
  }

private:
  void request(const request_definition& r, const std::string& step) {
    if (r && !r.command)
      found_.push_back({severity::error, step, "makes a command without a type: set it", {}});
  }
  void outcome(const outcome_definition& o, const std::string& step) {
    if (!o.event)
      found_.push_back({severity::error, step, "waits for an event without a type: set it", {}});
  }

  const process_definition& p_;
  std::vector<check_finding> found_{};
};

class fault_search {
public:
  fault_search(const process_definition& p, const known_services& services)
      : p_(p), services_(services) {}

  std::vector<definition_fault> run() {
    if (p_.deadline == duration{}) no_deadline();
    const auto earliest = earliest_times();
    for (std::size_t n = 0; n < p_.steps.size(); ++n) {
      events_declared_twice(n);
      never_undone(n);
      if (p_.deadline > duration{} && !after_pivot(n) && earliest[n] >= p_.deadline)
        add(severity::error, fault_place::step, n,
            "is delayed until the process's deadline has passed, so it is never asked: shorten the "
            "delays, or raise .deadline");
      if (services_.any()) asked_of_services(n);
    }
    last_word(p_.complete, p_.completed, fault_place::complete, "complete");
    last_word(p_.abort, p_.aborted, fault_place::abort, "abort");
    return std::move(found_);
  }

private:
  void add(severity level, fault_place place, std::size_t n, const std::string& text) {
    const auto of_step = place == fault_place::step || place == fault_place::undo;
    found_.push_back({{level, of_step ? p_.steps[n].name : std::string(), text, {}}, place, n});
  }

  void no_deadline() {
    std::string open;
    for (const auto& s : p_.steps)
      if (s.within == duration{}) open += (open.empty() ? "" : ", ") + quoted(s.name);
    add(severity::error, fault_place::start, 0,
        "has no deadline, so that nothing says how long an instance may take" +
            (open.empty() ? std::string() : " (and " + open + " not even has a .within)") +
            ": add .deadline(duration)");
  }

  /// When each step can be asked at the earliest, by the delays of what must come before.
  std::vector<duration> earliest_times() const {
    std::vector<duration> times(p_.steps.size());
    for (std::size_t n = 0; n < p_.steps.size(); ++n) {
      for (const auto before : p_.steps[n].after)
        times[n] = std::max(times[n], p_.steps[before].only_if ? times[before] - delay(before)
                                                               : times[before]);
      times[n] += delay(n);
    }
    return times;
  }
  duration delay(std::size_t n) const { return p_.steps[n].delay; }

  bool after_pivot(std::size_t n) const {
    return std::ranges::any_of(p_.steps[n].after, [&](std::size_t before) {
      return p_.steps[before].pivot || after_pivot(before);
    });
  }

  void events_declared_twice(std::size_t n) {
    const auto& s = p_.steps[n];
    std::set<std::string_view> successes;
    std::set<std::string_view> failures;
    for (const auto& o : s.successes)
      if (!successes.insert(o.event->name).second)
        add(severity::warning, fault_place::step, n,
            "names " + quoted(o.event->name) +
                " twice as a success: only the first one's fold "
                "is called");
    for (const auto& o : s.failures) {
      if (successes.contains(o.event->name))
        add(severity::error, fault_place::step, n,
            "names " + quoted(o.event->name) + " both as success and as failure: take one away");
      if (!failures.insert(o.event->name).second)
        add(severity::warning, fault_place::step, n,
            "names " + quoted(o.event->name) +
                " twice as a failure: only the first one's fold "
                "is called");
    }
  }

  void never_undone(std::size_t n) {
    const auto& s = p_.steps[n];
    if (s.undo && !s.undone.event)
      add(severity::error, fault_place::undo, n,
          "has an undo without the event that confirms it, so it would never count as undone: add "
          "the event, as in .undone_by<event>(command)");
    if (s.undo && (s.pivot || after_pivot(n)))
      add(severity::warning, fault_place::step, n,
          std::string("has an undo that is never asked, for nothing is undone ") +
              (s.pivot ? "once the pivot is done" : "after the pivot") + ": take it away");
  }

  void last_word(const request_definition& request, const outcome_definition& outcome,
                 fault_place place, const std::string& which) {
    if (!request) return;
    if (!outcome.event)
      add(severity::error, place, 0,
          which + " has no event that confirms it, so the process would never end: add it");
    else if (services_.any())
      decided(request, {&outcome}, place, 0, which);
  }

  void asked_of_services(std::size_t n) {
    const auto& s = p_.steps[n];
    if (s.awaits()) return;
    std::vector<const outcome_definition*> declared;
    for (const auto& o : s.successes) declared.push_back(&o);
    for (const auto& o : s.failures) declared.push_back(&o);
    const auto* handler = decided(s.ask, declared, fault_place::step, n, "");
    if (handler) undeclared(*handler, declared, n);
    auto undo = s.undo;
    undo.service = s.ask.service;
    if (undo && s.undone.event) decided(undo, {&s.undone}, fault_place::undo, n, "its undo");
  }

  /// Checks that the service takes the command and may decide each of the outcomes.
  const command_handler* decided(const request_definition& request,
                                 const std::vector<const outcome_definition*>& outcomes,
                                 fault_place place, std::size_t n, const std::string& which) {
    const auto who = which.empty() ? "" : which + " ";
    const auto service = quoted(request.service);
    const auto command = quoted(request.command->name);
    if (!services_.find(request.service)) {
      add(severity::error, place, n, who + "asks service " + service + ", which is not there");
      return nullptr;
    }
    const auto* handler = services_.handler(request);
    if (!handler) {
      add(severity::error, place, n,
          who + "asks " + service + " for " + command + ", which it does not take");
      return nullptr;
    }
    for (const auto* o : outcomes)
      if (!may_decide(handler, o->event->name))
        add(severity::error, place, n,
            who + "waits for " + quoted(o->event->name) + ", but " + service + " never decides " +
                command + " so: name an event that it decides");
    return handler;
  }

  void undeclared(const command_handler& handler,
                  const std::vector<const outcome_definition*>& declared, std::size_t n) {
    // It tells each of its entities something; one declared event is enough.
    if (handler.decide_all) return;
    for (const auto* outcome : handler.outcomes)
      if (std::ranges::none_of(declared, [&](auto* o) { return o->event->name == outcome->name; }))
        add(severity::warning, fault_place::step, n,
            "may be answered with " + quoted(outcome->name) +
                ", which it does not declare, so that it counts as failed: add .succeeds_on or "
                ".fails_on");
  }

  const process_definition& p_;
  const known_services& services_;
  std::vector<definition_fault> found_{};
};

} // namespace

std::vector<check_finding> faults_of_form(const process_definition& p) {
  return form_check(p).run();
}

std::vector<definition_fault> faults_of_definition(const process_definition& p,
                                                   const known_services& services) {
  return fault_search(p, services).run();
}

} // namespace ensemble
