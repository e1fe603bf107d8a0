#pragma once

#include "runtime/base_actor.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace ensemble::node {

/// To the stand-in: the service can be reached through that owner of a link now; `connection` tells
/// its links apart.
struct reached_by {
  caf::actor owner{};
  std::uint64_t connection = 0;
};
/// Stand-in to the owner of a link: a command for the service at its other end.
struct give_elsewhere {
  std::string service{};
  std::shared_ptr<const internal::host_command> command{};
};

/// Stands where the actor of a service would stand that runs on another node. Passes on what it is
/// given; while no node runs the service that is dropped, and given again once one does: then
/// everyone is told that the service is reached anew, as if its actor had been replaced.
class service_stand_in final : public internal::base_actor {
public:
  service_stand_in(caf::actor_config& config, internal::environment_ptr env, std::string service,
                   caf::actor supervisor);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void reached(const reached_by& route);

  std::string service_;
  reached_by route_{}; ///< no owner: no node runs it now
};

} // namespace ensemble::node

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::node::reached_by)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::node::give_elsewhere)
