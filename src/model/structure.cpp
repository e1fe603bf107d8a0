#include "model/structure.hpp"

namespace ensemble {

namespace {

std::string events(const std::vector<outcome_definition>& outcomes) {
  std::string text;
  for (const auto& o : outcomes) text += " " + std::string(o.event->name);
  return text;
}

std::string request(const request_definition& r) {
  return r ? " " + r.service + "." + std::string(r.command->name) : " nothing";
}

std::string event(const outcome_definition& o) {
  return o.event ? " " + std::string(o.event->name) : " nothing";
}

std::string step(const process_definition& p, const step_definition& s) {
  std::string text = "step " + s.name + (s.pivot ? ", pivot" : "") +
                     (s.only_if ? ", on condition" : "") +
                     (s.delay > duration{} ? ", delayed" : "") + "\n  after";
  for (const auto before : s.after) text += " " + p.steps[before].name;
  for (const auto& a : s.awaited)
    text += std::string("\n  awaits ") + (a.success ? "success" : "failure") + event(a.outcome);
  if (s.ask)
    text += "\n  asks" + request(s.ask) + ", " + std::to_string(s.retries.attempts) + " attempts";
  text += "\n  succeeds on" + events(s.successes) + "\n  fails on" + events(s.failures);
  return text + "\n  undone by" + request(s.undo) + ", event" + event(s.undone) + "\n";
}

} // namespace

std::string structure_of(const process_definition& p) {
  std::string text = "process " + p.name + " of " + p.owner + "\nstarts on" + event(p.start) + "\n";
  for (const auto& s : p.steps) text += step(p, s);
  return text + "completes by" + request(p.complete) + ", event" + event(p.completed) +
         "\naborts by" + request(p.abort) + ", event" + event(p.aborted) + "\nlast words, " +
         std::to_string(p.retries.attempts) + " attempts\n";
}

} // namespace ensemble
