#pragma once

#include "runtime/base_actor.hpp"

namespace ensemble::internal {

/// Under `speculative` durability: makes durable what the writer has committed, beside it, when
/// something waits for that at the durability_gate, else now and then. All commits that end while
/// it syncs share the next sync.
class journal_syncer final : public base_actor {
public:
  journal_syncer(caf::actor_config& config, environment_ptr env, journal& of,
                 caf::actor supervisor);

protected:
  caf::behavior make_behavior() override;

private:
  void sync();

  journal& journal_;
  bool failed_ = false;
};

} // namespace ensemble::internal
