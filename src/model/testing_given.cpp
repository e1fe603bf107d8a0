#include "model/json_writer.hpp"
#include "model/testing_failure.hpp"
#include "model/testing_report.hpp"

#include <ensemble/testing.hpp>

#include <algorithm>
#include <functional>
#include <map>

namespace ensemble {
namespace detail {

struct service_test {
  located_service at;
  std::map<std::string, std::any, std::less<>> states{}; ///< by key; empty: given without one
  std::size_t history = 0;
  std::string command{};           ///< as it appears in reports
  std::vector<std::string> keys{}; ///< of a command over several entities
  joint_verdict decided{};
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

lines describe(const std::vector<std::string>& keys, const joint_verdict& decided) {
  lines all;
  const auto add = [&all](const message& event, const std::string& place) {
    all.push_back(place + std::string(event.name()) + " " + event.text());
  };
  if (keys.empty()) {
    for (const auto& event : decided.events)
      add(event.body, event.key.empty() ? "" : "on " + quote(event.key) + ": ");
  } else { // as a journal has them: entity after entity
    const auto placed = detail::by_entity(keys, decided);
    for (std::size_t n = 0; n < keys.size(); ++n)
      for (const auto& event : placed[n]) add(event, "on " + quote(keys[n]) + ": ");
  }
  if (decided.rejected) all.push_back("rejected: " + quote(decided.rejected->reason));
  return all;
}

void expect(detail::service_test& test, const joint_verdict& expected) {
  if (test.failed) return;
  lines wanted;
  lines got;
  try {
    for (const auto& event : expected.events) (void)stored(event.body);
    wanted = describe(test.keys, expected);
    got = describe(test.keys, test.decided);
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
  return *handler;
}

void fold(detail::service_test& test, const std::string& key, const std::vector<message>& history) {
  const service_definition& definition = test.at.service;
  test.history += history.size();
  const auto at = test.states.try_emplace(key, definition.initial()).first;
  for (const message& event : history) {
    if (!is_event_of(definition, event))
      throw error(errc::unknown_message, "the service has no event " + quote(event.name()));
    definition.fold(at->second, stored(event));
  }
}

/// The state of that entity; of a history without a key, whatever the key.
std::any& state_of(detail::service_test& test, const std::string& key) {
  if (const auto any_key = test.states.find(""); any_key != test.states.end())
    return any_key->second;
  return test.states.try_emplace(key, test.at.service.initial()).first->second;
}

joint_verdict decide_all(detail::service_test& test, const command_handler& handler,
                         const message& command) {
  std::vector<detail::entity_states::named_state> states;
  for (const auto& key : test.keys) states.push_back({key, &state_of(test, key)});
  return handler.decide_all(detail::entity_states(std::move(states)), command);
}

joint_verdict decide(detail::service_test& test, const command_handler& handler,
                     const message& command, const std::string& key,
                     const std::string& idempotency_key) {
  auto one = handler.decide ? handler.decide(state_of(test, key), command)
                            : handler.effect(command, {idempotency_key});
  joint_verdict decided;
  decided.rejected = std::move(one.rejected);
  for (auto& event : one.events) decided.events.push_back({{}, std::move(event)});
  return decided;
}

} // namespace

given_clause::given_clause(located_service service, std::vector<message> history)
    : test_(std::make_shared<detail::service_test>(detail::service_test{std::move(service)})) {
  if (history.empty()) return;
  try {
    fold(*test_, "", history);
  } catch (const error& e) {
    test_->fail(e.what());
  }
}

given_clause given_clause::with_entity(const std::string& key,
                                       const std::vector<message>& history) {
  try {
    detail::check_key(key);
    if (test_->states.contains(""))
      throw error(errc::bad_argument, "give every history its entity, or none of them");
    fold(*test_, key, history);
  } catch (const error& e) {
    test_->fail(e.what());
  }
  return *this;
}

when_clause given_clause::when(const message& command, const std::string& idempotency_key) {
  detail::service_test& test = *test_;
  if (test.failed) return when_clause(test_);
  message arrived;
  const command_handler* handler = nullptr;
  std::string key;
  try {
    test.command = command.name();
    arrived = stored(command);
    test.command += " " + arrived.text();
    handler = &handler_of(test.at.service, arrived);
    if (handler->key) detail::check_key(key = handler->key(arrived));
    if (handler->keys) detail::check_keys(test.keys = handler->keys(arrived));
    if (handler->keys && test.states.contains(""))
      throw error(errc::bad_argument, "this command concerns several entities: say whose events "
                                      "these are, with given(service).entity(key, events...)");
  } catch (const error& e) {
    test.fail(e.what());
    return when_clause(test_);
  }
  test.decided = handler->decide_all ? decide_all(test, *handler, arrived)
                                     : decide(test, *handler, arrived, key, idempotency_key);
  try {
    for (auto& event : test.decided.events) event.body = stored(event.body);
  } catch (const error& e) {
    test.fail(e.what());
  }
  return when_clause(test_);
}

namespace {

const policy_definition& policy_on(const service_definition& service, const message& event) {
  const auto at = std::ranges::find(service.policies, event.type(), &policy_definition::event);
  if (at == service.policies.end())
    throw error(errc::unknown_message, "the service has no policy on this event");
  return *at;
}

} // namespace

event_clause given_clause::event(const message& e) {
  detail::service_test& test = *test_;
  if (test.failed) return event_clause(test_);
  const policy_definition* policy = nullptr;
  message happened;
  try {
    test.command = e.name();
    happened = stored(e);
    test.command += " " + happened.text();
    policy = &policy_on(test.at.service, happened);
  } catch (const error& why) {
    test.fail(why.what());
    return event_clause(test_);
  }
  const message command = policy->react(happened);
  if (command.empty()) return event_clause(test_);
  try {
    const message arrived = stored(command);
    const auto& handler = handler_of(test.at.service, arrived);
    if (handler.key) detail::check_key(handler.key(arrived));
    if (handler.keys) detail::check_keys(handler.keys(arrived));
    test.decided.events.push_back({{}, arrived});
  } catch (const error& why) {
    test.fail("its command: " + std::string(why.what()));
  }
  return event_clause(test_);
}

void event_clause::reacts_with(const message& command) { expect(*test_, {{{{}, command}}, {}}); }

void event_clause::reacts_with_nothing() { expect(*test_, {}); }

void when_clause::then_rejected(const std::string& reason) {
  expect(*test_, {{}, rejection{reason}});
}

void when_clause::expect_events(std::vector<placed_event> expected) {
  expect(*test_, {std::move(expected), {}});
}

} // namespace ensemble
