#include "runtime/base_actor.hpp"

#include "runtime/log.hpp"
#include "runtime/stage.hpp"

#include <caf/all.hpp>

namespace ensemble::internal {

base_actor::base_actor(caf::actor_config& config, environment_ptr env, std::string role)
    : caf::event_based_actor(config), env_(std::move(env)), role_(std::move(role)) {
  env_->actors->joined();
  set_default_handler([](caf::scheduled_actor* self, caf::message_view& unknown) {
    log().error("{}: dropped a message that it has no handler for: {}", self->name(),
                caf::to_string(unknown.move_content_to_message()));
    return caf::result<caf::message>(caf::make_message());
  });
  set_error_handler([](caf::scheduled_actor* self, caf::error& e) {
    log().error("{}: was sent an error: {}", self->name(), caf::to_string(e));
  });
  set_exception_handler([](caf::scheduled_actor* self, std::exception_ptr& thrown) -> caf::error {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      log().error("{} ends with an exception: {}", self->name(), e.what());
    } catch (...) {
      log().error("{} ends with an exception of an unknown kind", self->name());
    }
    return caf::exit_reason::unhandled_exception;
  });
}

base_actor::~base_actor() {
  const auto actors = env_->actors;
  env_.reset(); // users' objects may end with the runtime, and it holds their functions
  actors->left();
}

void base_actor::enqueue(caf::mailbox_element_ptr message, caf::execution_unit* host) {
  env_->count.messages.fetch_add(1, std::memory_order_relaxed);
  if (env_->stage && !env_->stage->delivers(role_, *this, message)) return;
  caf::event_based_actor::enqueue(std::move(message), host);
}

void base_actor::on_exit() {
  directory_.reset();
  supervisor_ = nullptr;
}

} // namespace ensemble::internal
