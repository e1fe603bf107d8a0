#pragma once

#include <ensemble/journal.hpp>
#include <ensemble/process.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ensemble::trace {

using process_ptr = std::shared_ptr<const process_definition>;

/// Process definitions, in all their versions, and which version of each ran when.
class known_processes {
public:
  /// Reads from the journal what was deployed on it. Nothing, as on a journal made by hand: of each
  /// process the highest version that was given.
  known_processes(journal_reader& journal, const std::vector<process_definition>& definitions);

  /// The definitions of which `event` began an instance.
  [[nodiscard]] std::vector<process_ptr> begun_by(const recorded_event& event) const;
  /// The definition that the instance runs under, if `start` is what began it; or null.
  [[nodiscard]] process_ptr definition_of(instance_id instance, const recorded_event& start) const;
  /// Any version of the process that the instance belongs to, or null.
  [[nodiscard]] process_ptr process_of(instance_id instance) const;
  /// True if the event begins an instance under a version that was not given.
  [[nodiscard]] bool begins_unknown_version(const recorded_event& event) const;
  [[nodiscard]] const std::vector<process_ptr>& all() const noexcept { return all_; }

  /// The event with its message's type, if a definition or the engine knows it. Throws as readers
  /// do, naming the event.
  [[nodiscard]] recorded_event typed(recorded_event event) const;

private:
  struct deployment {
    position after{}; ///< instances that begin behind it
    int version = 0;
    std::string start_event{};
  };

  void read_deployments(journal_reader& journal);
  [[nodiscard]] int version_at(const std::string& process, position start) const;
  [[nodiscard]] process_ptr find(std::string_view process, int version) const;

  std::vector<process_ptr> all_{};
  std::map<std::string, std::vector<deployment>, std::less<>> deployed_{};
  std::map<std::string_view, const message_type*> types_{};
};

/// The command that an instance gives for that step and direction; null if it gives none.
[[nodiscard]] const request_definition* request_of(const process_definition& process,
                                                   std::string_view step, direction d);
/// The service that is asked so; empty if nobody is.
[[nodiscard]] std::string_view service_of(const process_definition& process, std::string_view step,
                                          direction d);

} // namespace ensemble::trace
