#pragma once

#include "runtime/base_actor.hpp"

#include <unordered_map>
#include <vector>

namespace ensemble::internal {

/// Where callers' commands enter. Keeps each one until it is answered, gives it again when its
/// host was replaced, and tells the caller; so that no caller waits for an actor that is gone.
class gateway final : public base_actor {
public:
  gateway(caf::actor_config& config, environment_ptr env, directory_ptr directory);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct asked {
    std::shared_ptr<const caller_command> what{};
    /// One request may be made by several callers.
    std::vector<decltype(caller_command::callback)> callbacks{};
  };
  void accept(const std::shared_ptr<const caller_command>& what);
  void give(const asked& a, std::shared_ptr<host_command> command);
  void give_again(const asked& a);
  void answer(const command_answer& answer);

  std::unordered_map<command_id, asked> asked_{};
  bool failed_ = false;
};

} // namespace ensemble::internal
