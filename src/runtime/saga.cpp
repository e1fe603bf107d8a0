#include "runtime/saga.hpp"

#include "model/engine_messages.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <utility>

namespace ensemble::internal {

saga::saga(caf::actor_config& config, environment_ptr env,
           std::shared_ptr<const process_definition> definition, saga_events begin, bool recovered,
           directory_ptr directory, caf::actor manager, std::shared_ptr<const executor_role> role)
    : base_actor(config, env, "saga"),
      definition_(std::move(definition)),
      begin_(std::move(begin)),
      role_(std::move(role)),
      executor_(*role_, recovered ? std::optional(env->clock()) : std::nullopt),
      manager_(std::move(manager)) {
  directory_ = std::move(directory);
}

caf::behavior saga::make_behavior() {
  const auto begin = std::exchange(begin_, {});
  instance_ = begin_instance(definition_, begin.batch->events[begin.which.front()]);
  fold(begin);
  ended_before_ = instance_.terminal();
  act();
  if (instance_.terminal()) return {}; // without a behaviour it ends
  return {
      [this](const saga_events& m) {
        fold(m);
        act();
      },
      [this](const wake_up&) {
        reported_wake_.reset();
        act();
      },
      [this](const attempt_failed_note& m) {
        executor_.attempt_failed(m.id, m.reason);
        act();
      },
      [this](const directory_changed& m) {
        directory_ = m.now;
        executor_.forget(m.restarted);
        act();
      },
  };
}

void saga::on_exit() {
  manager_ = nullptr;
  begin_ = {};
  base_actor::on_exit();
}

void saga::fold(const saga_events& events) {
  const inside_handler guard;
  for (const auto n : events.which) evolve(instance_, events.batch->events[n]);
}

void saga::act() {
  auto actions = executor_.act(instance_, now());
  for (const auto& out : actions.send) give(out);
  for (auto& event : actions.record) {
    auto& count = event.body.is<engine::attempt_failed>() ? env().count.attempts_failed
                                                          : env().count.deadlines_passed;
    count.fetch_add(1, std::memory_order_relaxed);
    log().debug("{}: records {}", instance_.stream(), event.body.name());
    (void)event.body.text();
    auto job = std::make_shared<append_job>();
    job->request.streams.push_back({instance_.stream(), expected_version::any(), {}});
    job->request.streams.back().events.push_back(std::move(event));
    send(directory_->writer, append_to_journal{std::move(job)});
  }
  report(actions.wake);
}

void saga::give(const executor_actions::outgoing& out) {
  const auto& due = out.command;
  auto command = std::make_shared<host_command>();
  command->id = due.id;
  command->target = due.target;
  command->close = due.direction == direction::close;
  command->repeat = out.repeat;
  command->body = due.body;
  command->origin.correlation = instance_.correlation;
  command->origin.causation = due.cause;
  command->origin.instance = instance_.id;
  command->origin.step = due.step;
  command->origin.direction = due.target_direction;
  command->origin.round = due.round;
  command->reply_to = caf::actor_cast<caf::actor>(this);
  log().debug("{}: {} '{}' to {}{}", instance_.stream(), to_string(due.direction), due.body.name(),
              due.service, out.repeat ? ", again" : "");
  send(directory_->host(due.service), give_command{std::move(command)});
}

void saga::report(std::optional<timestamp> wake) {
  const auto stuck = instance_.stuck_reason();
  const bool sooner = wake && (!reported_wake_ || *wake < *reported_wake_);
  if (!instance_.terminal() && stuck == reported_stuck_ && !sooner) return;
  send(manager_,
       saga_report{instance_.id, instance_.terminal(), ended_before_, outcome_of(instance_), wake});
  reported_stuck_ = stuck;
  if (wake) reported_wake_ = wake; // the manager keeps the one that it was told last
  if (instance_.terminal()) quit();
}

instance fold_instance(std::shared_ptr<const process_definition> definition,
                       const std::vector<recorded_event>& events) {
  const inside_handler guard;
  auto i = begin_instance(std::move(definition), events.front());
  for (const auto& e : events) evolve(i, e);
  return i;
}

outcome outcome_of(const instance& i) {
  if (i.phase == instance_phase::completed) return {outcome_kind::completed, {}, i.id};
  if (i.phase == instance_phase::compensated) return {outcome_kind::compensated, i.failure, i.id};
  if (auto reason = i.stuck_reason(); !reason.empty())
    return {outcome_kind::stuck, std::move(reason), i.id};
  return {outcome_kind::unknown, {}, i.id};
}

} // namespace ensemble::internal
