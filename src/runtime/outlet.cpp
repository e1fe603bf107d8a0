#include "runtime/outlet.hpp"

#include <caf/all.hpp>

namespace ensemble::internal {

outlet::outlet(caf::actor_config& config, environment_ptr env)
    : base_actor(config, std::move(env), std::string(outlet_role)) {
  set_exit_handler([this](caf::exit_msg& m) {
    if (m.reason != caf::exit_reason::kill) this->env().gate.release();
    quit(m.reason);
  });
}

caf::behavior outlet::make_behavior() {
  return {
      [this](const gate_opened&) { env().gate.release(); },
      [](const directory_changed&) {},
  };
}

} // namespace ensemble::internal
