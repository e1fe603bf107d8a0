#include <ensemble/subscription.hpp>

#include "model/json_writer.hpp"
#include "model/limits.hpp"
#include "model/names.hpp"

#include <algorithm>

namespace ensemble {

const subscription_handler* subscription_definition::find(std::string_view event) const {
  const subscription_handler* found = nullptr;
  for (const auto& handler : handlers) {
    if (!handler.which.matches(event)) continue;
    if (handler.which.exact()) return &handler;
    if (!found) found = &handler;
  }
  return found;
}

namespace detail {

namespace {

[[noreturn]] void refuse(const std::string& subscription, const std::string& why) {
  throw error(errc::bad_definition, "subscription '" + subscription + "': " + why);
}

} // namespace

subscription_definition make_subscription(std::string name) {
  if (!is_name(name))
    throw error(errc::bad_definition, "subscription " + quote(name) +
                                          ": a subscription's name matches [a-z][a-z0-9_]* and is "
                                          "at most " +
                                          std::to_string(name_limit) + " bytes");
  subscription_definition made;
  made.name = std::move(name);
  return made;
}

void add_handler(subscription_definition& subscription, subscription_handler handler) {
  if (!handler.handle)
    refuse(subscription.name, "topic '" + handler.which.name() + "' needs a handler");
  const auto same = [&](const subscription_handler& h) {
    return h.which.name() == handler.which.name();
  };
  if (std::ranges::any_of(subscription.handlers, same))
    refuse(subscription.name, "handles '" + handler.which.name() + "' twice; leave one handler");
  subscription.handlers.push_back(std::move(handler));
}

void check_subscription(const subscription_definition& subscription) {
  const auto& s = subscription;
  if (s.handlers.empty()) refuse(s.name, "handles nothing; give it an `on` or `on_topic`");
  if (s.workers == 0 || s.workers > 1'000) refuse(s.name, "workers must be 1 to 1,000");
  if (s.window == 0) refuse(s.name, "window must be > 0");
  if (s.parks_at_most == 0) refuse(s.name, "parks_at_most must be > 0");
  if (s.checkpoint_every < duration{}) refuse(s.name, "checkpoint_every must not be negative");
  if (s.retries.attempts < 1) refuse(s.name, "retries: attempts must be > 0");
  if (s.retries.first_delay < duration{} || s.retries.max_delay < duration{})
    refuse(s.name, "retries: delays must not be negative");
}

} // namespace detail
} // namespace ensemble
