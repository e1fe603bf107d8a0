#pragma once

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
/// file and line of the `given` that it belongs to.
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

  /// Exactly these events, in this order.
  template <message_struct... Events>
  requires(sizeof...(Events) > 0) void then(Events... events) {
    expect_events({message(std::move(events))...});
  }
  /// A refusal with exactly this reason.
  void then_rejected(const std::string& reason);
  /// Neither an event nor a refusal.
  void then_nothing() { expect_events({}); }

private:
  void expect_events(const std::vector<message>& expected);

  std::shared_ptr<detail::service_test> test_;
};

/// A service with a history; made by `given`.
class [[nodiscard]] given_clause {
public:
  given_clause(located_service service, std::vector<message> history);

  /// Gives the command: decides it on the state that the history left, or runs its effect with the
  /// idempotency key. What the handler throws is handed on.
  when_clause when(const message& command, const std::string& idempotency_key = "test");

private:
  std::shared_ptr<detail::service_test> test_;
};

/// Begins the check of a service's decision; needs no journal, actor or test framework:
///
///     given(payment_service(limits), payment_authorised{"o1", "p1", 20_eur})
///         .when(refund_payment{"o1", "p1"})
///         .then(payment_refunded{"o1"});
///
/// Every message is taken through its JSON text and back on its way, as a journal would. An event
/// that the service does not know, a command that it does not take and a bad entity key fail.
template <message_struct... Events>
given_clause given(located_service service, Events... history) {
  return given_clause(std::move(service), {message(std::move(history))...});
}

} // namespace ensemble
