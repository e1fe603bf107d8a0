#include "runtime/structure_check.hpp"

#include "runtime/log.hpp"

#include <ensemble/check.hpp>

namespace ensemble::internal {

namespace {

/// Looked at in a few tenths of a second; a dozen steps in four branches have a thousand.
constexpr std::size_t states_at_start = 10'000;

void check_structure(const environment& env, const process_definition& process) {
  check_options options;
  options.max_states = states_at_start;
  for (const auto& [name, service] : env.services) options.services.push_back(service.get());
  const auto report = check(process, options);
  switch (report.verdict) {
  case check_verdict::refused: throw error(errc::bad_definition, report.text());
  case check_verdict::not_proven: log().warn("check: {}", report.text()); break;
  case check_verdict::proven:
    if (report.findings.empty())
      log().debug("check: {}", report.text());
    else
      log().warn("check: {}", report.text());
    break;
  }
}

} // namespace

void check_structures(const environment& env) {
  for (const auto& p : env.processes) check_structure(env, *p);
}

} // namespace ensemble::internal
