#pragma once

#include <ensemble/runtime.hpp>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/fwd.hpp>
#include <caf/group.hpp>
#include <caf/make_message.hpp>
#include <caf/message.hpp>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// For programs that have CAF actors (0.17) of their own: a runtime inside their actor system,
// commands from their actors, events for them, and their actors as services. The only public header
// that includes CAF; link `ensemble::caf` for it. All messages declared here are for actors of this
// process: CAF cannot send them over a network.

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

// --- topics: events for an actor ---

/// Where the events of a topic_events message stand in the journal.
struct topic_place {
  /// No event of the topic lies between this position and the first one here: it is the newest
  /// event of the topic before these, or a later position where that is not known. Whoever has seen
  /// less has missed some.
  position previous{};
  position from{}; ///< the positions that were looked at: of a published message, one commit
  position to{};
  bool was_read = false; ///< it answers read_topic
  bool complete = true;  ///< of an answer: the journal had nothing further when it was read
};

/// To the members of a topic's group: the events of the topic that one commit recorded; also the
/// answer to read_topic. It shares the events with all others who see them: a copy is a pointer.
/// Safe to use from several threads.
class topic_events {
public:
  topic_events(std::string topic, topic_place place,
               std::shared_ptr<const std::vector<recorded_event>> events,
               std::vector<std::uint32_t> which,
               std::shared_ptr<std::atomic<std::size_t>> under_way = {})
      : content_(std::make_shared<content>(std::move(topic), place, std::move(events),
                                           std::move(which), std::move(under_way))) {}

  /// As it was asked for: a message's name, or a prefix with a star.
  [[nodiscard]] const std::string& topic() const noexcept { return content_->topic; }
  [[nodiscard]] const topic_place& place() const noexcept { return content_->place; }
  [[nodiscard]] std::size_t size() const noexcept { return content_->which.size(); }
  /// The n-th event of the topic in it, in journal order.
  [[nodiscard]] const recorded_event& operator[](std::size_t n) const {
    return (*content_->events)[content_->which[n]];
  }

private:
  struct content {
    content(std::string of, topic_place at, std::shared_ptr<const std::vector<recorded_event>> all,
            std::vector<std::uint32_t> those, std::shared_ptr<std::atomic<std::size_t>> count)
        : topic(std::move(of)),
          place(at),
          events(std::move(all)),
          which(std::move(those)),
          under_way(std::move(count)) {}
    ~content() {
      if (under_way) --*under_way;
    }
    content(const content&) = delete;
    content& operator=(const content&) = delete;

    std::string topic;
    topic_place place;
    std::shared_ptr<const std::vector<recorded_event>> events;
    std::vector<std::uint32_t> which;
    std::shared_ptr<std::atomic<std::size_t>> under_way;
  };
  std::shared_ptr<const content> content_;
};

/// The group of a topic (see topic): actors that `join` it get a topic_events message for each
/// commit with such events, after the commit, in journal order. For a topic that nobody has asked
/// for nothing is published. It works with any journal, `memory:` too, and without any process.
///
/// A group is not reliable, and needs not be: each message tells where it stands, and the journal
/// has the rest (read_topic; topic_cursor does it for you). What was recorded before an actor
/// joined, or while more than 1,000 messages of the topic were under way because a member did not
/// keep up, does not come by the group. A member that has let go of nothing for long thus makes all
/// members of its topic read.
///
/// Only for a runtime in the host program's actor system (use_actor_system), where the group lives:
/// CAF does not let an actor system end whose groups had members from another. It falls silent when
/// the runtime ends; an actor leaves it when it quits. Throws errc::bad_argument for what is no
/// topic, or one that no message known here belongs to; errc::wrong_state before the start, after
/// the stop, and in a system of the runtime's own.
[[nodiscard]] caf::group topic_group(runtime& r, std::string_view topic);

/// Reads the events of a topic behind a position: `self` gets one topic_events, with what the next
/// 1,024 events of the journal hold of it; read on from its `to` until it is `complete`. Never
/// blocks, never throws; a runtime that does not run, or a bad topic, is answered as a journal
/// without further events.
void read_topic(const caf::actor& self, runtime& r, std::string_view topic, position after);

/// Follows a topic for an actor that joined its group: gives it every event once and in order, and
/// reads the journal where the group left some out. A part of the actor's state; for one thread.
///
///     self->join(topic_group(runtime, "order_*"));
///     cursor.start(self);
///     return {[=](const topic_events& m) {
///       cursor.take(self, m, [](const recorded_event& e) { ... });
///     }};
class topic_cursor {
public:
  /// Gives what is recorded behind `seen`. The runtime must outlive it.
  topic_cursor(runtime& r, std::string topic, position seen = {})
      : runtime_(&r), topic_(std::move(topic)), seen_(seen) {}

  /// Begins with what the journal holds already. Without it that is read at the first message.
  void start(const caf::actor& self) { read_on(self); }

  /// Calls `handle(const recorded_event&)` for what is new in the message.
  template <class Handle>
  void take(const caf::actor& self, const topic_events& m, Handle handle) {
    const auto& place = m.place();
    if (m.topic() != topic_) return;
    if (place.was_read) reading_ = false;
    const auto before = seen_;
    newest_ = std::max(newest_, place.to);
    if (place.previous <= seen_) {
      for (std::size_t n = 0; n < m.size(); ++n)
        if (m[n].position > seen_) handle(m[n]);
      seen_ = std::max(seen_, place.to);
    }
    // A complete answer without anything new: the runtime has ended.
    if (place.was_read && place.complete && seen_ == before) return;
    if (newest_ > seen_ || !place.complete) read_on(self);
  }

  /// Every event of the topic up to here was given.
  [[nodiscard]] position seen() const noexcept { return seen_; }

private:
  void read_on(const caf::actor& self) {
    if (!std::exchange(reading_, true)) read_topic(self, *runtime_, topic_, seen_);
  }

  runtime* runtime_;
  std::string topic_;
  position seen_;
  position newest_{};
  bool reading_ = false;
};

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
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::topic_events)

namespace caf {

template <class Command, class... Outcomes>
struct allowed_unsafe_message_type<ensemble::actor_command<Command, Outcomes...>> : std::true_type {
};
template <class Command>
struct allowed_unsafe_message_type<ensemble::actor_cancel<Command>> : std::true_type {};

} // namespace caf
