#pragma once

#include <ensemble/decision.hpp>
#include <ensemble/entities.hpp>
#include <ensemble/identity.hpp>
#include <ensemble/message.hpp>

#include <any>
#include <concepts>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ensemble {

/// What an effect handler is told about its call.
struct effect_context {
  /// The command's id in hexadecimal: the same for every repeat of the same request. Give it to
  /// the outside system as its idempotency key; that makes the effect happen once.
  std::string idempotency_key{};
};

/// One command that a service takes. Made by the service builder.
struct command_handler {
  const message_type* command{};
  /// The entity key in the command; empty function: the instance's id is the key.
  std::function<std::string(const message&)> key{};
  /// Of a decider over several entities: their keys, the home first. Else empty.
  std::function<std::vector<std::string>(const message&)> keys{};
  /// Pure decision on the entity's state. Empty for effects and for deciders over several.
  std::function<verdict(const std::any& state, const message&)> decide{};
  /// Pure decision on the states of all entities that `keys` names. Empty for all others.
  std::function<joint_verdict(const detail::entity_states&, const message&)> decide_all{};
  /// Work outside the journal, on a thread of its own; may block. Empty for deciders.
  std::function<verdict(const message&, const effect_context&)> effect{};
  /// Blocks or reverts the effect of that command outside, before it is voided; may block.
  std::function<void(const message&, const effect_context&)> cancel{};
  std::vector<const message_type*> outcomes{};
};

/// Whenever this event, of whatever service, then that command to the service that has the policy.
/// Made by service::reacts.
struct policy_definition {
  const message_type* event{};
  const message_type* command{};
  /// Pure. An empty message: nothing to do.
  std::function<message(const message& event)> react{};
};

/// A service: the commands it takes, the outcomes it may decide, and how its state follows from
/// its own events. A value: copy it freely. Made by `service<State>("name")`.
class service_definition {
public:
  std::string name{};
  /// The state of an entity without events.
  std::function<std::any()> initial{};
  /// How each event changes the state, by event name.
  std::map<std::string, std::function<void(std::any&, const message&)>, std::less<>> folds{};
  std::map<std::string, command_handler, std::less<>> handlers{};
  /// Every message type of the service: commands, outcomes, old events.
  std::vector<const message_type*> types{};
  std::vector<policy_definition> policies{};

  /// The handler of that command, or null.
  [[nodiscard]] const command_handler* find(std::string_view command) const;
  /// Folds one of the service's events into the state; events that do not concern it are skipped.
  void fold(std::any& state, const message& event) const;
};

/// The state of a service that keeps none.
struct no_state {};

namespace detail {

/// Checks a service name or handler table; throws errc::bad_definition.
void add_handler(service_definition& service, command_handler handler);
service_definition make_service(std::string name);
/// Adds a policy; throws errc::bad_definition for a second one on an event.
void add_policy(service_definition& service, policy_definition policy);
/// Checks that the service takes what its policies ask; throws errc::bad_definition.
void check_policies(const service_definition& service);

/// The command type that a policy's function gives: Command, or std::optional<Command>.
template <class Given>
struct given_command {
  using type = Given;
};
template <class Command>
struct given_command<std::optional<Command>> {
  using type = Command;
};
/// Checks that a key may be part of a stream's name: 1 to 200 bytes of UTF-8 without control
/// characters. Throws errc::bad_message.
void check_key(std::string_view key);
/// Checks the keys of a command over several entities: 1 to `most_keys` of them, each fit for
/// check_key, none twice. Throws errc::bad_message.
void check_keys(const std::vector<std::string>& keys);
/// The messages of a verdict for each of the keys, which pass check_keys. Throws errc::bad_argument
/// for an event whose key is not among them.
[[nodiscard]] std::vector<std::vector<message>> by_entity(const std::vector<std::string>& keys,
                                                          joint_verdict decided);

} // namespace detail

/// True if the text may be an entity key: 1 to 200 bytes of UTF-8 without control characters.
/// For services that take names which another service will use as keys.
[[nodiscard]] bool is_entity_key(std::string_view text);

/// The most entities that one command may name.
inline constexpr std::size_t most_keys = 1000;

/// Builds a service_definition. State is a struct with a `void apply(const Event&)` for every
/// outcome of its deciders. Every function throws errc::bad_definition for a command taken twice
/// or a name that does not match `[a-z][a-z0-9_]*`.
template <class State = no_state>
class service {
public:
  explicit service(std::string name) : definition_(detail::make_service(std::move(name))) {
    definition_.initial = [] { return std::any(State{}); };
  }

  /// Takes Command for the entity that `key` (a member, or a function of the command) names.
  /// `decide(const State&, const Command&)` is pure and returns a decision<...>.
  template <message_struct Command, class Key, class Decide>
  service on(Key key, Decide decide) && {
    command_handler handler = decider<Command>(std::move(decide));
    handler.key = key_function<Command>(std::move(key));
    detail::add_handler(definition_, std::move(handler));
    return std::move(*this);
  }
  /// The same without a key: each process instance has an entity of its own.
  template <message_struct Command, class Decide>
  service on(Decide decide) && {
    detail::add_handler(definition_, decider<Command>(std::move(decide)));
    return std::move(*this);
  }

  /// Takes Command for several entities at once. `keys_of` (a member, or a function of the command)
  /// gives their keys: 1 to `most_keys`, none twice; the first is the command's *home*, where its
  /// refusal, and that it was handled at all, are recorded. The same command must always give the
  /// same keys. `decide(const entities<State>&, const Command&)` is pure and returns a
  /// decision_on_all<...>: all of its events are recorded, each on its entity's stream, or none;
  /// and only if no state that the decision saw has changed meanwhile.
  template <message_struct Command, class Keys, class Decide>
  service on_all(Keys keys_of, Decide decide) && {
    static_assert(std::invocable<const Decide&, const entities<State>&, const Command&>,
                  "a decider over several takes (const entities<State>&, const Command&)");
    command_handler handler = typed<Command>();
    name_outcomes<std::invoke_result_t<const Decide&, const entities<State>&, const Command&>>(
        handler);
    handler.keys = [keys_of = std::move(keys_of)](const message& m) -> std::vector<std::string> {
      return std::invoke(keys_of, m.as<Command>());
    };
    handler.decide_all = [decide = std::move(decide)](const detail::entity_states& states,
                                                      const message& m) -> joint_verdict {
      return decide(entities<State>(states), m.as<Command>()).take();
    };
    detail::add_handler(definition_, std::move(handler));
    return std::move(*this);
  }

  /// Takes Command by work outside the journal: `call(const Command&, const effect_context&)`
  /// returns a decision<...>; it may block, and may run again after a crash with the same
  /// idempotency key. An exception is a failed attempt and is retried by the process's policy.
  template <message_struct Command, class Key, class Call>
  service effect(Key key, Call call) && {
    command_handler handler = caller<Command>(std::move(call));
    handler.key = key_function<Command>(std::move(key));
    detail::add_handler(definition_, std::move(handler));
    return std::move(*this);
  }
  template <message_struct Command, class Call>
  service effect(Call call) && {
    detail::add_handler(definition_, caller<Command>(std::move(call)));
    return std::move(*this);
  }

  /// How an effect command of unknown outcome is voided: `cancel(const Command&, const
  /// effect_context&)` reverts the effect of that idempotency key if there was one, and blocks the
  /// key for later. It must tolerate a key that was never seen. Name it after the effect.
  template <message_struct Command, class Cancel>
  service cancels(Cancel cancel) && {
    const auto found = definition_.handlers.find(type_of<Command>().name);
    if (found == definition_.handlers.end() || !found->second.effect)
      throw error(errc::bad_definition, "service '" + definition_.name + "': cancels<" +
                                            std::string(type_of<Command>().name) +
                                            "> needs an effect of that command before it");
    found->second.cancel = [cancel = std::move(cancel)](const message& m, const effect_context& c) {
      cancel(m.as<Command>(), c);
    };
    return std::move(*this);
  }

  /// Declares an event that only old journals hold, so that the state can still be folded.
  template <message_struct Event>
  service folds() && {
    add_fold<Event>();
    return std::move(*this);
  }

  /// A policy: whenever Event is recorded, by any service, this service is given the command that
  /// `react(const Event&)` returns: a Command of its own, or a std::optional<Command> (none:
  /// nothing to do). `react` is pure.
  ///
  /// The policy has the name `<service>:<event>` and a checkpoint of its own, as a subscription has
  /// (see subscription.hpp), ordered by correlation. It begins behind the newest event that the
  /// journal has when the policy is first there at a start. It is done with an event when the
  /// outcome of the command is durable: events, a refusal, or nothing to do. The command's id
  /// follows from policy and event, so a repeat is answered with the outcome that it had. No
  /// answer: it is given again. What throws, here or in the service, is tried again five times;
  /// then the event is parked (see runtime::parked). The command belongs to the event's flow, and
  /// waits for no credit.
  ///
  /// A policy whose command leads, by itself or through others, to its own event again runs for
  /// ever unless some function returns no command: the start logs a warning.
  template <message_struct Event, class React>
  service reacts(React react) && {
    static_assert(std::invocable<const React&, const Event&>,
                  "a policy's function takes (const Event&)");
    using given = std::invoke_result_t<const React&, const Event&>;
    using command = typename detail::given_command<given>::type;
    static_assert(
        message_struct<command>,
        "a policy's function returns a command of the service, or a std::optional of one");
    policy_definition policy{&type_of<Event>(), &type_of<command>(), {}};
    policy.react = [react = std::move(react)](const message& m) -> message {
      auto made = react(m.as<Event>());
      if constexpr (std::same_as<given, command>)
        return message(std::move(made));
      else
        return made ? message(*std::move(made)) : message();
    };
    detail::add_policy(definition_, std::move(policy));
    return std::move(*this);
  }

  /// Throws errc::bad_definition when a policy's command is none of the service's.
  operator service_definition() && { // NOLINT(google-explicit-constructor): ends the builder
    detail::check_policies(definition_);
    return std::move(definition_);
  }

private:
  template <message_struct Command, class Key>
  static auto key_function(Key key) {
    return [key = std::move(key)](const message& m) -> std::string {
      return std::invoke(key, m.as<Command>());
    };
  }

  template <message_struct Command, class Decide>
  command_handler decider(Decide decide) {
    constexpr bool with_state = std::invocable<const Decide&, const State&, const Command&>;
    command_handler handler = typed<Command>();
    if constexpr (with_state) {
      name_outcomes<std::invoke_result_t<const Decide&, const State&, const Command&>>(handler);
      handler.decide = [decide = std::move(decide)](const std::any& state, const message& m) {
        return decide(*std::any_cast<State>(&state), m.as<Command>()).take();
      };
    } else {
      static_assert(std::invocable<const Decide&, const Command&>,
                    "a decider takes (const State&, const Command&) or (const Command&)");
      name_outcomes<std::invoke_result_t<const Decide&, const Command&>>(handler);
      handler.decide = [decide = std::move(decide)](const std::any&, const message& m) {
        return decide(m.as<Command>()).take();
      };
    }
    return handler;
  }

  template <message_struct Command, class Call>
  command_handler caller(Call call) {
    static_assert(std::invocable<const Call&, const Command&, const effect_context&>,
                  "an effect takes (const Command&, const effect_context&)");
    command_handler handler = typed<Command>();
    name_outcomes<std::invoke_result_t<const Call&, const Command&, const effect_context&>>(
        handler);
    handler.effect = [call = std::move(call)](const message& m, const effect_context& c) {
      return call(m.as<Command>(), c).take();
    };
    return handler;
  }

  template <message_struct Command>
  command_handler typed() {
    command_handler handler;
    handler.command = &type_of<Command>();
    definition_.types.push_back(handler.command);
    return handler;
  }

  template <class Decision>
  void name_outcomes(command_handler& handler) {
    detail::decision_of<Decision>::for_each_event([&]<class Event>(const Event*) {
      handler.outcomes.push_back(&type_of<Event>());
      add_fold<Event>();
    });
  }

  template <message_struct Event>
  void add_fold() {
    definition_.types.push_back(&type_of<Event>());
    if constexpr (!std::same_as<State, no_state>) {
      static_assert(
          requires(State state, const Event& event) { state.apply(event); },
          "the service's state needs `void apply(const Event&)` for this outcome");
      definition_.folds.insert_or_assign(std::string(type_of<Event>().name),
                                         [](std::any& state, const message& m) {
                                           std::any_cast<State>(&state)->apply(m.as<Event>());
                                         });
    }
  }

  service_definition definition_;
};

} // namespace ensemble
