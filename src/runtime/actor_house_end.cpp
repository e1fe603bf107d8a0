#include "model/thrown.hpp"
#include "runtime/actor_house.hpp"
#include "runtime/log.hpp"
#include "runtime/neighbours.hpp"
#include "runtime/stage.hpp"
#include "runtime/subscriber.hpp"

#include <caf/all.hpp>

#include <utility>

// How a runtime ends: by a failure, or in order.

namespace ensemble::internal {

void actor_house::fail(const error& why) {
  log().critical("the runtime has failed: {}", why.what());
  stop_subscribers();
  std::function<void(const error*)> opening;
  {
    const std::lock_guard lock(mutex_);
    if (failure_) return;
    failure_ = why;
    opening = std::exchange(on_recovered_, {});
  }
  env_->credits.close();
  // Nothing more is decided, and no further effect begins.
  const auto now = directory();
  threads_->discard();
  for (const auto& [name, threads] : handler_threads_) threads->discard();
  for (const auto& [name, host] : now->hosts) kill_now(host);
  for (const auto& [name, participant] : now->participants) kill_now(participant);
  for (const auto& [role, subscriber] : now->subscribers) kill_now(subscriber);
  if (now->manager) kill_now(now->manager);
  kill_now(now->desk); // tells those who wait
  if (now->outcomes) kill_now(now->outcomes);
  anon_send(now->gateway, runtime_failed{std::make_shared<error>(why)});
  env_->gate.close();     // tells those who wait
  if (env_->neighbours) { // nor is anything done for other nodes, which learn that this one is gone
    env_->neighbours->serve_no_more();
    env_->neighbours->leave();
  }
  if (opening)
    opening(&why);
  else if (on_failure_)
    tell_host(why);
}

void actor_house::tell_host(const error& why) const {
  try {
    const inside_handler guard;
    on_failure_(why);
  } catch (...) {
    log().error("on_failure threw: {}", thrown_text());
  }
}

bool actor_house::end_on_stage(const std::vector<caf::actor>& actors, timestamp deadline) {
  const auto left = std::make_shared<std::size_t>(0);
  for (const auto& actor : actors) {
    if (!actor) continue;
    ++*left;
    actor->attach_functor([left](const caf::error&) { --*left; });
    anon_send_exit(actor, caf::exit_reason::user_shutdown);
  }
  return env_->stage->go_on([&] { return *left == 0; }, deadline);
}

bool actor_house::end(const std::vector<caf::actor>& actors, timestamp deadline) {
  if (env_->stage) return end_on_stage(actors, deadline);
  caf::scoped_actor self(*system_);
  std::size_t left = 0;
  for (const auto& actor : actors) {
    if (!actor) continue;
    self->monitor(actor);
    self->send_exit(actor, caf::exit_reason::user_shutdown);
    ++left;
  }
  while (left > 0) {
    const auto wait = std::max(deadline - env_->clock(), duration{});
    bool timed_out = false;
    self->receive([&](const caf::down_msg&) { --left; },
                  caf::after(std::chrono::duration_cast<caf::timespan>(wait)) >>
                      [&] { timed_out = true; });
    if (timed_out) return false;
  }
  return true;
}

// What was accepted is answered first; that takes commits, not whole processes.
void actor_house::wait_for_callers(timestamp deadline) {
  const auto done = [&] { return pending_callers_ == 0 || failure(); };
  if (env_->stage) {
    (void)env_->stage->go_on(done, deadline);
    return;
  }
  caf::scoped_actor self(*system_);
  while (!done() && env_->clock() < deadline)
    self->receive(caf::after(std::chrono::milliseconds(2)) >> [] {});
}

bool actor_house::wait_for_no_actor(timestamp deadline) {
  if (env_->stage) return env_->stage->go_on([&] { return env_->actors->none(); }, deadline);
  return env_->actors->wait_for_none(deadline - env_->clock());
}

void actor_house::close(duration limit) {
  if (closing_) return;
  const auto deadline = env_->clock() + limit;
  stop_subscribers();
  env_->credits.close();
  wait_for_callers(deadline);
  if (env_->neighbours) env_->neighbours->serve_no_more();
  directory_ptr now;
  {
    const std::lock_guard lock(mutex_); // a respawn comes before this, or not at all
    closing_ = true;
    now = directory_;
  }
  std::vector<caf::actor> first{now->manager, now->flows, now->outcomes};
  for (const auto& [name, participant] : now->participants) first.push_back(participant);
  for (const auto& observer : now->observers) first.push_back(observer.actor);
  bool ended = end(first, deadline);
  // The ends of running handlers reach the subscribers before their own, and so their checkpoints.
  for (const auto& [name, threads] : handler_threads_) threads->stop();
  std::vector<caf::actor> subscribers;
  for (const auto& [role, actor] : now->subscribers) subscribers.push_back(actor);
  ended = end(subscribers, deadline) && ended;
  threads_->stop(); // the outcomes of running effects reach the hosts before their end
  std::vector<caf::actor> hosts{now->gateway, now->desk};
  for (const auto& [name, host] : now->hosts) hosts.push_back(host);
  ended = end(hosts, deadline) && ended;
  for (const auto& last : {now->writer, now->syncer, now->outlet}) // each still hears its fellow
    ended = end({last}, deadline) && ended;
  env_->gate.close();
  // Behind the deadline this frees those who wait for the journal's node.
  if (env_->neighbours && !ended) env_->neighbours->leave();
  ended = end({now->reader, supervisor_}, deadline) && ended;
  if (env_->neighbours) env_->neighbours->leave();
  {
    const std::lock_guard lock(mutex_);
    directory_ = std::make_shared<internal::directory>();
    supervisor_ = nullptr;
  }
  now = {};
  first.clear();
  subscribers.clear();
  hosts.clear(); // with the last handles go the actors
  ended = wait_for_no_actor(deadline) && ended;
  if (!ended) log().warn("stop: some actors were still at work when the time was over");
}

} // namespace ensemble::internal
