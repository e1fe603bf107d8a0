#include "explorer/messages.hpp"
#include "explorer/random_definition.hpp"
#include "fuzz/fuzz.hpp"
#include "model/definition_faults.hpp"
#include "model/path_explorer.hpp"

#include <ensemble/check.hpp>
#include <ensemble/diagram.hpp>

#include <set>

namespace fuzz {

namespace {

using namespace ensemble;
using explorer::dice;

/// Few, so that many definitions are tried.
constexpr std::size_t states = 40;

/// What a builder would not let through: bad names and numbers, cycles, missing parts.
void spoil(dice& d, process_definition& p) {
  auto& s = p.steps[d.below(p.steps.size())];
  switch (d.below(12)) {
  case 0: s.after.push_back(d.below(2 * p.steps.size())); break;
  case 1: s.name = p.steps.front().name; break;
  case 2: s.ask = {}; break;
  case 3: s.ask.command = nullptr; break;
  case 4: s.successes.push_back({}); break;
  case 5: s.retries.attempts = -1; break;
  case 6: s.within = duration::max(); break;
  case 7: p.start = {}; break;
  case 8: s.name = "end\"] --> x"; break;
  case 9: s.undone = {}; break;
  case 10: s.pivot = true; break;
  default: p.steps.clear(); break;
  }
}

std::set<std::string> findings_of(const exploration& e) {
  std::set<std::string> found;
  for (const auto& f : e.findings) found.insert(f.step + " " + f.text);
  return found;
}

/// The reduced exploration against the full one, where that is small enough.
void hold_against_full(const process_definition& p, const check_report& report) {
  const std::vector<const service_definition*> unknown;
  const known_services services(unknown);
  const auto full = explore_paths(p, services, states, exploration_kind::full);
  if (!full.whole) return;
  const auto reduced = explore_paths(p, services, states);
  claim(reduced.whole, "the reduced exploration is whole where the full one is");
  claim(findings_of(full) == findings_of(reduced), "the reduction loses nothing");
  claim(report.verdict != check_verdict::proven || full.findings.empty(),
        "proven is only what the full exploration finds nothing in");
  claim(report.verdict != check_verdict::not_proven, "what is whole is proven or refused");
}

} // namespace

/// Definitions put together by hand: check says what it must of each, or draws those that fit.
void definitions(input in) {
  const auto spoilt = in.below(8);
  const bool dances = in.flag();
  const auto looks_at = in.below(3); // each of these takes long
  dice d(in.rest_bytes());
  auto p = *explorer::random_definition(d, 4);
  for (std::size_t n = 0; n < (spoilt < 4 ? 0 : spoilt - 4) && !p.steps.empty(); ++n) spoil(d, p);
  const auto mode = dances ? process_mode::choreography : process_mode::orchestration;
  const bool valid = !refused({errc::bad_definition}, [&] { validate(p); });
  const auto report = check(p, {.mode = mode, .max_states = states});
  (void)report.text();
  const bool unfit = !faults_of_form(p).empty();
  claim(valid || report.verdict == check_verdict::refused, "what is not valid is not proven");
  claim((report.verdict == check_verdict::refused) ==
            (!report.findings.empty() && report.findings[0].level == severity::error),
        "refused is what has an error among its findings, in front");
  if (looks_at == 0 && !unfit) hold_against_full(p, report);
  if (!valid || looks_at != 1) return;
  const auto drawn = diagram(p, mode, diagram_format::mermaid);
  claim(drawn == diagram(p, mode, diagram_format::mermaid), "the same definition, the same text");
  (void)diagram(p, mode, diagram_format::graphviz);
  (void)local_rules(p);
}

} // namespace fuzz
