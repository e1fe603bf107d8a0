#include "runtime/gateway.hpp"

#include "runtime/log.hpp"

#include <caf/all.hpp>

namespace ensemble::internal {

gateway::gateway(caf::actor_config& config, environment_ptr env, directory_ptr directory,
                 std::shared_ptr<std::atomic<std::size_t>> pending)
    : base_actor(config, std::move(env), std::string(gateway_role)),
      pending_(std::move(pending)) {
  directory_ = std::move(directory);
}

caf::behavior gateway::make_behavior() {
  return {
      [this](const submit& m) { accept(m.what); },
      [this](const command_answer& m) { answer(m); },
      [this](const runtime_failed& m) { fail_all(*m.why); },
      [this](const directory_changed& m) {
        directory_ = m.now;
        for (const auto& [id, a] : asked_)
          if (a.what->service == m.restarted) give(a, true);
      },
  };
}

void gateway::on_exit() {
  fail_all(error(errc::unknown_outcome, "the runtime ended before the outcome was known; send "
                                        "again under the same idempotency key"));
  base_actor::on_exit();
}

void gateway::accept(const std::shared_ptr<const caller_command>& what) {
  const auto [at, first] = asked_.try_emplace(what->command->id);
  at->second.callbacks.push_back(what->callback);
  if (!first) return;
  at->second.what = what;
  give(at->second, what->command->repeat);
}

void gateway::give(const asked& a, bool repeat) {
  auto command = std::make_shared<host_command>(*a.what->command);
  command->repeat = repeat;
  command->reply_to = caf::actor_cast<caf::actor>(this);
  send(directory_->host(a.what->service), give_command{std::move(command)});
}

void gateway::answer(const command_answer& answer) {
  const auto answered = asked_.extract(answer.id);
  if (answered.empty()) return; // answered before; a host that was replaced answers twice
  for (const auto& callback : answered.mapped().callbacks)
    tell(callback, answer.result.get(), answer.failure.get());
}

void gateway::fail_all(const error& why) {
  for (const auto& [id, a] : std::exchange(asked_, {}))
    for (const auto& callback : a.callbacks) tell(callback, nullptr, &why);
}

void gateway::tell(const send_callback& callback, const receipt* result, const error* failure) {
  env().credits.leave();
  try {
    const inside_handler guard;
    callback(result, failure);
  } catch (const std::exception& e) {
    log().error("a caller's callback threw: {}", e.what());
  }
  pending_->fetch_sub(1);
}

} // namespace ensemble::internal
