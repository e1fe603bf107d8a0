#pragma once

#include <ensemble/process.hpp>
#include <ensemble/service.hpp>

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ensemble {

/// What a failed check throws, unless a failure handler is installed. The text begins with the
/// file and line of the `given` or `play` that it belongs to.
class test_failure : public std::exception {
public:
  explicit test_failure(std::string what) : what_(std::move(what)) {}
  [[nodiscard]] const char* what() const noexcept override { return what_.c_str(); }

private:
  std::string what_;
};

/// Called instead of throwing test_failure; an empty function restores the throwing. So GoogleTest
/// users get a plain failure at the right line:
///
///     set_test_failure_handler([](const std::string& text, const char* file, int line) {
///       ADD_FAILURE_AT(file, line) << text;
///     });
///
/// After it returns, the rest of that check does nothing. Safe to call from several threads.
using test_failure_handler =
    std::function<void(const std::string& text, const char* file, int line)>;
void set_test_failure_handler(test_failure_handler handler);

/// A service, and the place in the test that names it. Made in passing from a service_definition
/// or from a service builder that was not ended yet.
struct located_service {
  service_definition service;
  const char* file;
  int line;

  template <std::convertible_to<service_definition> Service>
  located_service( // NOLINT(google-explicit-constructor): takes down the caller's place
      Service from, const char* at_file = __builtin_FILE(), int at_line = __builtin_LINE())
      : service(std::move(from)), file(at_file), line(at_line) {}
};

namespace detail {
struct service_test; // what is being checked, and whether it has failed already
}

/// What became of the command; made by `given(...).when(...)`. End the check with one of these.
class [[nodiscard]] when_clause {
public:
  explicit when_clause(std::shared_ptr<detail::service_test> test) : test_(std::move(test)) {}

  /// Exactly these events, in this order. Of a command over several entities each one is
  /// `on(key, event)`, without a key on the home; on one entity's stream their order matters.
  template <class... Events>
  requires(sizeof...(Events) > 0) void then(Events... events) {
    expect_events({placed(std::move(events))...});
  }
  /// A refusal with exactly this reason.
  void then_rejected(const std::string& reason);
  /// Neither an event nor a refusal.
  void then_nothing() { expect_events({}); }

private:
  using placed_event = joint_verdict::placed_event;
  template <message_struct Event>
  static placed_event placed(Event event) {
    return {{}, message(std::move(event))};
  }
  template <message_struct Event>
  static placed_event placed(event_on<Event> event) {
    return {std::move(event.key), message(std::move(event.event))};
  }
  void expect_events(std::vector<placed_event> expected);

  std::shared_ptr<detail::service_test> test_;
};

/// What a policy made of an event; made by `given(...).event(...)`.
class [[nodiscard]] event_clause {
public:
  explicit event_clause(std::shared_ptr<detail::service_test> test) : test_(std::move(test)) {}

  /// It gives its service exactly this command.
  void reacts_with(const message& command);
  void reacts_with_nothing();

private:
  std::shared_ptr<detail::service_test> test_;
};

/// A service with a history; made by `given`.
class [[nodiscard]] given_clause {
public:
  given_clause(located_service service, std::vector<message> history);

  /// The history of one entity, for services whose commands concern several. Those that are not
  /// named have none.
  template <message_struct... Events>
  given_clause entity(const std::string& key, Events... history) {
    return with_entity(key, {message(std::move(history))...});
  }

  /// Gives the command: decides it on the state that the history left, or runs its effect with the
  /// idempotency key. What the handler throws is handed on.
  when_clause when(const message& command, const std::string& idempotency_key = "test");

  /// The event happens, and the service's policy on it (service::reacts) is asked for its command.
  /// The service must take that, or the check fails. What the policy throws is handed on.
  event_clause event(const message& e);

private:
  given_clause with_entity(const std::string& key, const std::vector<message>& history);

  std::shared_ptr<detail::service_test> test_;
};

/// Begins the check of a service's decision; needs no journal, actor or test framework:
///
///     given(payment_service(limits), payment_authorised{"o1", "p1", 20_eur})
///         .when(refund_payment{"o1", "p1"})
///         .then(payment_refunded{"o1"});
///
/// A command over several entities is decided on the histories that are given by key:
///
///     given(stock_service())
///         .entity("lamp", item_stocked{"lamp", 5})
///         .when(reserve_stock{"o1", {{"lamp", 1}, {"rope", 2}}})
///         .then(on("lamp", ...), on("rope", ...));
///
/// A policy is checked by what it makes of an event:
///
///     given(mailing_service()).event(order_confirmed{"o1"}).reacts_with(send_mail{"o1"});
///
/// Every message is taken through its JSON text and back on its way, as a journal would. An event
/// that the service does not know, a command that it does not take and bad entity keys fail.
template <message_struct... Events>
given_clause given(located_service service, Events... history) {
  return given_clause(std::move(service), {message(std::move(history))...});
}

/// A process, and the place in the test that names it. Made in passing from a process_definition
/// or from a process builder that was not ended yet; hands on errc::bad_definition.
struct located_process {
  process_definition process;
  const char* file;
  int line;

  template <std::convertible_to<process_definition> Process>
  located_process( // NOLINT(google-explicit-constructor): takes down the caller's place
      Process from, const char* at_file = __builtin_FILE(), int at_line = __builtin_LINE())
      : process(std::move(from)), file(at_file), line(at_line) {}
};

namespace detail {
struct process_test; // the instance so far, and what became due that was not named yet
}

/// A script of one process instance; made by `play`. Its verbs are of three kinds.
///
/// What happens: `event`, `answers`, `rejects`, `acknowledges`, `voided`, `fails_attempt`,
/// `times_out`. Where a verb takes the name of a step, that is the step whose command is
/// outstanding (its do or its undo; "" for the process's last word); without a name exactly one
/// command must be outstanding, or the check fails and asks for the name.
///
/// What the process wants then: `asks`, `closes`, `asks_nothing`. Every command that became due
/// must be named before anything else happens, and before the script ends; in any order, as
/// independent branches have none. A command that is only given again (the same request, after a
/// failed attempt) did not become due; a new try of a refused one did.
///
/// How it stands at the end: `completed`, `compensated`, `stuck`, `running`. A script without one
/// of them says nothing of what became due at its end, beyond what it named.
class play_clause {
public:
  explicit play_clause(located_process process);

  /// The first one starts the instance. Each further one is the outcome of the one outstanding
  /// command that declares it: a step's success or failure, its undone event, or the event of
  /// complete or abort. Where several declare it, say `answers`. Or it is an outside event that a
  /// step awaits, with the key that it awaits.
  play_clause event(const message& e);
  /// The command of that step is answered with these events, all of one decision; they need not
  /// be declared.
  template <message_struct... Events>
  requires(sizeof...(Events) > 0) play_clause answers(const std::string& step, Events... events) {
    return answered(step, {message(std::move(events))...});
  }
  /// The service refuses the command.
  play_clause rejects(const std::string& why);
  play_clause rejects(const std::string& step, const std::string& why);
  /// The service had nothing to do.
  play_clause acknowledges();
  play_clause acknowledges(const std::string& step);
  /// The command that is being closed had no outcome, and is refused for ever from now on. (If it
  /// had one after all, say that outcome instead.)
  play_clause voided(const std::string& step);
  /// An attempt has no answer in time. When the last one fails, the step has failed.
  play_clause fails_attempt(const std::string& step);
  /// The step's deadline (`within`) passes.
  play_clause times_out(const std::string& step);
  /// The process's deadline passes.
  play_clause times_out();

  /// This command became due, of this service.
  play_clause asks(const std::string& service, const message& command);
  /// A close of that step's command became due: its outcome is unknown, and must be settled.
  play_clause closes(const std::string& step);
  /// Nothing became due that was not named.
  play_clause asks_nothing();

  /// The instance ended well, or was undone.
  void completed();
  void compensated();
  /// It needs an operator, for a reason that contains this.
  void stuck(const std::string& part_of_the_reason = {});
  /// It waits for something, and needs no operator.
  void running();

private:
  play_clause answered(const std::string& step, std::vector<message> events);

  std::shared_ptr<detail::process_test> test_;
};

/// Begins the check of a process, without services, journal, actors or a clock:
///
///     play(order_fulfilment())
///         .event(order_created{"o1", 20_eur})
///         .asks("payment", authorise_payment{"o1", 20_eur})
///         .event(payment_declined{"o1", "over limit"})
///         .asks("order", cancel_order{"o1", "over limit"})
///         .event(order_cancelled{"o1"})
///         .compensated();
///
/// Every message is taken through its JSON text and back on its way, as a journal would. The
/// process decides as it does in a runtime, conducted or danced.
[[nodiscard]] inline play_clause play(located_process process) {
  return play_clause(std::move(process));
}

} // namespace ensemble
