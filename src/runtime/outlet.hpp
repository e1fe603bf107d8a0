#pragma once

#include "runtime/base_actor.hpp"

namespace ensemble::internal {

/// Under `speculative` durability: lets out of the process what has become durable, in order; see
/// durability_gate. Callers' callbacks run here.
class outlet final : public base_actor {
public:
  outlet(caf::actor_config& config, environment_ptr env);

protected:
  caf::behavior make_behavior() override;
};

} // namespace ensemble::internal
