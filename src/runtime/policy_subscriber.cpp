#include "runtime/policy_subscriber.hpp"

#include "model/planted_bug.hpp"
#include "model/thrown.hpp"
#include "runtime/identity.hpp"

#include <caf/all.hpp>

namespace ensemble::internal {

namespace {
/// How long to wait for an outcome before the command is given again.
constexpr auto give_again_after = std::chrono::seconds(5);
} // namespace

caf::message_handler policy_subscriber::further_handlers() {
  return {[this](const command_answer& m) {
    answered(m);
    advance();
  }};
}

void policy_subscriber::on_exit() {
  given_.clear();
  subscriber::on_exit();
}

void policy_subscriber::work_on(const assignment& work) {
  const auto& event = *work.event;
  message body;
  try {
    const inside_handler guard;
    body = policy_.react(event.body);
  } catch (...) {
    ended(work.position, thrown_text());
    return;
  }
  if (body.empty()) {
    ended(work.position, {});
    return;
  }
  auto command = std::make_shared<host_command>();
  command->id = command->target = policy_command_id(name_, event);
  if (ENSEMBLE_PLANTED(policy_id_not_derived))
    command->id = command->target = random_command_id(now());
  command->body = std::move(body);
  command->origin.correlation = event.origin.correlation;
  command->origin.causation = event.id;
  command->reply_to = caf::actor_cast<caf::actor>(this);
  command->from_policy = true;
  command->repeat = work.attempt > 1 || may_be_known(work.position);
  const auto id = command->id;
  auto& given = given_[id] = {work.position, std::move(command), {}};
  give(given);
}

void policy_subscriber::give(given_command& given) {
  given.at = now();
  send(directory_->host(service_), give_command{given.command});
  need_tick();
}

void policy_subscriber::answered(const command_answer& answer) {
  const auto given = given_.extract(answer.id);
  if (given.empty()) return; // answered before
  std::optional<std::string> failure;
  if (answer.failure) failure = answer.failure->what();
  ended(given.mapped().position, failure);
}

bool policy_subscriber::tick(timestamp now) {
  for (auto& [id, given] : given_) {
    if (now < given.at + give_again_after) continue;
    given.command = std::make_shared<host_command>(*given.command);
    given.command->repeat = true;
    give(given);
  }
  return !given_.empty();
}

void policy_subscriber::role_restarted(const std::string& role) {
  if (role != service_) return;
  for (auto& [id, given] : given_) {
    given.command = std::make_shared<host_command>(*given.command);
    given.command->repeat = true;
    give(given);
  }
}

} // namespace ensemble::internal
