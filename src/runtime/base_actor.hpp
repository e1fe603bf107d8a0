#pragma once

#include "runtime/environment.hpp"
#include "runtime/messages.hpp"

#include <caf/event_based_actor.hpp>

#include <memory>
#include <string>

namespace ensemble::internal {

using environment_ptr = std::shared_ptr<environment>;

/// What every actor of the runtime has in common: the environment, and handlers that log what CAF
/// would answer with silence or death. An exception that leaves a handler ends the actor; the
/// supervisor then respawns it from the journal.
class base_actor : public caf::event_based_actor {
public:
  base_actor(caf::actor_config& config, environment_ptr env, std::string role);
  ~base_actor() override;
  const char* name() const override { return role_.c_str(); }
  using caf::event_based_actor::enqueue;
  /// Counts every message, whoever sent it.
  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit* host) override;

protected:
  /// Lets go of the handles: actors that hold each other would never be freed.
  void on_exit() override;

  /// Where the other actors are; none where a role has no use for it.
  directory_ptr directory_{};
  caf::actor supervisor_{};

  [[nodiscard]] environment& env() const noexcept { return *env_; }
  [[nodiscard]] const environment_ptr& shared_env() const noexcept { return env_; }
  [[nodiscard]] timestamp now() const { return env_->clock(); }

private:
  environment_ptr env_;
  std::string role_;
};

} // namespace ensemble::internal
