#pragma once

#include "runtime/instance_holder.hpp"

namespace ensemble::internal {

/// A dancer: folds all events of the instances in which its service takes part, and does what is
/// due from its own service (rules 8 and 9). The owner's participant also keeps the deadlines.
/// Nobody commands it, and it knows no other participant: all it hears is the journal.
class participant final : public instance_holder {
public:
  participant(caf::actor_config& config, environment_ptr env, const std::string& service,
              directory_ptr directory, caf::actor supervisor, std::function<void()> recovered);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;
  void resumed() override;
  void begin_work(instance_id id, running& r, saga_start start) override;
  void give_events(running& r, saga_events events) override;
  void wake(running& r) override;
  void offer(running& r, offered_event event) override;
  void end_work(running& r) override;
  void tell_all(const directory_changed& change) override;

private:
  void act(running& r);

  bool resuming_ = true;
};

} // namespace ensemble::internal
