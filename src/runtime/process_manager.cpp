#include "runtime/process_manager.hpp"

#include "runtime/log.hpp"
#include "runtime/saga.hpp"

#include <caf/all.hpp>

#include <utility>

namespace ensemble::internal {

namespace {
/// Sagas that are kept for instances to come.
constexpr std::size_t most_free = 1024;
} // namespace

process_manager::process_manager(caf::actor_config& config, environment_ptr env,
                                 directory_ptr directory, caf::actor supervisor,
                                 std::function<void()> recovered)
    : instance_holder(config, env, conductor_scope(*env), std::move(directory),
                      std::move(supervisor), std::move(recovered)) {
  set_down_handler([this](caf::down_msg& m) { died(m); });
}

caf::behavior process_manager::make_behavior() {
  return caf::message_handler{[this](const kill_a_saga&) {
           if (!by_actor_.empty())
             caf::anon_send_exit(instances().at(by_actor_.begin()->second).active->saga,
                                 caf::exit_reason::kill);
         }}
      .or_else(caf::message_handler{[this](const attempt_failed_note& m) {
        // Of a service elsewhere, which does not know the saga.
        const auto at = instances().find(m.instance);
        if (at != instances().end() && at->second.at_work()) send(at->second.active->saga, m);
      }})
      .or_else(instance_holder::make_behavior());
}

void process_manager::begin_work(instance_id id, running& r, saga_start start) {
  auto& worker = r.active->saga;
  if (free_.empty()) {
    worker = spawn<saga, caf::monitored>(shared_env(), caf::actor_cast<caf::actor>(this));
  } else {
    worker = std::move(free_.back()); // the last one: most of it is still in the caches
    free_.pop_back();
  }
  by_actor_[worker.id()] = id;
  const std::shared_ptr<const executor_role> role(scope(), &r.followed->role);
  send(worker, saga_assignment{std::move(start), directory_, role});
}

void process_manager::give_events(running& r, saga_events events) {
  send(r.active->saga, std::move(events));
}

void process_manager::wake(running& r) { send(r.active->saga, wake_up{}); }

void process_manager::offer(running& r, offered_event event) {
  send(r.active->saga, std::move(event));
}

void process_manager::end_work(running& r) {
  auto worker = std::move(r.active->saga);
  by_actor_.erase(worker.id());
  if (free_.size() < most_free) {
    send(worker, saga_released{});
    free_.push_back(std::move(worker));
  } else {
    caf::anon_send_exit(worker, caf::exit_reason::user_shutdown);
  }
}

void process_manager::on_exit() {
  instance_holder::on_exit(); // releases all
  for (const auto& saga : std::exchange(free_, {}))
    caf::anon_send_exit(saga, caf::exit_reason::user_shutdown);
}

void process_manager::tell_all(const directory_changed& change) {
  for (const auto& [actor, id] : by_actor_) send(instances().at(id).active->saga, change);
}

// Sagas are watched, not linked: CAF keeps links in a list that each end of a saga would search.
void process_manager::died(const caf::down_msg& message) {
  const auto at = by_actor_.find(message.source.id());
  if (at == by_actor_.end()) {                             // it had no instance
    if (message.reason != caf::exit_reason::user_shutdown) // else it was one too many
      std::erase_if(free_, [&](const caf::actor& a) { return a.id() == message.source.id(); });
    return;
  }
  const auto id = at->second;
  by_actor_.erase(at);
  log().error("the saga of instance {} died ({}); it is folded again", to_string(id),
              caf::to_string(message.reason));
  env().count.actors_respawned.fetch_add(1, std::memory_order_relaxed);
  send(supervisor_, actor_died{"saga"});
  auto& r = instances().at(id);
  load(id, r);
  r.active->died = true;
}

} // namespace ensemble::internal
