#include "runtime/gateway.hpp"

#include "model/planted_bug.hpp"

#include <caf/all.hpp>

namespace ensemble::internal {

gateway::gateway(caf::actor_config& config, environment_ptr env, directory_ptr directory)
    : base_actor(config, std::move(env), std::string(gateway_role)) {
  directory_ = std::move(directory);
}

caf::behavior gateway::make_behavior() {
  return {
      [this](const submit& m) { accept(m.what); },
      [this](const command_answer& m) { answer(m); },
      [this](const runtime_failed&) {
        failed_ = true;
        asked_.clear(); // tells them
      },
      [this](const directory_changed& m) {
        directory_ = m.now;
        for (const auto& [id, a] : asked_)
          if (a.what->service == m.restarted && !ENSEMBLE_PLANTED(callers_forgotten)) give_again(a);
      },
  };
}

void gateway::on_exit() {
  asked_.clear();
  base_actor::on_exit();
}

void gateway::accept(const std::shared_ptr<const caller_command>& what) {
  if (failed_) return; // dropping it tells the caller
  const auto [at, first] = asked_.try_emplace(what->command->id);
  at->second.callbacks.push_back(what->callback);
  if (!first) return;
  at->second.what = what;
  give(at->second, std::make_shared<host_command>(*what->command));
}

void gateway::give_again(const asked& a) {
  auto command = std::make_shared<host_command>(*a.what->command);
  command->repeat = command->was_with_another = true;
  give(a, std::move(command));
}

void gateway::give(const asked& a, std::shared_ptr<host_command> command) {
  command->reply_to = caf::actor_cast<caf::actor>(this);
  send(directory_->host(a.what->service), give_command{std::move(command)});
}

void gateway::answer(const command_answer& answer) {
  const auto answered = asked_.extract(answer.id);
  if (answered.empty()) return; // answered before; a host that was replaced answers twice
  auto& gate = env().gate;
  const auto tell = [callbacks = std::move(answered.mapped().callbacks), answer] {
    for (const auto& callback : callbacks) (*callback)(answer.result.get(), answer.failure.get());
  };
  gate.pass(answer.commit.value_or(gate.begun()), tell);
}

} // namespace ensemble::internal
