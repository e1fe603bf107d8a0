#pragma once

#include "node/gate.hpp"
#include "node/joiner.hpp"
#include "node/session.hpp"
#include "runtime/base_actor.hpp"

#include <caf/actor_system.hpp>

#include <memory>
#include <string>
#include <utility>

// What tests of several nodes have in common.

namespace node_tests {

inline ensemble::node::session_settings named(const std::string& node, std::uint64_t incarnation) {
  return {"orders", node, ensemble::node::incarnation_id::of(incarnation, 1), {}, {}};
}

/// Finds that gate, which is in this process.
inline ensemble::node::gate_finder find_here(caf::actor gate) {
  return [gate = std::move(gate)](caf::event_based_actor&,
                                  const std::function<void(caf::expected<caf::actor>)>& tell) {
    tell(gate);
  };
}

/// Ends the actors that it made; their system then waits for them.
class household {
public:
  household(caf::actor_system& system, std::shared_ptr<ensemble::internal::environment> env)
      : system_(system), env_(std::move(env)) {}
  household(const household&) = delete;
  household& operator=(const household&) = delete;
  ~household() {
    for (auto& one : actors_) caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
  }

  template <class Actor, class... Args>
  caf::actor spawn(Args&&... args) {
    return actors_.emplace_back(system_.spawn<Actor>(env_, std::forward<Args>(args)...));
  }

private:
  caf::actor_system& system_;
  std::shared_ptr<ensemble::internal::environment> env_;
  std::vector<caf::actor> actors_{};
};

} // namespace node_tests
