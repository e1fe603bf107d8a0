#include <ensemble/check.hpp>

#include "model/dance.hpp"
#include "model/definition_faults.hpp"
#include "model/path_explorer.hpp"
#include "model/planted_bug.hpp"

#include <algorithm>

namespace ensemble {

namespace {

std::vector<std::string> trace_to(const definition_fault& fault, const exploration& paths) {
  switch (fault.place) {
  case fault_place::nowhere: return {};
  case fault_place::start: return paths.started;
  case fault_place::step: return paths.begun[fault.step];
  case fault_place::undo: return paths.undo_begun[fault.step];
  case fault_place::complete: return paths.complete_begun;
  case fault_place::abort: return paths.abort_begun;
  }
  return {};
}

/// Steps that no path reaches; the trace leads to the last thing that still happens before one.
void add_unreachable(const process_definition& p, const exploration& paths,
                     std::vector<check_finding>& findings) {
  for (std::size_t n = 0; n < p.steps.size(); ++n) {
    if (!paths.begun[n].empty()) continue;
    check_finding found{severity::error, p.steps[n].name, "can never begin", paths.started};
    for (const auto before : p.steps[n].after) {
      found.text += ", for step '" + p.steps[before].name + "' is never done";
      if (!paths.begun[before].empty()) found.trace = paths.begun[before];
      break;
    }
    found.text += ": mend that, or take the step away";
    findings.push_back(std::move(found));
  }
}

std::string listed(const std::vector<std::string>& names) {
  std::string out;
  for (const auto& name : names) out += (out.empty() ? "'" : ", '") + name + "'";
  return out;
}

/// "this; that; the other", of those that are not empty.
std::string joined(std::initializer_list<std::string> parts) {
  std::string out;
  for (const auto& part : parts)
    if (!part.empty()) out += (out.empty() ? "" : "; ") + part;
  return out;
}

std::string told_of(const char* what, const std::vector<std::string>& steps) {
  return steps.empty() ? std::string() : what + listed(steps);
}

/// "complete and abort", or what there is of it.
std::string last_words(const participant_part& p) {
  if (p.completes && p.aborts) return "complete and abort";
  return p.completes ? "complete" : p.aborts ? "abort" : "";
}

std::string deadlines_of(const participant_part& p) {
  if (!p.process_deadline) return told_of("the deadlines of ", p.step_deadlines);
  return "the process's deadline" + told_of(", those of ", p.step_deadlines);
}

std::string does(const participant_part& p) {
  const auto words = last_words(p);
  const auto kept = deadlines_of(p);
  return joined({told_of("gives do and close of ", p.does), told_of("undo of ", p.undoes),
                 words.empty() ? "" : "gives " + words, kept.empty() ? "" : "keeps " + kept,
                 told_of("hands over what is awaited by ", p.receives)});
}

std::string waits(const participant_part& p, bool any_deadline) {
  auto back = told_of("the undos of ", p.undos_waiting);
  if (p.abort_waiting && !p.owner) back += back.empty() ? "abort" : " and abort";
  if (!back.empty()) back = "on the way back, once one of its steps has begun, " + back;
  return joined({told_of("steps ", p.steps_waiting), back, last_words(p),
                 p.owner && any_deadline ? "every deadline" : ""});
}

std::string told_part(const participant_part& p, bool any_deadline, const std::string& owner) {
  auto waiting = waits(p, any_deadline);
  if (waiting.empty()) waiting = "none";
  return "    " + p.service + (p.owner ? " (owner)" : "") + ": " + does(p) +
         "\n      while it is away these wait: " + waiting +
         (any_deadline && !p.owner ? "\n      deadlines still run, kept by " + owner : "") +
         "; nothing else stops\n";
}

std::string told_parts(const std::vector<participant_part>& parts) {
  const auto& owner = parts.front();
  const bool any_deadline = owner.process_deadline || !owner.step_deadlines.empty();
  std::string out = "  danced by:\n";
  for (const auto& p : parts) out += told_part(p, any_deadline, owner.service);
  return out;
}

} // namespace

std::string_view to_string(check_verdict verdict) noexcept {
  switch (verdict) {
  case check_verdict::proven: return "proven";
  case check_verdict::refused: return "refused";
  case check_verdict::not_proven: return "not proven";
  }
  return "unknown";
}

check_report check(const process_definition& process, const check_options& options) {
  check_report report;
  report.process = process.name;
  report.findings = faults_of_form(process);
  if (!report.findings.empty()) {
    report.verdict = check_verdict::refused;
    return report;
  }
  if (options.mode == process_mode::choreography) report.participants = parts_of(process);
  const known_services services(options.services);
  auto paths = explore_paths(process, services, options.max_states);
  for (auto& fault : faults_of_definition(process, services)) {
    fault.finding.trace = trace_to(fault, paths);
    report.findings.push_back(std::move(fault.finding));
  }
  if (paths.whole) add_unreachable(process, paths, report.findings);
  std::ranges::move(paths.findings, std::back_inserter(report.findings));
  std::ranges::stable_sort(report.findings, std::ranges::greater(), &check_finding::level);
  report.states = paths.states;
  const bool refused = !report.findings.empty() && report.findings[0].level == severity::error;
  report.verdict = refused ? check_verdict::refused
                   : paths.whole || ENSEMBLE_PLANTED(proven_beyond_budget)
                       ? check_verdict::proven
                       : check_verdict::not_proven;
  return report;
}

std::string check_report::text() const {
  std::string out = "process '" + process + "': " + std::string(to_string(verdict)) + ", " +
                    std::to_string(states) + " states looked at\n";
  if (verdict == check_verdict::proven)
    out += "  every path ends; every failed one undoes exactly what was done, in reverse order; "
           "nothing is undone after the pivot\n";
  if (verdict == check_verdict::not_proven)
    out += "  there are more states than the budget allows: no fault was found among those\n";
  for (const auto& f : findings) {
    out += std::string("  ") + (f.level == severity::error ? "error" : "warning") + ": " +
           (f.step.empty() ? "the process " : "step '" + f.step + "' ") + f.text + '\n';
    for (std::size_t n = 0; n < f.trace.size(); ++n)
      out += "    " + std::to_string(n + 1) + ". " + f.trace[n] + '\n';
  }
  if (!participants.empty()) out += told_parts(participants);
  return out;
}

} // namespace ensemble
