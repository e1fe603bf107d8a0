#pragma once

#include "runtime/effect_threads.hpp"
#include "runtime/subscriber.hpp"

namespace ensemble::internal {

/// Hands events to the handlers of a subscription, on threads of their own. These outlive this
/// actor: so its successor cannot run a handler beside one of the same order key that is still
/// running.
class event_subscriber final : public subscriber {
public:
  event_subscriber(caf::actor_config& config, environment_ptr env, directory_ptr directory,
                   std::shared_ptr<subscription_state> state, effect_executor& threads)
      : subscriber(config, std::move(env), std::move(directory), state),
        definition_(state->subscription),
        threads_(threads) {}

protected:
  [[nodiscard]] bool concerns(std::string_view event) const override {
    return definition_->find(event) != nullptr;
  }
  void work_on(const assignment& work) override;

private:
  std::shared_ptr<const subscription_definition> definition_;
  effect_executor& threads_;
};

} // namespace ensemble::internal
