#pragma once

#include "runtime/base_actor.hpp"

namespace ensemble::internal {

/// Tells a user's callback every event of the journal, in order. It is only told that there is
/// more, one notice at a time, and reads the events itself: a slow callback costs no memory.
class event_observer final : public base_actor {
public:
  event_observer(caf::actor_config& config, environment_ptr env,
                 std::shared_ptr<journal_reader> reader, position from, event_callback callback,
                 std::shared_ptr<std::atomic<bool>> noticed, caf::actor supervisor);

protected:
  caf::behavior make_behavior() override;

private:
  void read_page();
  void show(const std::vector<recorded_event>& page);
  void fail(const std::string& why);

  std::shared_ptr<journal_reader> reader_;
  position next_;
  std::shared_ptr<std::atomic<bool>> noticed_;
  bool reading_ = false;
  event_callback callback_;
};

} // namespace ensemble::internal
