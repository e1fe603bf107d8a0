#include "runtime/saga.hpp"

#include <caf/all.hpp>

#include <utility>

namespace ensemble::internal {

saga::saga(caf::actor_config& config, environment_ptr env, saga_start start,
           directory_ptr directory, caf::actor conductor, std::shared_ptr<const executor_role> role)
    : base_actor(config, std::move(env), "saga"),
      start_(std::move(start)),
      conductor_(std::move(conductor)),
      role_(std::move(role)) {
  directory_ = std::move(directory);
}

caf::behavior saga::make_behavior() {
  body_.emplace(*this, env(), std::exchange(start_, {}), conductor_, *role_);
  if (act()) return {}; // without a behaviour it ends
  return {
      [this](const saga_events& m) {
        body_->fold(m);
        act();
      },
      [this](const wake_up&) {
        body_->woken();
        act();
      },
      [this](const offered_event& m) {
        body_->take(m.event, *directory_);
        act();
      },
      [this](const attempt_failed_note& m) {
        body_->attempt_failed(m.id, m.reason);
        act();
      },
      [this](const directory_changed& m) {
        directory_ = m.now;
        body_->host_replaced(m.restarted);
        act();
      },
  };
}

void saga::on_exit() {
  conductor_ = nullptr;
  body_.reset();
  base_actor::on_exit();
}

bool saga::act() {
  const auto report = body_->act(*directory_);
  if (!report) return false;
  send(conductor_, *report);
  if (report->terminal) quit();
  return report->terminal;
}

} // namespace ensemble::internal
