#pragma once

#include "runtime/saga_body.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <memory>
#include <optional>

namespace ensemble::internal {

/// To a saga that has no instance: the one that is its own from now on.
struct saga_assignment {
  saga_start start{};
  directory_ptr directory{};
  std::shared_ptr<const executor_role> role{};
};
/// To a saga: its instance has ended or sleeps. Whatever comes for it is dropped, until the saga is
/// given another.
struct saga_released {};

/// A conducted instance at work: an actor of its own. Its conductor (the process manager) gives it
/// its instance and that one's events, and is told how it stands. It outlives the instance: CAF's
/// clock is woken by the end of each actor (it cancels time-outs that the actor may have), and that
/// takes a processor from those who work.
class saga final : public base_actor {
public:
  saga(caf::actor_config& config, environment_ptr env, caf::actor conductor);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  /// Calls `change` with the body, if there is one, and then does what is due.
  template <class Change>
  void with_body(Change change);

  caf::actor conductor_;
  std::shared_ptr<const executor_role> role_{};
  std::optional<saga_body> body_{};
};

} // namespace ensemble::internal

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::saga_assignment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::saga_released)
