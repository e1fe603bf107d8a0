#pragma once

#include "runtime/subscriber.hpp"

namespace ensemble::internal {

/// Gives a service the commands of one of its policies. A command is given again until its outcome
/// is known, and always under the same id.
class policy_subscriber final : public subscriber {
public:
  policy_subscriber(caf::actor_config& config, environment_ptr env, directory_ptr directory,
                    std::shared_ptr<subscription_state> state)
      : subscriber(config, std::move(env), std::move(directory), state),
        service_(state->service->name),
        name_(state->settings.name),
        policy_(state->policy) {}

protected:
  [[nodiscard]] bool concerns(std::string_view event) const override {
    return event == policy_.event->name;
  }
  void work_on(const assignment& work) override;
  caf::message_handler further_handlers() override;
  bool tick(timestamp now) override;
  void role_restarted(const std::string& role) override;
  void on_exit() override;

private:
  struct given_command {
    ensemble::position position{};
    std::shared_ptr<host_command> command{};
    timestamp at{};
  };
  void give(given_command& given);
  void answered(const command_answer& answer);

  const std::string service_;
  const std::string name_;
  const policy_definition policy_;
  std::unordered_map<command_id, given_command> given_{};
};

} // namespace ensemble::internal
