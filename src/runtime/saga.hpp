#pragma once

#include "runtime/saga_body.hpp"

namespace ensemble::internal {

/// A conducted instance: an actor of its own, which ends when the instance is terminal. Its
/// conductor (the process manager) gives it its events and is told how it stands.
class saga final : public base_actor {
public:
  saga(caf::actor_config& config, environment_ptr env, saga_start start, directory_ptr directory,
       caf::actor conductor, std::shared_ptr<const executor_role> role);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  /// Whether the instance has ended, and the actor with it.
  bool act();

  saga_start start_;
  caf::actor conductor_;
  std::shared_ptr<const executor_role> role_;
  std::optional<saga_body> body_;
};

} // namespace ensemble::internal
