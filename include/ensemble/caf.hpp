#pragma once

#include <ensemble/runtime.hpp>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>

#include <atomic>
#include <mutex>

// For programs that have CAF actors (0.17) of their own: a runtime inside their actor system,
// commands from their actors, and their actors as services. The only public header that includes
// CAF; link `ensemble::caf` for it. All messages declared here are for actors of this process: CAF
// cannot send them over a network.

namespace ensemble {

// --- a runtime in the host program's actor system ---

/// Lets the runtime spawn its actors in that system, in place of one of its own; then the system's
/// workers run them, and runtime_options::threads means nothing. Before start(), else throws
/// errc::wrong_state. The system must outlive the runtime, and stays as it is when the runtime
/// stops: `stop` ends the runtime's own actors, and its destructor waits for them, for nobody
/// else. Several runtimes may live in one system.
///
/// Configure the system with `scheduler.policy` `sharing` and `scheduler.max-throughput` 100, and
/// with two workers at least: CAF's defaults let one busy pair of actors starve all others, and
/// then deadlines fire late. Never call a blocking function of the runtime (start, stop, await,
/// future::get) from an actor that shares the workers.
void use_actor_system(runtime& r, caf::actor_system& system);

// --- commands from an actor ---

/// To an actor that gave a command by send_from: exactly one of the two is there.
struct command_receipt {
  std::uint64_t tag = 0; ///< as it was given to send_from
  std::optional<receipt> result{};
  std::optional<error> failure{}; ///< see runtime::send; never a business refusal
};

/// As runtime::send, for actors: never blocks, never throws, and tells `self` by one
/// command_receipt, whatever happens: also when the command is refused at the door, and when the
/// runtime stops or fails. Without a free credit that is errc::overloaded at once (when_busy is
/// not looked at). `self` is the pointer or the handle of any actor; it is kept alive until it is
/// told. The tag is the actor's own, to know its commands apart by.
void send_from(const caf::actor& self, runtime& r, std::string_view service, message command,
               send_options options = {}, std::uint64_t tag = 0);

/// To an actor that waits by await_from.
struct process_outcome {
  std::uint64_t tag = 0; ///< as it was given to await_from
  outcome result{};
};

/// As runtime::await, for actors: never blocks, never throws, and tells `self` by one
/// process_outcome; `unknown` also when the runtime was stopped or has failed.
void await_from(const caf::actor& self, runtime& r, const receipt& of, duration timeout,
                std::uint64_t tag = 0);

// --- an actor as a service ---

namespace detail {

/// What is asked of a hosted actor; shared by the copies of its message. Whoever drops the last
/// copy without an answer has broken the promise, and the attempt has failed.
template <class Command, class Answer>
struct actor_request {
  Command command{};
  effect_context context{};
  std::promise<Answer> answer{};
  std::atomic_flag answered{};
};

/// What actor_command and actor_cancel have in common. A copy is a pointer; safe to use from
/// several threads.
template <class Command, class Answer>
class actor_message {
public:
  using request = actor_request<Command, Answer>;
  explicit actor_message(std::shared_ptr<request> asked) : request_(std::move(asked)) {}

  [[nodiscard]] const Command& command() const noexcept { return request_->command; }
  /// The idempotency key: the same for every attempt, and for the cancel.
  [[nodiscard]] const effect_context& context() const noexcept { return request_->context; }
  /// It could not be done this time, for that reason: the attempt has failed.
  void fail(const std::string& reason) const {
    if (first())
      request_->answer.set_exception(std::make_exception_ptr(error(errc::handler_failed, reason)));
  }

protected:
  [[nodiscard]] bool first() const noexcept { return !request_->answered.test_and_set(); }
  std::shared_ptr<request> request_;
};

/// A hosted actor, as the effect threads see it. Safe to use from several threads.
class hosted_actor {
public:
  /// Throws errc::bad_definition for no function or no time.
  hosted_actor(std::string service, std::function<caf::actor()> spawn, duration within);

  /// Sends the actor a message about `command` and waits for the answer. Throws
  /// errc::handler_failed when there is none in time or never will be.
  template <class ActorMessage, class Command, class Answer>
  Answer ask(const Command& command, const effect_context& context) {
    auto request = std::make_shared<actor_request<Command, Answer>>();
    request->command = command;
    request->context = context;
    auto answer = request->answer.get_future();
    give(caf::make_message(ActorMessage(std::move(request))));
    if (answer.wait_for(within_) != std::future_status::ready) throw late();
    try {
      return answer.get();
    } catch (const std::future_error&) {
      throw dropped();
    }
  }

private:
  void give(caf::message what);
  [[nodiscard]] error late() const;
  [[nodiscard]] error dropped() const;

  const std::string service_;
  const std::function<caf::actor()> spawn_;
  const duration within_;
  std::mutex mutex_; ///< of the two below
  caf::actor actor_{};
  std::shared_ptr<std::atomic<bool>> gone_{};
};

} // namespace detail

/// A command to a hosted actor, as a CAF message. The actor handles `const actor_command<...>&`,
/// and answers, now or later, it or whoever it gives a copy to: by `answer` or by `fail`. The
/// first answer counts; dropping the last copy without one is a failed attempt, and so is the
/// actor's death.
template <message_struct Command, message_struct... Outcomes>
class actor_command : public detail::actor_message<Command, decision<Outcomes...>> {
public:
  using command_type = Command;
  using decision_type = decision<Outcomes...>;
  using detail::actor_message<Command, decision_type>::actor_message;

  /// What came of it: any of the outcomes, a rejection, or nothing to do (`{}`).
  void answer(decision_type decided) const {
    if (this->first()) this->request_->answer.set_value(std::move(decided));
  }
};

/// To a hosted actor: make sure that the effect of this command's idempotency key is not there,
/// and never will be; also if the key was never seen, or its work still goes on. Then `done`.
template <message_struct Command>
class actor_cancel : public detail::actor_message<Command, void> {
public:
  using detail::actor_message<Command, void>::actor_message;

  void done() const {
    if (this->first()) this->request_->answer.set_value();
  }
};

/// Builds the definition of a service whose commands are carried out by an actor, as work outside
/// the journal (see service::effect, whose promises and limits hold): the actor gets an
/// actor_command, and what it answers is recorded. With `State` the outcomes are folded, and can
/// be queried.
///
///     using charge_card = actor_command<charge, charged, declined>;
///     runtime.host(actor_service("card", [&] { return system.spawn(card); }, 5s)
///                      .takes<charge_card>(&charge::id)
///                      .cancels<charge>());
///
/// What it costs: each command holds one of the runtime's effect threads until it is answered or
/// the time is over (which also holds up `stop`), so at most runtime_options::effect_threads
/// are at work at once. A failed attempt is repeated by the process's policy under the same
/// idempotency key; after one that was late the earlier work may still go on in the actor, which
/// therefore must know its keys. A late answer is dropped. Throws as service does.
template <class State = no_state>
class actor_service {
public:
  /// `spawn` makes the actor: before the first command, and again when it has died. It is called
  /// on an effect thread, never twice at once; an exception or no actor is a failed attempt. The
  /// definition and its copies hold the actor: the runtime lets go of it when it is destroyed.
  /// `within`: how long an attempt may take; less than the steps' `attempt_within`, best.
  actor_service(std::string name, std::function<caf::actor()> spawn, duration within)
      : builder_(name),
        actor_(std::make_shared<detail::hosted_actor>(std::move(name), std::move(spawn), within)) {}
  /// An actor of the host program. When it has died, every attempt fails.
  actor_service(std::string name, caf::actor actor, duration within)
      : actor_service(
            std::move(name), [actor = std::move(actor)] { return actor; }, within) {}

  /// Takes the command of an actor_command for the entity that `key` (a member, or a function of
  /// the command) names.
  template <class ActorCommand, class Key>
  actor_service takes(Key key) && {
    return {std::move(builder_).template effect<typename ActorCommand::command_type>(
                std::move(key), call<ActorCommand>()),
            std::move(actor_)};
  }
  /// The same without a key: each process instance has an entity of its own.
  template <class ActorCommand>
  actor_service takes() && {
    return {std::move(builder_).template effect<typename ActorCommand::command_type>(
                call<ActorCommand>()),
            std::move(actor_)};
  }

  /// The actor takes actor_cancel<Command>, too. Name it after the command. Without it a command
  /// of unknown outcome leaves its process stuck.
  template <message_struct Command>
  actor_service cancels() && {
    auto cancel = [actor = actor_](const Command& c, const effect_context& x) {
      actor->template ask<actor_cancel<Command>, Command, void>(c, x);
    };
    return {std::move(builder_).template cancels<Command>(std::move(cancel)), std::move(actor_)};
  }

  operator service_definition() && { // NOLINT(google-explicit-constructor): ends the builder
    return std::move(builder_);
  }

private:
  actor_service(service<State> builder, std::shared_ptr<detail::hosted_actor> actor)
      : builder_(std::move(builder)), actor_(std::move(actor)) {}

  template <class ActorCommand>
  auto call() const {
    using command = typename ActorCommand::command_type;
    using answer = typename ActorCommand::decision_type;
    return [actor = actor_](const command& c, const effect_context& x) -> answer {
      return actor->template ask<ActorCommand, command, answer>(c, x);
    };
  }

  service<State> builder_;
  std::shared_ptr<detail::hosted_actor> actor_;
};

} // namespace ensemble

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::command_receipt)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::process_outcome)

namespace caf {

template <class Command, class... Outcomes>
struct allowed_unsafe_message_type<ensemble::actor_command<Command, Outcomes...>> : std::true_type {
};
template <class Command>
struct allowed_unsafe_message_type<ensemble::actor_cancel<Command>> : std::true_type {};

} // namespace caf
