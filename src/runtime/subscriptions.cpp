#include "runtime/subscriptions.hpp"

#include "runtime/environment.hpp"
#include "runtime/log.hpp"
#include "runtime/subscription_book.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace ensemble::internal {

namespace {

constexpr std::string_view subscriber_prefix = "subscriber ";
/// Of one policy: commands under way at once.
constexpr std::size_t policy_commands = 64;

void add_subscription(environment& env, std::shared_ptr<subscription_state> state) {
  const auto name = state->settings.name;
  if (!env.subscriptions.try_emplace(name, std::move(state)).second)
    throw error(errc::bad_definition, "subscription '" + name +
                                          "' is there twice; its checkpoint and parked events "
                                          "are kept under its name, so each needs its own");
}

/// Which events may follow from that one by policies alone, itself included if it comes again.
std::set<std::string_view> consequences(const environment& env, std::string_view of) {
  std::set<std::string_view> found;
  std::vector<std::string_view> open{of};
  while (!open.empty()) {
    const auto event = open.back();
    open.pop_back();
    for (const auto& [name, service] : env.services)
      for (const auto& policy : service->policies) {
        if (policy.event->name != event) continue;
        for (const auto* outcome : service->find(policy.command->name)->outcomes)
          if (found.insert(outcome->name).second) open.push_back(outcome->name);
      }
  }
  return found;
}

/// An id that follows from the event, its stream (ids are unique in one only), and who asks.
command_id derived_id(std::string_view kind, const recorded_event& event) {
  const auto of = command_id::of(event.id.head(), event.id.tail());
  const auto id = make_engine_event_id(of, std::string(kind) + ' ' + event.stream, 0);
  return command_id::of(id.head(), id.tail());
}

} // namespace

std::string subscriber_role(std::string_view subscription) {
  return std::string(subscriber_prefix) + std::string(subscription);
}

bool is_subscriber_role(std::string_view role) { return role.starts_with(subscriber_prefix); }

void deploy(environment& env, subscription_definition subscription) {
  for (const auto* type : subscription.types) env.registry.add(*type);
  auto state = std::make_shared<subscription_state>();
  const auto& s = subscription;
  state->settings = {s.name,          s.ordered_by,       s.workers, s.window,
                     s.parks_at_most, s.checkpoint_every, s.retries};
  state->from = s.from;
  state->from_now = s.from_now;
  state->subscription = std::make_shared<subscription_definition>(std::move(subscription));
  add_subscription(env, std::move(state));
}

void deploy_policies(environment& env, const std::shared_ptr<const service_definition>& service) {
  for (const auto& policy : service->policies) {
    env.registry.add(*policy.event);
    auto state = std::make_shared<subscription_state>();
    state->settings.name = service->name + ":" + std::string(policy.event->name);
    state->settings.ordered_by = order_key::correlation;
    state->settings.workers = policy_commands;
    state->service = service;
    state->policy = policy;
    state->from_now = true; // it is not meant for what happened before it was there
    add_subscription(env, std::move(state));
  }
}

std::vector<std::string> policies_in_circles(const environment& env) {
  std::vector<std::string> found;
  for (const auto& [name, state] : env.subscriptions)
    if (const auto* event = state->policy.event;
        event && consequences(env, event->name).contains(event->name))
      found.push_back(name);
  return found;
}

bool runs_here(const environment& env, const subscription_state& state) {
  return state.service ? env.runs(state.service->name) : env.keeps_journal();
}

void record_subscriptions(environment& env, journal& to) {
  const auto reader = to.open_reader();
  append_request request;
  for (const auto& [name, state] : env.subscriptions) {
    if (!runs_here(env, *state)) continue;
    const auto known = reader->read_book(book_of(name), parked_row_key({~std::uint64_t{}}), 1);
    auto begin = state->from_now ? reader->head()
                                 : position{std::max<std::uint64_t>(state->from.value, 1) - 1};
    if (!known.empty()) begin = std::get<position>(read_row(name, known.front()));
    state->checkpoint = state->done = begin.value;
    if (!known.empty()) continue;
    request.books.push_back(make_subscription_checkpoint(name, begin));
    log().info("subscription '{}' is new, and begins behind position {}", name, begin.value);
  }
  if (request.books.empty()) return;
  request.essential = true;
  const auto done = to.commit(std::array{std::move(request)}, env.clock());
  if (done.front().state == append_result::status::no_space)
    throw error(errc::journal_full, "the disk is full: where new subscriptions begin could not be "
                                    "recorded; free some space and start again");
}

std::vector<parked_event> read_parked(journal_reader& reader, std::string_view subscription,
                                      std::size_t limit, position after) {
  std::vector<parked_event> found;
  auto key = parked_row_key(after);
  while (found.size() < limit) {
    const auto rows =
        reader.read_book(book_of(subscription), key, std::min(limit - found.size(), read_page));
    for (const auto& row : rows) {
      const auto read = read_row(subscription, row);
      if (const auto* parked = std::get_if<parked_event>(&read))
        found.push_back(*parked);
      else
        return found; // the checkpoint is the last
    }
    if (rows.empty()) break;
    key = rows.back().key;
  }
  return found;
}

std::string idempotency_key(std::string_view subscription, const recorded_event& event) {
  return std::string(subscription) + ":" + to_string(derived_id(subscription, event));
}

command_id policy_command_id(std::string_view policy, const recorded_event& event) {
  return derived_id(policy, event);
}

} // namespace ensemble::internal
