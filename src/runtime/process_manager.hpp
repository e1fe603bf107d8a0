#pragma once

#include "runtime/instance_holder.hpp"

namespace ensemble::internal {

/// The conductor: every running instance has a saga actor of its own, which commands all services.
class process_manager final : public instance_holder {
public:
  process_manager(caf::actor_config& config, environment_ptr env, directory_ptr directory,
                  caf::actor supervisor, std::function<void()> recovered);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;
  void begin_work(instance_id id, running& r, saga_start start) override;
  void give_events(running& r, saga_events events) override;
  void wake(running& r) override;
  void offer(running& r, offered_event event) override;
  void end_work(running& r) override;
  void tell_all(const directory_changed& change) override;

private:
  void died(const caf::down_msg& message);

  std::unordered_map<caf::actor_id, instance_id> by_actor_{};
  std::vector<caf::actor> free_{}; ///< sagas without an instance
};

} // namespace ensemble::internal
