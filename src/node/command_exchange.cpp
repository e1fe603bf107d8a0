#include "node/command_exchange.hpp"

#include "model/thrown.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace ensemble::node {

namespace {

/// What comes over a link is opaque. Throws errc::newer_schema, errc::bad_message.
message typed(const internal::environment& env, message from) {
  const auto* type = env.registry.find(from.name());
  if (from.type() || !type) return from;
  if (from.schema_version() > type->schema_version)
    throw error(errc::newer_schema,
                "another node sends '" + std::string(from.name()) + "' under schema version " +
                    std::to_string(from.schema_version()) + ", this one knows version " +
                    std::to_string(type->schema_version) +
                    ": run a program at least as new as that one here");
  return message::decode(*type, from.text());
}

} // namespace

command_exchange::command_exchange(internal::base_actor& self, const internal::environment& env,
                                   const internal::directory_ptr& now,
                                   std::function<void(std::string)> say)
    : self_(&self), env_(&env), directory_(&now), say_(std::move(say)) {}

caf::message_handler command_exchange::handlers() {
  return {
      [this](const give_elsewhere& m) { give(m); },
      [this](const internal::command_answer& m) {
        command_told told{m.id, {}, {}};
        if (m.result) told.result = *m.result;
        if (m.failure) told.failure = *m.failure;
        say(told);
      },
      [this](const internal::attempt_failed_note& m) { say_failed(m.instance, m.id, m.reason); },
  };
}

bool command_exchange::receive(frame& what) {
  if (auto* asked = std::get_if<command_asked>(&what)) {
    if (*directory_)
      take(*asked);
    else
      early_.push_back(std::move(*asked));
  } else if (auto* answer = std::get_if<command_told>(&what)) {
    told(*answer);
  } else if (auto* failed = std::get_if<attempt_failed_told>(&what)) {
    // Of a conducted process; who conducts knows where the saga is.
    if (*directory_)
      self_->send(
          (*directory_)->manager,
          internal::attempt_failed_note{failed->instance, failed->id, std::move(failed->reason)});
  } else {
    return false;
  }
  return true;
}

void command_exchange::begin() {
  for (auto& asked : std::exchange(early_, {})) take(asked);
}

void command_exchange::clear() {
  early_.clear();
  asked_.clear();
}

void command_exchange::give(const give_elsewhere& what) {
  const auto& c = *what.command;
  if (c.is_answered()) {
    const auto [first, last] = asked_.equal_range(c.id);
    const auto waits = [&](const auto& one) { return one.second == c.reply_to; };
    if (std::find_if(first, last, waits) == last) asked_.emplace(c.id, c.reply_to);
  }
  std::string bytes;
  try {
    bytes =
        encode(command_asked{what.service, c.id, c.target, c.close, c.repeat, c.was_with_another,
                             c.from_caller, c.from_policy, c.origin, c.body});
  } catch (const error& e) { // it is the command's fault, not the link's
    if (!c.is_answered())
      return self_->send(
          c.reply_to, internal::attempt_failed_note{c.origin.instance, c.id, storable(e.what())});
    command_told refused{c.id, {}, e};
    return told(refused);
  }
  say_(std::move(bytes));
}

void command_exchange::say(const command_told& what) {
  std::string bytes;
  try {
    bytes = encode(what);
  } catch (const error& e) {
    bytes = encode(command_told{
        what.id,
        {},
        error(errc::unknown_outcome,
              std::string("it is done, but its receipt cannot be told: ") + e.what())});
  }
  say_(std::move(bytes));
}

void command_exchange::say_failed(instance_id instance, command_id id, const std::string& why) {
  say_(encode(attempt_failed_told{instance, id, storable(why)}));
}

void command_exchange::take(command_asked& what) {
  const auto host = (*directory_)->host(what.service);
  auto command = std::make_shared<internal::host_command>();
  try {
    if (!host)
      throw error(errc::unknown_service, "no service '" + what.service + "' is known to this node");
    // What is only passed on stays as it came: the node that runs the service may be a newer one.
    command->body = env_->runs(what.service) ? typed(*env_, std::move(what.body)) : what.body;
  } catch (const error& e) {
    return refuse(what, e);
  }
  command->id = what.id;
  command->target = what.target;
  command->close = what.close;
  command->repeat = what.repeat;
  command->was_with_another = what.was_with_another;
  command->from_caller = what.from_caller;
  command->from_policy = what.from_policy;
  command->origin = std::move(what.origin);
  command->reply_to = caf::actor_cast<caf::actor>(self_);
  self_->send(host, internal::give_command{std::move(command)});
}

void command_exchange::refuse(const command_asked& what, const error& why) {
  if (what.from_caller || what.from_policy)
    say(command_told{what.id, {}, why});
  else
    say_failed(what.origin.instance, what.id, why.what());
}

/// As who asked for it here can read it.
internal::command_answer command_exchange::readable(const internal::command_answer& from) const {
  if (!from.result) return from;
  auto answer = from;
  auto result = *from.result;
  try {
    for (auto& e : result.events) e.body = typed(*env_, std::move(e.body));
    answer.result = std::make_shared<receipt>(std::move(result));
  } catch (const error& e) {
    answer.result = nullptr;
    answer.failure = std::make_shared<error>(
        errc::unknown_outcome,
        std::string("it is done, but its receipt cannot be read here: ") + e.what());
  }
  return answer;
}

void command_exchange::told(command_told& what) {
  const auto [first, last] = asked_.equal_range(what.id);
  if (first == last) return; // told before
  internal::command_answer answer{what.id, {}, {}, {}};
  if (what.failure) answer.failure = std::make_shared<error>(*what.failure);
  if (what.result) answer.result = std::make_shared<receipt>(std::move(*what.result));
  for (auto one = first; one != last; ++one)
    self_->send(one->second, *directory_ && one->second == (*directory_)->gateway
                                 ? readable(answer)
                                 : answer); // to another node: as it came
  asked_.erase(first, last);
}

} // namespace ensemble::node
