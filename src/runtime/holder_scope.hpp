#pragma once

#include "model/executor.hpp"
#include "runtime/environment.hpp"
#include "runtime/messages.hpp"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace ensemble::internal {

/// A definition as one holder follows it.
struct followed_definition {
  process_ptr definition{};
  executor_role role{};
  /// Of all its holders the one that keeps its instances' deadlines, credits, awaited events and
  /// book, counts them, and knows who waits for them: the conductor, or the owner's participant.
  bool keeps = false;
};

/// What one holder is there for. Made at the start; then it does not change.
struct holder_scope {
  std::string role{}; ///< the actor's, see messages.hpp
  followed_processes processes{};
  std::map<std::pair<std::string, int>, followed_definition> definitions{}; ///< by name, version

  /// Null: not run here, or not followed.
  [[nodiscard]] const followed_definition* find(const std::string& process, int version) const;
};
using holder_scope_ptr = std::shared_ptr<const holder_scope>;

/// What the process manager follows: every process that is not danced, also those that only the
/// journal knows. It acts for all services.
[[nodiscard]] holder_scope_ptr conductor_scope(const environment& env);
/// What the participant of that service follows: the danced processes in which it takes part.
[[nodiscard]] holder_scope_ptr participant_scope(const environment& env, std::string service);
/// The services of this node that need a participant, sorted.
[[nodiscard]] std::vector<std::string> participating_services(const environment& env);

/// Who is asked for the outcomes of that process: the holder that keeps its instances, or, where
/// that is on another node, the outcome watcher.
[[nodiscard]] caf::actor keeper_of(const environment& env, const directory& now,
                                   std::string_view process);

} // namespace ensemble::internal
