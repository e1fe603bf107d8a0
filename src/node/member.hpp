#pragma once

#include "node/network.hpp"
#include "node/session.hpp"
#include "runtime/neighbours.hpp"

#include <caf/actor_system_config.hpp>

#include <atomic>
#include <memory>
#include <optional>
#include <string>

namespace ensemble::node {

/// What a runtime needs to be one of several nodes: CAF's network layer, and, where the journal is
/// kept, a gate by which others come in; or else a connection to the node that keeps it.
class member final : public internal::neighbours {
public:
  /// Throws what runtime::start throws of nodes.
  explicit member(internal::environment_ptr env);
  ~member() override;

  [[nodiscard]] caf::actor_system& system() override { return *system_; }
  [[nodiscard]] std::unique_ptr<journal> open_journal(const journal_options& options) override;
  [[nodiscard]] caf::actor spawn_stand_in(const std::string& service,
                                          caf::actor supervisor) override;
  void begin(internal::actor_house& house) override;
  void serve_no_more() override;
  void leave() override;
  void tell_nodes(nodes_callback callback) override;
  [[nodiscard]] std::string address() const override;

private:
  [[nodiscard]] caf::actor make_guest(internal::actor_house& house);

  internal::environment_ptr env_;
  /// Of this room's own actors, which outlive the runtime's: its journal stands on one of them.
  internal::environment_ptr own_env_;
  session_settings own_{};
  network_settings network_{};
  node::address where_{}; ///< where it listens, or the node that it joins
  caf::actor_system_config config_{};
  std::optional<caf::actor_system> system_{};
  caf::actor gate_{};   ///< of a node that listens
  caf::actor client_{}; ///< of one that joins
  caf::actor joiner_{};
  std::atomic<bool> serves_ = false;
};

} // namespace ensemble::node
