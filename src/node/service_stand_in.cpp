#include "node/service_stand_in.hpp"

#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <utility>

namespace ensemble::node {

service_stand_in::service_stand_in(caf::actor_config& config, internal::environment_ptr env,
                                   std::string service, caf::actor supervisor)
    : base_actor(config, std::move(env), "stand-in of " + service), service_(std::move(service)) {
  supervisor_ = std::move(supervisor);
  set_down_handler([this](const caf::down_msg& m) {
    if (m.source != route_.owner) return;
    route_ = {};
    internal::log().warn("no node runs service '{}' now", service_);
  });
}

caf::behavior service_stand_in::make_behavior() {
  return {
      [this](const internal::give_command& m) {
        if (route_.owner) send(route_.owner, give_elsewhere{service_, m.command});
      },
      [this](const reached_by& m) { reached(m); },
      [this](const internal::service_moved& m) { send(supervisor_, m); },
      [this](const internal::query_state& m) {
        const error elsewhere(errc::unknown_service,
                              "service '" + service_ + "' runs on another node: query it there");
        (*m.what->callback)(nullptr, &elsewhere);
      },
      [](const internal::directory_changed&) {},
  };
}

void service_stand_in::on_exit() {
  route_ = {};
  base_actor::on_exit();
}

void service_stand_in::reached(const reached_by& route) {
  if (route.owner == route_.owner && route.connection == route_.connection) return;
  if (route_.owner && route.owner != route_.owner) demonitor(route_.owner);
  if (route.owner != route_.owner) monitor(route.owner);
  route_ = route;
  send(supervisor_, internal::service_moved{service_});
}

} // namespace ensemble::node
