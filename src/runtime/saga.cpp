#include "runtime/saga.hpp"

#include <caf/all.hpp>

#include <utility>

namespace ensemble::internal {

saga::saga(caf::actor_config& config, environment_ptr env, caf::actor conductor)
    : base_actor(config, std::move(env), "saga"), conductor_(std::move(conductor)) {}

caf::behavior saga::make_behavior() {
  return {
      [this](const saga_assignment& m) {
        directory_ = m.directory;
        role_ = m.role;
        body_.emplace(*this, env(), m.start, conductor_, *role_);
        with_body([](saga_body&) {});
      },
      [this](const saga_released&) {
        body_.reset();
        role_.reset();
        directory_.reset(); // it would keep actors that were replaced since
      },
      [this](const saga_events& m) { with_body([&](saga_body& body) { body.fold(m); }); },
      [this](const wake_up&) { with_body([](saga_body& body) { body.woken(); }); },
      [this](const offered_event& m) {
        with_body([&](saga_body& body) { body.take(m.event, *directory_); });
      },
      [this](const attempt_failed_note& m) { // if it is of an earlier instance, it knows no such id
        with_body([&](saga_body& body) { body.attempt_failed(m.id, m.reason); });
      },
      [this](const directory_changed& m) {
        directory_ = m.now;
        with_body([&](saga_body& body) { body.host_replaced(m.restarted); });
      },
  };
}

void saga::on_exit() {
  conductor_ = nullptr;
  body_.reset();
  base_actor::on_exit();
}

template <class Change>
void saga::with_body(Change change) {
  if (!body_) return;
  change(*body_);
  if (const auto report = body_->act(*directory_)) send(conductor_, *report);
}

} // namespace ensemble::internal
