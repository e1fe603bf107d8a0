#include "node/network.hpp"

#include "node/tls_errors.hpp"

#include <ensemble/error.hpp>

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <caf/openssl/all.hpp>

#include <set>
#include <utility>

namespace ensemble::node {

namespace {

caf::timespan timespan_of(duration time) { return std::chrono::duration_cast<caf::timespan>(time); }

/// That of CAF's modules which makes connections, with TLS or without.
caf::io::middleman_actor connector(caf::actor_system& system, const network_settings& settings) {
  if (settings.tls) return system.openssl_manager().actor_handle();
  return system.middleman().actor_handle();
}

} // namespace

void check_reachable(const address& where, const network_settings& by) {
  if (by.tls || is_loopback(where)) return;
  throw error(errc::bad_argument,
              "address " + to_string(where) +
                  " can be reached from other machines, and so needs TLS with certificates on both "
                  "sides: make them with scripts/certificates DIR " +
                  (by.node.empty() ? "NODE..." : by.node + "...") +
                  ", or use a loopback address such as 127.0.0.1");
}

void load_network(caf::actor_system_config& into, const network_settings& settings) {
  if (settings.tls) {
    check_tls_files(*settings.tls, settings.node);
    keep_tls_errors_apart();
  }
  into.load<caf::io::middleman>();
  // By default CAF never notices a peer that is silent, or says nothing at all.
  into.set("middleman.heartbeat-interval", timespan_of(settings.silence / 5));
  into.set("middleman.connection-timeout", timespan_of(settings.silence));
  if (!settings.tls) return;
  into.openssl_cafile = settings.tls->authority;
  into.openssl_certificate = settings.tls->certificate;
  into.openssl_key = settings.tls->key;
  into.load<caf::openssl::manager>();
}

std::uint16_t listen(const caf::actor& gate, const address& where,
                     const network_settings& settings) {
  check_reachable(where, settings);
  const auto* host = where.host.c_str();
  const auto port = settings.tls ? caf::openssl::publish(gate, where.port, host, true)
                                 : caf::io::publish(gate, where.port, host, true);
  if (!port)
    throw error(errc::bad_argument, "nobody can listen at " + to_string(where) + ": " +
                                        gate.home_system().render(port.error()));
  return *port;
}

void stop_listening(const caf::actor& gate, std::uint16_t port, const network_settings& settings) {
  caf::anon_send(connector(gate.home_system(), settings), caf::unpublish_atom::value,
                 gate.address(), port);
}

gate_finder find_at(const address& where, const network_settings& settings) {
  check_reachable(where, settings);
  return [where, settings](caf::event_based_actor& by,
                           std::function<void(caf::expected<caf::actor>)> tell) {
    auto* self = &by;
    self->request(connector(self->home_system(), settings), timespan_of(settings.silence),
                  caf::connect_atom::value, where.host, where.port)
        .then(
            [self, tell](const caf::node_id& peer, const caf::strong_actor_ptr& gate,
                         const std::set<std::string>&) {
              if (peer == self->node())
                tell(caf::make_error(caf::sec::cannot_connect_to_node,
                                     "it has the id of this node: two containers may draw the "
                                     "same; start one of them anew"));
              else
                tell(caf::actor_cast<caf::actor>(gate));
            },
            [tell](const caf::error& why) { tell(why); });
  };
}

} // namespace ensemble::node
