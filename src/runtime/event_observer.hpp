#pragma once

#include "runtime/base_actor.hpp"

namespace ensemble::internal {

/// Tells a user's callback every event of the journal, in order. It is only told how far the
/// journal is and reads the events itself, so a slow callback costs nobody any memory.
class event_observer final : public base_actor {
public:
  event_observer(caf::actor_config& config, environment_ptr env,
                 std::shared_ptr<journal_reader> reader, position from, event_callback callback,
                 caf::actor supervisor);

protected:
  caf::behavior make_behavior() override;

private:
  void read_page();

  std::shared_ptr<journal_reader> reader_;
  position next_;
  position head_{};
  bool reading_ = false;
  event_callback callback_;
};

} // namespace ensemble::internal
