#pragma once

#include "runtime/base_actor.hpp"

#include <ensemble/journal.hpp>
#include <ensemble/runtime.hpp>

#include <caf/actor_system.hpp>

#include <memory>
#include <string>

namespace ensemble::internal {

class actor_house;

/// The other nodes, as a runtime sees them. What stands behind it is in src/node, a floor above.
class neighbours {
public:
  neighbours() = default;
  virtual ~neighbours() = default;
  neighbours(const neighbours&) = delete;
  neighbours& operator=(const neighbours&) = delete;

  /// Where the runtime's actors live: it has CAF's network layer.
  [[nodiscard]] virtual caf::actor_system& system() = 0;
  /// Of a node that joins: the journal of the node that keeps it. Waits until it can be reached.
  [[nodiscard]] virtual std::unique_ptr<journal> open_journal(const journal_options& options) = 0;
  /// Stands where the actor of a service would stand that runs on another node.
  [[nodiscard]] virtual caf::actor spawn_stand_in(const std::string& service,
                                                  caf::actor supervisor) = 0;
  /// The runtime knows everything: other nodes may ask it from now on. Throws errc::bad_argument
  /// where nobody can listen.
  virtual void begin(actor_house& house) = 0;
  /// They may not any more: when it returns nobody uses the house. May be called twice.
  virtual void serve_no_more() = 0;
  /// Nothing reaches another node any more; whoever waits for one is told. May be called twice.
  virtual void leave() = 0;

  /// See runtime::nodes, runtime::address.
  virtual void tell_nodes(nodes_callback callback) = 0;
  [[nodiscard]] virtual std::string address() const = 0;
};

/// Throws what runtime::start throws of nodes. Defined in src/node, since a floor is built on those
/// below it.
[[nodiscard]] std::unique_ptr<neighbours> make_neighbours(environment_ptr env);

/// So runs an actor system of a runtime's own.
void set_scheduler(caf::actor_system_config& config, const runtime_options& options);

} // namespace ensemble::internal
