#include <ensemble/service.hpp>

#include "model/json_writer.hpp"
#include "model/names.hpp"
#include "model/utf8.hpp"

#include <algorithm>
#include <numeric>

namespace ensemble {

const command_handler* service_definition::find(std::string_view command) const {
  const auto found = handlers.find(command);
  return found == handlers.end() ? nullptr : &found->second;
}

void service_definition::fold(std::any& state, const message& event) const {
  if (const auto found = folds.find(event.name()); found != folds.end())
    found->second(state, event);
}

namespace {

/// Why the text cannot be an entity key; empty: it can.
std::string key_fault(std::string_view key) {
  if (key.empty()) return "it is empty; the command must name its entity";
  if (key.size() > name_limit) return "it is longer than " + std::to_string(name_limit) + " bytes";
  for (std::size_t at = 0; at < key.size();) {
    const std::size_t length = utf8_length(key, at);
    if (length == 0) return "it is not valid UTF-8";
    const auto byte = static_cast<unsigned char>(key[at]);
    // U+0080 to U+009F, the second block of control characters, are C2 80 to C2 9F.
    const bool second_block = byte == 0xC2 && static_cast<unsigned char>(key[at + 1]) <= 0x9F;
    if (byte < 0x20 || byte == 0x7F || second_block) return "it holds a control character";
    at += length;
  }
  return {};
}

error foreign_key(std::string_view key) {
  return {errc::bad_argument,
          "entity key " + quote(key) + " is not among the keys that the command names"};
}

/// The places 0, 1, 2, ... in the order of the keys that stand there.
template <class KeyAt>
std::vector<std::size_t> sorted_places(std::size_t count, KeyAt key_at) {
  std::vector<std::size_t> places(count);
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::ranges::sort(places, {}, key_at);
  return places;
}

template <class KeyAt>
std::size_t place_of(const std::vector<std::size_t>& sorted, std::string_view key, KeyAt key_at) {
  const auto found = std::ranges::lower_bound(sorted, key, {}, key_at);
  if (found == sorted.end() || key_at(*found) != key) throw foreign_key(key);
  return *found;
}

} // namespace

bool is_entity_key(std::string_view text) { return key_fault(text).empty(); }

namespace detail {

void add_handler(service_definition& service, command_handler handler) {
  std::string command(handler.command->name);
  const auto [at, fresh] = service.handlers.try_emplace(std::move(command), std::move(handler));
  if (!fresh)
    throw error(errc::bad_definition, "service '" + service.name + "': takes command '" +
                                          at->first + "' twice; leave one handler");
}

service_definition make_service(std::string name) {
  if (!is_name(name))
    throw error(errc::bad_definition, "service " + quote(name) +
                                          ": a service's name matches [a-z][a-z0-9_]* and is at "
                                          "most " +
                                          std::to_string(name_limit) + " bytes");
  service_definition service;
  service.name = std::move(name);
  return service;
}

void add_policy(service_definition& service, policy_definition policy) {
  const auto same = [&](const policy_definition& p) { return p.event->name == policy.event->name; };
  if (std::ranges::any_of(service.policies, same))
    throw error(errc::bad_definition, "service '" + service.name + "': reacts to '" +
                                          std::string(policy.event->name) +
                                          "' twice; leave one policy");
  service.policies.push_back(std::move(policy));
}

void check_policies(const service_definition& service) {
  for (const auto& policy : service.policies) {
    const auto* handler = service.find(policy.command->name);
    if (!handler || handler->command != policy.command)
      throw error(errc::bad_definition,
                  "service '" + service.name + "': reacts to '" + std::string(policy.event->name) +
                      "' with '" + std::string(policy.command->name) + "', which it does not take");
  }
}

void check_key(std::string_view key) {
  if (const auto fault = key_fault(key); !fault.empty())
    throw error(errc::bad_message, "entity key " + quote(key) + ": " + fault);
}

void check_keys(const std::vector<std::string>& keys) {
  const auto refuse = [](const std::string& why) {
    throw error(errc::bad_message, "entity keys: " + why);
  };
  if (keys.empty()) refuse("there is none; the command must name at least one entity");
  if (keys.size() > most_keys)
    refuse("the command names " + std::to_string(keys.size()) + " entities, more than " +
           std::to_string(most_keys) + "; divide it");
  for (const auto& key : keys) check_key(key);
  std::vector<std::string_view> sorted(keys.begin(), keys.end());
  std::ranges::sort(sorted);
  if (const auto twice = std::ranges::adjacent_find(sorted); twice != sorted.end())
    refuse(quote(*twice) + " is named twice; name each entity once");
}

std::vector<std::vector<message>> by_entity(const std::vector<std::string>& keys,
                                            joint_verdict decided) {
  std::vector<std::vector<message>> all(keys.size());
  const auto key_at = [&keys](std::size_t n) -> std::string_view { return keys[n]; };
  const auto sorted = sorted_places(keys.size(), key_at);
  for (auto& event : decided.events) {
    const auto place = event.key.empty() ? std::size_t{0} : place_of(sorted, event.key, key_at);
    all[place].push_back(std::move(event.body));
  }
  return all;
}

entity_states::entity_states(std::vector<named_state> in_order)
    : in_order_(std::move(in_order)),
      by_key_(sorted_places(in_order_.size(), [this](std::size_t n) { return in_order_[n].key; })) {
}

const std::any& entity_states::at(std::string_view key) const {
  const auto place = place_of(by_key_, key, [this](std::size_t n) { return in_order_[n].key; });
  return *in_order_[place].state;
}

} // namespace detail
} // namespace ensemble
