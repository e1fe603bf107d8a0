#pragma once

#include <ensemble/identity.hpp>
#include <ensemble/message.hpp>

#include <any>
#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace ensemble {

using duration = std::chrono::nanoseconds;

/// How often a command is given before it counts as failed, and how long to wait in between. It
/// holds for a step's do and undo, for complete and for abort.
struct retry_policy {
  /// How many attempts in all, the first included. At least 1.
  int attempts = 5;
  /// No answer for this long is a failed attempt. 0: the step's `within` / attempts, or 5 s.
  duration attempt_within{};
  /// The delay before the second attempt. It doubles for each further one (with jitter on top,
  /// at most a quarter), up to max_delay.
  duration first_delay = std::chrono::milliseconds(100);
  duration max_delay = std::chrono::seconds(5);
};

/// An event that a step waits for, and what the process remembers of it.
struct outcome_definition {
  const message_type* event{};
  /// Folds the event into the process's state. May be empty.
  std::function<void(std::any& state, const message&)> fold{};
};

/// A command as a pure function of the process's state.
struct request_definition {
  std::string service{};
  const message_type* command{};
  std::function<message(const std::any& state)> make{};
  /// Empty function: the request is not made by this process.
  [[nodiscard]] explicit operator bool() const noexcept { return make != nullptr; }
};

/// An outside event that a step waits for: one that is not the direct effect of a command of the
/// process (an approval, a webhook, a broker's message). Matched by its type and by key.
struct awaited_definition {
  outcome_definition outcome{};
  /// The key in the event, and the one that the process waits for. The latter is evaluated once,
  /// when the step becomes due.
  std::function<std::string(const message&)> key_of_event{};
  std::function<std::string(const std::any& state)> key_of_state{};
  bool success = true; ///< else the event means that the step has failed
};

/// One step of a process: either what it asks of which service, what the answers mean, and how it
/// is undone; or which outside events it awaits.
struct step_definition {
  std::string name{};
  std::vector<std::size_t> after{}; ///< indices of the steps that must be done before
  /// Whether the step is to happen; empty: always. Evaluated once, when it would become due.
  std::function<bool(const std::any& state)> only_if{};
  duration delay{};                          ///< how long after it became due it is asked
  request_definition ask{};                  ///< none: the step awaits
  std::vector<awaited_definition> awaited{}; ///< empty: the step asks
  std::vector<outcome_definition> successes{};
  std::vector<outcome_definition> failures{};
  request_definition undo{}; ///< asked of the same service
  outcome_definition undone{};
  bool needs_no_undo{}; ///< its effect may stay when the process is compensated
  bool pivot{};
  /// 0: no limit. Spans all attempts of the do, from the event that made it due, or from the end of
  /// its delay.
  duration within{};
  retry_policy retries{};

  /// True if it waits for outside events instead of asking.
  [[nodiscard]] bool awaits() const noexcept { return !awaited.empty(); }
  /// What an event of that name means as its success, asked or awaited; or null.
  [[nodiscard]] const outcome_definition* success_on(std::string_view event) const noexcept;
};

/// How the instances of a process are run. Both modes share the fold and what is due, so an order
/// ends the same in either.
enum class process_mode {
  orchestration, ///< conducted: a process manager commands all services
  choreography,  ///< danced: a participant of each service does what is due from its own
};

/// The name of a mode, as in `choreography`.
[[nodiscard]] std::string_view to_string(process_mode mode) noexcept;

/// A process: data and pure functions, run by any of the modes. A value. Made by
/// `process<State>("name", "owner")`.
struct process_definition {
  std::string name{};
  std::string owner{}; ///< the service that confirms or cancels, and keeps the deadlines
  int version = 1;
  duration deadline{}; ///< 0: none. Runs from the start event
  std::function<std::any()> initial{};
  outcome_definition start{};
  std::vector<step_definition> steps{};
  request_definition complete{};
  outcome_definition completed{};
  request_definition abort{};
  outcome_definition aborted{};
  retry_policy retries{}; ///< of complete and abort
  std::vector<const message_type*> types{};

  [[nodiscard]] std::optional<std::size_t> find_step(std::string_view step) const noexcept;
};

/// Checks what can be told without running anything: names, dependencies (known, without cycles),
/// at least one step, steps that either ask or await, a pivot not parallel to another step,
/// durations between 0 and ten years. Throws errc::bad_definition, naming the step and the remedy.
/// (`check` proves more.)
void validate(const process_definition& process);

namespace detail {

template <class State, class Fold, message_struct Event>
std::function<void(std::any&, const message&)> erase_fold(Fold fold) {
  static_assert(std::is_invocable_v<const Fold&, State&, const Event&>,
                "a fold takes (State&, const Event&)");
  return [fold = std::move(fold)](std::any& state, const message& m) {
    fold(*std::any_cast<State>(&state), m.as<Event>());
  };
}

template <class State, class Make>
request_definition erase_request(std::string service, Make make) {
  static_assert(std::is_invocable_v<const Make&, const State&>,
                "a request takes (const State&) and returns the command");
  using command = std::decay_t<std::invoke_result_t<const Make&, const State&>>;
  static_assert(message_struct<command>, "a request returns a struct with ENSEMBLE_MESSAGE");
  return {std::move(service), &type_of<command>(), [make = std::move(make)](const std::any& state) {
            return message(make(*std::any_cast<State>(&state)));
          }};
}

template <class State, message_struct Event, class EventKey, class StateKey>
awaited_definition erase_awaited(EventKey key_of_event, StateKey key_of_state, bool success) {
  static_assert(std::is_invocable_r_v<std::string, const EventKey&, const Event&>,
                "the event's key is a member of the event, or a function of it, and a string");
  static_assert(std::is_invocable_r_v<std::string, const StateKey&, const State&>,
                "the awaited key is a member of the state, or a function of it, and a string");
  awaited_definition awaited;
  awaited.outcome.event = &type_of<Event>();
  awaited.key_of_event = [key = std::move(key_of_event)](const message& m) -> std::string {
    return std::invoke(key, m.as<Event>());
  };
  awaited.key_of_state = [key = std::move(key_of_state)](const std::any& state) -> std::string {
    return std::invoke(key, *std::any_cast<State>(&state));
  };
  awaited.success = success;
  return awaited;
}

/// Finds the indices of the named steps; throws errc::bad_definition for one not defined before.
std::vector<std::size_t> steps_named(const process_definition& process, const std::string& step,
                                     std::initializer_list<std::string_view> names);

} // namespace detail

template <class State>
class step_builder;

/// Builds a process_definition. State is what the process remembers of its events; default
/// constructed and copyable. Verbs may come in any order, but a step is named by `after` only
/// behind its own definition.
template <class State>
class process {
public:
  process(std::string name, std::string owner) {
    definition_.name = std::move(name);
    definition_.owner = std::move(owner);
    definition_.initial = [] { return std::any(State{}); };
  }

  /// Which version of the definition this is; raise it when the structure changes. Instances run
  /// under the version that was deployed when they began: give the runtime the older versions too
  /// for as long as it has open instances of them.
  process version(int n) && {
    definition_.version = n;
    return std::move(*this);
  }
  /// How long the whole process may take before it is compensated, from its start event.
  process deadline(duration d) && {
    definition_.deadline = d;
    return std::move(*this);
  }
  /// How complete and abort are retried.
  process retries(retry_policy policy) && {
    definition_.retries = policy;
    return std::move(*this);
  }
  /// Which event starts an instance: one instance for each such event.
  template <message_struct Event, class Fold>
  process starts_on(Fold fold) && {
    definition_.start = outcome<Event>(std::move(fold));
    return std::move(*this);
  }
  /// Adds a step. It begins at once unless `after` names others.
  step_builder<State> step(std::string name) &&;
  /// The last word after success: a command to the owner, and the event that says it is done.
  template <message_struct Event, class Make>
  process completes(Make make) && {
    definition_.complete = request(definition_.owner, std::move(make));
    definition_.completed = outcome<Event>();
    return std::move(*this);
  }
  /// The last word after compensation.
  template <message_struct Event, class Make>
  process aborts(Make make) && {
    definition_.abort = request(definition_.owner, std::move(make));
    definition_.aborted = outcome<Event>();
    return std::move(*this);
  }
  /// Ends the builder. Throws errc::bad_definition (see validate).
  operator process_definition() && { // NOLINT(google-explicit-constructor)
    validate(definition_);
    return std::move(definition_);
  }

private:
  friend class step_builder<State>;

  template <message_struct Event>
  outcome_definition outcome() {
    definition_.types.push_back(&type_of<Event>());
    return {&type_of<Event>(), {}};
  }
  template <message_struct Event, class Fold>
  outcome_definition outcome(Fold fold) {
    definition_.types.push_back(&type_of<Event>());
    return {&type_of<Event>(), detail::erase_fold<State, Fold, Event>(std::move(fold))};
  }
  template <class Make>
  request_definition request(std::string service, Make make) {
    auto made = detail::erase_request<State>(std::move(service), std::move(make));
    definition_.types.push_back(made.command);
    return made;
  }

  process_definition definition_;
};

/// The verbs of one step; `step`, `completes`, `aborts` and the end of the builder lead back to
/// the process.
template <class State>
class step_builder {
public:
  explicit step_builder(process<State> all) : process_(std::move(all)) {}

  /// The steps that must be done before this one begins.
  template <class... Names>
  step_builder after(const Names&... names) && {
    auto& definition = process_.definition_;
    step().after = detail::steps_named(definition, step().name, {std::string_view(names)...});
    return std::move(*this);
  }
  /// The step happens only if `predicate(const State&)` is true when it would become due; else it
  /// is passed over, and what comes after it may begin.
  template <class Predicate>
  step_builder only_if(Predicate predicate) && {
    static_assert(std::is_invocable_r_v<bool, const Predicate&, const State&>,
                  "a condition takes (const State&) and returns a bool");
    step().only_if = [predicate = std::move(predicate)](const std::any& state) -> bool {
      return predicate(*std::any_cast<State>(&state));
    };
    return std::move(*this);
  }
  /// The step is asked so long after it became due. Durable: the delay holds across restarts.
  step_builder delayed_by(duration d) && {
    step().delay = d;
    return std::move(*this);
  }
  /// The step asks nothing: it waits for an outside Event whose key (a member or a function of it)
  /// equals that of the process (a member or a function of its state). The first such event that
  /// nobody took yet counts, also one from before the step became due. One that fits several
  /// instances is parked. May be given for several events.
  template <message_struct Event, class EventKey, class StateKey>
  step_builder awaits(EventKey key_of_event, StateKey key_of_state) && {
    await_event<Event>(std::move(key_of_event), std::move(key_of_state), true);
    return std::move(*this);
  }
  template <message_struct Event, class EventKey, class StateKey, class Fold>
  step_builder awaits(EventKey key_of_event, StateKey key_of_state, Fold fold) && {
    await_event<Event>(std::move(key_of_event), std::move(key_of_state), true).fold =
        detail::erase_fold<State, Fold, Event>(std::move(fold));
    return std::move(*this);
  }
  /// The same for an outside event that means that the step has failed.
  template <message_struct Event, class EventKey, class StateKey>
  step_builder awaits_failure(EventKey key_of_event, StateKey key_of_state) && {
    await_event<Event>(std::move(key_of_event), std::move(key_of_state), false);
    return std::move(*this);
  }
  template <message_struct Event, class EventKey, class StateKey, class Fold>
  step_builder awaits_failure(EventKey key_of_event, StateKey key_of_state, Fold fold) && {
    await_event<Event>(std::move(key_of_event), std::move(key_of_state), false).fold =
        detail::erase_fold<State, Fold, Event>(std::move(fold));
    return std::move(*this);
  }
  /// What is asked of which service; evaluated once, when the step becomes due.
  template <class Make>
  step_builder asks(std::string service, Make make) && {
    step().ask = process_.request(std::move(service), std::move(make));
    return std::move(*this);
  }
  /// The event that means success. Without any, an acknowledged command is a success.
  template <message_struct Event>
  step_builder succeeds_on() && {
    step().successes.push_back(process_.template outcome<Event>());
    return std::move(*this);
  }
  template <message_struct Event, class Fold>
  step_builder succeeds_on(Fold fold) && {
    step().successes.push_back(process_.template outcome<Event>(std::move(fold)));
    return std::move(*this);
  }
  /// An event that means failure: what is done is then undone. A refusal is a failure unasked.
  template <message_struct Event>
  step_builder fails_on() && {
    step().failures.push_back(process_.template outcome<Event>());
    return std::move(*this);
  }
  template <message_struct Event, class Fold>
  step_builder fails_on(Fold fold) && {
    step().failures.push_back(process_.template outcome<Event>(std::move(fold)));
    return std::move(*this);
  }
  /// How the step is undone: a command to its service, and the event that says it is undone.
  template <message_struct Event, class Make>
  step_builder undone_by(Make make) && {
    step().undo = process_.request({}, std::move(make));
    step().undone = process_.template outcome<Event>();
    return std::move(*this);
  }
  /// The step's effect does no harm when the process fails later (a question, a notice): so nothing
  /// undoes it, and `check` asks for nothing.
  step_builder needs_no_undo() && {
    step().needs_no_undo = true;
    return std::move(*this);
  }
  /// After this step nothing is undone: what follows is retried, then stuck.
  step_builder pivot() && {
    step().pivot = true;
    return std::move(*this);
  }
  /// How long the step may take, all attempts included.
  step_builder within(duration d) && {
    step().within = d;
    return std::move(*this);
  }
  step_builder retries(retry_policy policy) && {
    step().retries = policy;
    return std::move(*this);
  }

  step_builder step(std::string name) && { return std::move(process_).step(std::move(name)); }
  template <message_struct Event, class Make>
  process<State> completes(Make make) && {
    return std::move(process_).template completes<Event>(std::move(make));
  }
  template <message_struct Event, class Make>
  process<State> aborts(Make make) && {
    return std::move(process_).template aborts<Event>(std::move(make));
  }
  operator process_definition() && { // NOLINT(google-explicit-constructor)
    return std::move(process_);
  }

private:
  step_definition& step() { return process_.definition_.steps.back(); }

  template <message_struct Event, class EventKey, class StateKey>
  outcome_definition& await_event(EventKey key_of_event, StateKey key_of_state, bool success) {
    process_.definition_.types.push_back(&type_of<Event>());
    step().awaited.push_back(detail::erase_awaited<State, Event>(std::move(key_of_event),
                                                                 std::move(key_of_state), success));
    return step().awaited.back().outcome;
  }

  process<State> process_;
};

template <class State>
step_builder<State> process<State>::step(std::string name) && {
  definition_.steps.push_back({});
  definition_.steps.back().name = std::move(name);
  return step_builder<State>(std::move(*this));
}

} // namespace ensemble
