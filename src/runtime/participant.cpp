#include "runtime/participant.hpp"

#include <caf/all.hpp>

#include <utility>

namespace ensemble::internal {

participant::participant(caf::actor_config& config, environment_ptr env, const std::string& service,
                         directory_ptr directory, caf::actor supervisor,
                         std::function<void()> recovered)
    : instance_holder(config, env, participant_scope(*env, service), std::move(directory),
                      std::move(supervisor), std::move(recovered)) {
  env->resumed.begins();
}

caf::behavior participant::make_behavior() {
  return caf::message_handler{[this](const attempt_failed_note& m) {
           const auto at = instances().find(m.instance);
           if (at == instances().end() || !at->second.at_work()) return;
           at->second.active->body->attempt_failed(m.id, m.reason);
           act(at->second);
         }}
      .or_else(instance_holder::make_behavior());
}

void participant::on_exit() {
  env().resumed.interrupted(now());
  if (resuming_) resumed();
  instance_holder::on_exit();
}

void participant::resumed() {
  resuming_ = false;
  env().resumed.ends(now());
}

void participant::begin_work(instance_id, running& r, saga_start start) {
  r.active->body = std::make_unique<saga_body>(*this, env(), std::move(start),
                                               caf::actor_cast<caf::actor>(this), r.followed->role);
  act(r);
}

void participant::give_events(running& r, saga_events events) {
  r.active->body->fold(events);
  act(r);
}

void participant::wake(running& r) {
  r.active->body->woken();
  act(r);
}

void participant::offer(running& r, offered_event event) {
  r.active->body->take(event.event, *directory_);
  act(r);
}

void participant::end_work(running& r) { r.active->body.reset(); }

void participant::tell_all(const directory_changed& change) {
  for (auto& [id, r] : instances()) {
    if (!r.at_work()) continue;
    r.active->body->host_replaced(change.restarted);
    act(r);
  }
}

// Reports go through the mailbox, as a saga's do: the instance may not go while it is at work.
void participant::act(running& r) {
  if (auto report = r.active->body->act(*directory_)) send(this, std::move(*report));
}

} // namespace ensemble::internal
