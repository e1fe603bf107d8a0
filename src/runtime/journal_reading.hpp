#pragma once

#include "runtime/base_actor.hpp"

#include <memory>

namespace ensemble::internal {

/// Reads the journal for the other actors, on a connection of its own, so that none of them ever
/// waits for a disk.
class journal_reading final : public base_actor {
public:
  journal_reading(caf::actor_config& config, environment_ptr env,
                  std::shared_ptr<journal_reader> reader, caf::actor supervisor);

protected:
  caf::behavior make_behavior() override;

private:
  void serve(const read_request& request, const caf::actor& from);
  [[nodiscard]] journal_page read(const read_request& request);
  [[nodiscard]] std::vector<recorded_event> outcome(const std::string& stream, command_id command);
  [[nodiscard]] std::vector<recorded_event> whole_instance(instance_id id);

  std::shared_ptr<journal_reader> reader_;
};

} // namespace ensemble::internal
