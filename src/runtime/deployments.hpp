#pragma once

#include "model/outside_events.hpp"
#include "runtime/environment.hpp"

#include <ensemble/journal.hpp>

namespace ensemble::internal {

/// Which version of which process was deployed from which position of the journal on (rule 16).
/// Read and written once, at the start; then it does not change.
inline constexpr std::string_view deployments_book = "ensemble.deployments";

/// Reads what was deployed before into `environment::deployed`, and records nothing.
void read_deployments(environment& env, journal_reader& reader);
/// Reads what was deployed before, and records what is deployed now: of each process that the
/// environment has, its highest version. Fills `environment::deployed`. Throws
/// errc::bad_definition for a version that was deployed before with another structure.
void record_deployments(environment& env, journal& to);

/// Set up for the events that any version of those processes awaits, here or not.
[[nodiscard]] outside_events
make_outside_events(const environment& env, const std::set<std::string, std::less<>>& processes);

/// What was deployed when an instance of that process began; null if nothing ever was. (Whether
/// that version is run here is another question: see find_definition.)
[[nodiscard]] const deployment* deployment_at(const environment& env, std::string_view process,
                                              position start);
/// The definition of that name and version, or null.
[[nodiscard]] process_ptr find_definition(const environment& env, std::string_view process,
                                          int version);
/// The highest version of that process that the environment has.
[[nodiscard]] int newest_version(const environment& env, std::string_view process);
/// The definition that new instances of each process run under.
[[nodiscard]] std::vector<process_ptr> deployed_definitions(const environment& env);

} // namespace ensemble::internal
