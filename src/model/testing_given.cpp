#include "model/json_document.hpp"
#include "model/json_reader.hpp"
#include "model/json_writer.hpp"
#include "model/testing_failure.hpp"

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
    if (failed)
      return;
    failed = true; // before the handler, which may throw
    std::string text = "service '" + at.service.name + "', given " + std::to_string(history)
                       + (history == 1 ? " event" : " events");
    if (!command.empty())
      text += ", when " + command;
    fail_test(text + "\n" + why, at.file, at.line);
  }
};

} // namespace detail

namespace {

using lines = std::vector<std::string>;

/// The message as a journal would give it back. Throws errc::bad_message when that is another one.
message stored(const message& m) {
  const message_type& type = *m.type();
  const json_document document(m.text(), type.name);
  json_reader reader(document, type.name);
  const std::string again = write_json(type, type.read(reader).get());
  if (again != m.text())
    throw error(errc::bad_message, std::string(type.name) + " does not come back from its JSON\n"
                                       + "written:    " + m.text() + "\nread again: " + again);
  return message::decode(type, m.text());
}

lines describe(const verdict& decided) {
  lines all;
  for (const message& event : decided.events)
    all.push_back(std::string(event.name()) + " " + event.text());
  if (decided.rejected)
    all.push_back("rejected: " + quote(decided.rejected->reason));
  return all;
}

void append(std::string& text, const lines& all, std::size_t marked) {
  for (std::size_t i = 0; i < std::max(all.size(), marked + 1); ++i) {
    text += i == marked ? "\n  > " : "\n    ";
    text += i < all.size() ? all[i] : all.empty() ? "(nothing)" : "(nothing more)";
  }
}

/// The two lists below each other, with the first line that differs marked in both.
std::string difference(const lines& expected, const lines& actual) {
  const auto differing = std::ranges::mismatch(expected, actual).in1 - expected.begin();
  const auto marked = static_cast<std::size_t>(differing);
  std::string text = "expected:";
  append(text, expected, marked);
  text += "\nactual:";
  append(text, actual, marked);
  return text;
}

void expect(detail::service_test& test, const verdict& expected) {
  if (test.failed)
    return;
  lines wanted;
  lines got;
  try {
    for (const message& event : expected.events)
      (void) stored(event);
    wanted = describe(expected);
    got = describe(test.decided);
  } catch (const error& e) {
    return test.fail(e.what());
  }
  if (wanted != got)
    test.fail(difference(wanted, got));
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
  if (handler->key)
    detail::check_key(handler->key(command));
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
  if (test.failed)
    return when_clause(test_);
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
    for (message& event : test.decided.events)
      event = stored(event);
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
