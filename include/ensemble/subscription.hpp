#pragma once

#include <ensemble/error.hpp>
#include <ensemble/event.hpp>
#include <ensemble/process.hpp>
#include <ensemble/topic.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ensemble {

/// Along what a subscription keeps order: its handler gets the events of one key one at a time, in
/// journal order, and the next only when the one before was handled.
enum class order_key {
  stream,      ///< the events of one entity
  correlation, ///< the events of one flow
};

/// An event, as a handler of a subscription is given it. References hold during the call only.
struct subscribed_event {
  const recorded_event& event;
  /// The same for every attempt at this event, also after a restart, and another one for any other
  /// event or subscription. Give it to the outside system; that makes the effect happen once.
  const std::string& idempotency_key;
  int attempt; ///< 1, 2, ...
};

/// A handler of a subscription, and for which events.
struct subscription_handler {
  topic which;
  std::function<void(const subscribed_event&)> handle{};
};

/// A subscription: a value, made by `subscription("name")`.
class subscription_definition {
public:
  std::string name{};
  std::vector<subscription_handler> handlers{};
  std::vector<const message_type*> types{};
  order_key ordered_by = order_key::stream;
  std::size_t workers = 1;
  std::size_t window = 1'000;
  std::size_t parks_at_most = 100'000;
  duration checkpoint_every = std::chrono::seconds(1);
  position from{1};
  bool from_now = false;
  retry_policy retries{};

  /// The handler for events of that name: the one of exactly that name, else the first whose topic
  /// matches; or null.
  [[nodiscard]] const subscription_handler* find(std::string_view event) const;
};

/// An event that a subscription could not handle, or that came behind such a one.
struct parked_event {
  ensemble::position position{};
  std::string event{};     ///< its message's name
  std::string stream{};    ///< where it stands
  std::string order_key{}; ///< the stream's name, or the correlation id in hexadecimal
  /// What the handler threw at last; or, after 0 attempts, behind which position it is parked.
  std::string cause{};
  int attempts = 0;
  timestamp time{}; ///< when it was parked, or failed again
};

/// What came of a redrive.
struct redrive_report {
  std::size_t handled = 0;
  /// Of the order keys that were redriven; parked() tells why.
  std::size_t still_parked = 0;
};

/// How a subscription stands. The counts are of this run of the program. Under `speculative`
/// durability what is called durable here may still wait for its sync, as in runtime_stats.
struct subscription_stats {
  std::uint64_t handled = 0; ///< events, each repeat counted
  std::uint64_t retried = 0; ///< attempts that failed and were followed by another
  std::uint64_t parked = 0;  ///< now
  /// Every event up to here that concerns it is handled, or durably parked.
  position done{};
  position checkpoint{};    ///< durable: where it would go on after a crash
  std::uint64_t behind = 0; ///< positions between `done` and the journal's newest event
};

namespace detail {

subscription_definition make_subscription(std::string name);
/// Throw errc::bad_definition.
void add_handler(subscription_definition& subscription, subscription_handler handler);
void check_subscription(const subscription_definition& subscription);

} // namespace detail

/// Builds a subscription: a handler outside the journal (mails, caches, other systems) that is
/// given every event it asked for, at least once, from where it stood when the program last ended.
/// Give it to runtime::subscribe.
///
///     runtime.subscribe(ensemble::subscription("mailer")
///                           .on<order_confirmed>([](const order_confirmed& e) { ... })
///                           .on_topic("payment_*", [](const subscribed_event& e) { ... })
///                           .ordered_by(order_key::correlation)
///                           .workers(4));
///
/// Handlers run on threads of the subscription's own, and may block; while one runs, its order key
/// waits, and `stop` waits for it. One that throws is called again by the retry policy; after its
/// last attempt the event is *parked* durably with its cause, and so are later events of the same
/// order key, behind it. Everything else flows on. See runtime::parked and runtime::redrive.
///
/// Where it stands is its *checkpoint* in the journal's books. It never passes an event that is
/// neither handled nor parked; what was handled behind it is handled again after a crash, in
/// order. Memory is bounded by the window, whatever the journal holds: a slow subscription reads on
/// later, and holds nobody up.
///
/// Every function throws errc::bad_definition (a message that is handled twice, a number out of
/// range, a name that does not match `[a-z][a-z0-9_]*`).
class subscription {
public:
  explicit subscription(std::string name)
      : definition_(detail::make_subscription(std::move(name))) {}

  /// Handles this event: `handle(const Event&)` or `handle(const Event&, const subscribed_event&)`.
  template <message_struct Event, class Handle>
  subscription on(Handle handle) && {
    definition_.types.push_back(&type_of<Event>());
    detail::add_handler(definition_, {topic(type_of<Event>().name),
                                      [handle = std::move(handle)](const subscribed_event& e) {
                                        if constexpr (std::invocable<const Handle&, const Event&>)
                                          handle(e.event.body.as<Event>());
                                        else
                                          handle(e.event.body.as<Event>(), e);
                                      }});
    return std::move(*this);
  }
  /// Handles the events of a topic (see topic) that no other handler above it takes.
  /// Throws errc::bad_argument for what is no topic.
  subscription on_topic(std::string_view which,
                        std::function<void(const subscribed_event&)> handle) && {
    detail::add_handler(definition_, {topic(which), std::move(handle)});
    return std::move(*this);
  }

  /// Default: stream. Changing it for a subscription with parked events is allowed: those wait
  /// under the key that they were parked with.
  subscription ordered_by(order_key key) && {
    definition_.ordered_by = key;
    return std::move(*this);
  }
  /// How many handlers are at work at once, on different order keys; so many threads. Default: 1.
  subscription workers(std::size_t count) && {
    definition_.workers = count;
    return std::move(*this);
  }
  /// Where the subscription begins when the journal knows none of its name. Default: with the first
  /// event.
  subscription from(position first) && {
    definition_.from = first;
    return std::move(*this);
  }
  /// The same: behind the newest event that the journal has at the runtime's start.
  subscription from_now() && {
    definition_.from_now = true;
    return std::move(*this);
  }
  /// Attempts and delays for a handler that throws. (`attempt_within` has no meaning here: a call
  /// cannot be broken off.)
  subscription retries(retry_policy policy) && {
    definition_.retries = policy;
    return std::move(*this);
  }
  /// How many events may be in hand at once, waiting or at work. Default: 1,000.
  subscription window(std::size_t events) && {
    definition_.window = events;
    return std::move(*this);
  }
  /// So many parked events stop the subscription, with an error in the log, until some are
  /// redriven. Default: 100,000. (About 150 bytes of memory each.)
  subscription parks_at_most(std::size_t events) && {
    definition_.parks_at_most = events;
    return std::move(*this);
  }
  /// How often the checkpoint is recorded at most; parked events are recorded at once. What was
  /// handled since is handled again after a crash. Default: 1 s.
  subscription checkpoint_every(duration time) && {
    definition_.checkpoint_every = time;
    return std::move(*this);
  }

  operator subscription_definition() && { // NOLINT(google-explicit-constructor): ends the builder
    detail::check_subscription(definition_);
    return std::move(definition_);
  }

private:
  subscription_definition definition_;
};

} // namespace ensemble
