#pragma once

#include "node/address.hpp"
#include "node/joiner.hpp"
#include "node/tls_files.hpp"

#include <caf/fwd.hpp>

#include <optional>
#include <string>

namespace ensemble::node {

/// How a node talks to others through CAF's network layer.
struct network_settings {
  std::string node{}; ///< its name
  /// None: in plain text, among programs of one machine.
  std::optional<tls_files> tls{};
  /// CAF's own connections are ended when nothing came for longer: as a session's.
  duration silence = std::chrono::seconds(5);
};

/// Throws errc::bad_argument unless a node may listen there: on loopback, or with TLS, so that
/// only who has a certificate of its authority gets in; or, of a node that joins, may connect to
/// it.
void check_reachable(const address& where, const network_settings& by);

/// Prepares an actor system, before it is made, for the network. Checks the files of TLS first, and
/// throws what check_tls_files does.
void load_network(caf::actor_system_config& into, const network_settings& settings);

/// Lets others find the gate at that address. Returns the port, which the system chose for port 0.
/// Throws errc::bad_argument for an address that check_reachable refuses, and where nobody can
/// listen, because another program does for instance.
[[nodiscard]] std::uint16_t listen(const caf::actor& gate, const address& where,
                                   const network_settings& settings);
/// Nobody finds the gate any more; connections stay.
void stop_listening(const caf::actor& gate, std::uint16_t port, const network_settings& settings);

/// Finds the gate at that address, within the limit of silence. A node whose id is ours is refused:
/// containers may draw the same one, and CAF would then hand out an actor of this node.
/// Throws errc::bad_argument for an address that check_reachable refuses.
[[nodiscard]] gate_finder find_at(const address& where, const network_settings& settings);

} // namespace ensemble::node
