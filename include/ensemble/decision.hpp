#pragma once

#include <ensemble/message.hpp>

#include <concepts>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace ensemble {

/// The refusal of a command: recorded, and an answer like any other.
struct rejection {
  std::string reason;
};

/// Refuses the command that is being decided.
[[nodiscard]] inline rejection reject(std::string reason) { return {std::move(reason)}; }

/// What a handler decided, with the types erased: events, or a rejection, or nothing to do.
struct verdict {
  std::vector<message> events{};
  std::optional<rejection> rejected{};
};

/// What a handler may decide: any of the named events, a rejection, or nothing (`return {}`).
/// All events of one decision are appended at once.
template <message_struct... Events>
class decision {
public:
  /// Takes events of the named types, or one rejection.
  template <class... Outcomes>
  decision(Outcomes... outcomes) { // NOLINT(google-explicit-constructor): made for `return`
    static_assert(sizeof...(Outcomes) == 1 || !(std::same_as<Outcomes, rejection> || ...),
                  "a rejection stands alone: a refused command has no events");
    (add(std::move(outcomes)), ...);
  }
  [[nodiscard]] verdict take() && { return std::move(verdict_); }

private:
  template <class Outcome>
  void add(Outcome outcome) {
    if constexpr (std::same_as<Outcome, rejection>) {
      verdict_.rejected = std::move(outcome);
    } else {
      static_assert((std::same_as<Outcome, Events> || ...),
                    "this event is not among the outcomes that the decision<...> names");
      verdict_.events.emplace_back(std::move(outcome));
    }
  }
  verdict verdict_{};
};

/// An event, and the key of the entity whose stream it belongs to. Made by `on`.
template <message_struct Event>
struct event_on {
  std::string key{};
  Event event{};
};

/// Puts an event on the stream of one of the entities that the command names:
/// `on("sku-1", stock_reserved{...})`.
template <message_struct Event>
[[nodiscard]] event_on<Event> on(std::string key, Event event) {
  return {std::move(key), std::move(event)};
}

/// What a handler over several entities decided, with the types erased.
struct joint_verdict {
  struct placed_event {
    std::string key{}; ///< of the entity; empty: the command's home
    message body{};
  };
  std::vector<placed_event> events{};
  std::optional<rejection> rejected{};
};

/// What a handler over several entities may decide: a rejection, or nothing (`return {}`), or any
/// of the named events, each `on(key, event)` of one of the command's keys; without a key it goes
/// to the home, the entity of the first key. Built at once, or step by step:
///
///     decision_on_all<stock_reserved, stock_rejected> all;
///     for (const auto& item : c.items) all.add(on(item.sku, stock_reserved{...}));
///     return all;
///
/// All events are appended at once, to all streams or to none: the home's first, then those of
/// each key in the order of the keys; on one stream they keep their order here. A rejection, and
/// that there was nothing to do, are recorded on the home. A decision without an event for the home
/// puts an acknowledgement there in front of its events, so that a repeat is recognised.
template <message_struct... Events>
class decision_on_all {
public:
  /// Takes events of the named types, with or without `on`, or one rejection.
  template <class... Outcomes>
  decision_on_all(Outcomes... outcomes) { // NOLINT(google-explicit-constructor): for `return`
    static_assert(sizeof...(Outcomes) == 1 || !(std::same_as<Outcomes, rejection> || ...),
                  "a rejection stands alone: a refused command has no events");
    (put(std::move(outcomes)), ...);
  }
  /// One event more, with or without `on`.
  template <class Outcome>
  decision_on_all& add(Outcome outcome) {
    static_assert(!std::same_as<Outcome, rejection>,
                  "a rejection stands alone: return it in place of the events");
    put(std::move(outcome));
    return *this;
  }
  [[nodiscard]] joint_verdict take() && { return std::move(verdict_); }

private:
  void put(rejection why) { verdict_.rejected = std::move(why); }
  template <message_struct Event>
  void put(event_on<Event> placed) {
    put(std::move(placed.event), std::move(placed.key));
  }
  template <message_struct Event>
  void put(Event event, std::string key = {}) {
    static_assert((std::same_as<Event, Events> || ...),
                  "this event is not among the outcomes that the decision_on_all<...> names");
    verdict_.events.push_back({std::move(key), message(std::move(event))});
  }
  joint_verdict verdict_{};
};

namespace detail {

template <class... Events>
struct event_list {
  template <class F>
  static void for_each_event(F f) {
    (f(static_cast<const Events*>(nullptr)), ...);
  }
};

/// The events that a decision type names.
template <class>
struct decision_of;
template <class... Events>
struct decision_of<decision<Events...>> : event_list<Events...> {};
template <class... Events>
struct decision_of<decision_on_all<Events...>> : event_list<Events...> {};

} // namespace detail
} // namespace ensemble
