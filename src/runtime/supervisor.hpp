#pragma once

#include "runtime/base_actor.hpp"

#include <deque>
#include <string>
#include <unordered_map>

namespace ensemble::internal {

class actor_house;

/// Watches the runtime's actors and has the house replace those that die. Too many deaths in a
/// short time, or a journal that failed, are the end of the runtime.
class supervisor final : public base_actor {
public:
  supervisor(caf::actor_config& config, environment_ptr env, actor_house& house);

protected:
  caf::behavior make_behavior() override;

private:
  void count_death(const std::string& role);

  actor_house& house_;
  std::unordered_map<caf::actor_id, std::string> watched_{};
  std::deque<timestamp> deaths_{};
  bool failed_ = false;
};

/// To the supervisor: watch this actor, which has that role.
struct watch_actor {
  caf::actor actor{};
  std::string role{};
};

} // namespace ensemble::internal

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::internal::watch_actor)
