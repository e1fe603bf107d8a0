#include "runtime/event_subscriber.hpp"

#include "model/thrown.hpp"

#include <caf/all.hpp>

namespace ensemble::internal {

namespace {

/// Which calls may not run at once: those of one order key.
command_id lane_of(const std::string& order_key) {
  const auto id = make_engine_event_id({}, order_key, 0);
  return command_id::of(id.head(), id.tail());
}

} // namespace

void event_subscriber::work_on(const assignment& work) {
  auto call = [definition = definition_, event = work.event, attempt = work.attempt,
               self = caf::actor_cast<caf::actor>(this)] {
    const inside_handler guard;
    handler_done report{event->position, {}};
    try {
      const auto key = idempotency_key(definition->name, *event);
      const auto* handler = definition->find(event->body.name());
      // A parked event may be one that the program no longer handles.
      if (!handler)
        throw error(errc::bad_definition, "the subscription has no handler for '" +
                                              std::string(event->body.name()) + "'");
      handler->handle({*event, key, attempt});
    } catch (...) {
      report.failure = thrown_text();
    }
    caf::anon_send(self, std::move(report));
  };
  env().gate.pass([&to = threads_, lane = lane_of(work.order_key), call = std::move(call)] {
    to.post(lane, call);
  });
}

} // namespace ensemble::internal
