#include "model/json_writer.hpp"
#include "model/testing_failure.hpp"
#include "model/testing_report.hpp"

#include <ensemble/testing.hpp>

#include <algorithm>

namespace ensemble {
namespace detail {

struct service_test {
  located_service at;
  std::any state{};
  std::size_t history = 0;
  std::string command{}; ///< as it appears in reports
  verdict decided{};
  bool failed = false;

  void fail(const std::string& why) {
    if (failed) return;
    failed = true; // before the handler, which may throw
    std::string text = "service '" + at.service.name + "', given " + std::to_string(history) +
                       (history == 1 ? " event" : " events");
    if (!command.empty()) text += ", when " + command;
    fail_test(text + "\n" + why, at.file, at.line);
  }
};

} // namespace detail

namespace {

using detail::difference;
using detail::lines;
using detail::stored;

lines describe(const verdict& decided) {
  lines all;
  for (const message& event : decided.events)
    all.push_back(std::string(event.name()) + " " + event.text());
  if (decided.rejected) all.push_back("rejected: " + quote(decided.rejected->reason));
  return all;
}

void expect(detail::service_test& test, const verdict& expected) {
  if (test.failed) return;
  lines wanted;
  lines got;
  try {
    for (const message& event : expected.events) (void)stored(event);
    wanted = describe(expected);
    got = describe(test.decided);
  } catch (const error& e) {
    return test.fail(e.what());
  }
  if (wanted != got) test.fail(difference(wanted, got));
}

bool is_event_of(const service_definition& service, const message& event) {
  const bool known =
      std::ranges::any_of(service.types, [&](auto* type) { return type == event.type(); });
  return known && !service.find(event.name());
}

/// The command's handler. Throws when the service would not take this command.
const command_handler& handler_of(const service_definition& service, const message& command) {
  const command_handler* handler = service.find(command.name());
  if (!handler || handler->command != command.type())
    throw error(errc::unknown_service, "the service does not take this command");
  if (handler->key) detail::check_key(handler->key(command));
  return *handler;
}

} // namespace

given_clause::given_clause(located_service service, std::vector<message> history)
    : test_(std::make_shared<detail::service_test>(detail::service_test{std::move(service)})) {
  detail::service_test& test = *test_;
  const service_definition& definition = test.at.service;
  test.history = history.size();
  test.state = definition.initial();
  try {
    for (const message& event : history) {
      if (!is_event_of(definition, event))
        throw error(errc::unknown_message, "the service has no event " + quote(event.name()));
      definition.fold(test.state, stored(event));
    }
  } catch (const error& e) {
    test.fail(e.what());
  }
}

when_clause given_clause::when(const message& command, const std::string& idempotency_key) {
  detail::service_test& test = *test_;
  if (test.failed) return when_clause(test_);
  message arrived;
  const command_handler* handler = nullptr;
  try {
    test.command = command.name();
    arrived = stored(command);
    test.command += " " + arrived.text();
    handler = &handler_of(test.at.service, arrived);
  } catch (const error& e) {
    test.fail(e.what());
    return when_clause(test_);
  }
  test.decided = handler->decide ? handler->decide(test.state, arrived)
                                 : handler->effect(arrived, {idempotency_key});
  try {
    for (message& event : test.decided.events) event = stored(event);
  } catch (const error& e) {
    test.fail(e.what());
  }
  return when_clause(test_);
}

void when_clause::then_rejected(const std::string& reason) {
  expect(*test_, {{}, rejection{reason}});
}

void when_clause::expect_events(const std::vector<message>& expected) {
  expect(*test_, {expected, {}});
}

} // namespace ensemble
