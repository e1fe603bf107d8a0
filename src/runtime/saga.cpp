#include "runtime/saga.hpp"

#include "model/engine_messages.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <utility>

namespace ensemble::internal {

saga::saga(caf::actor_config& config, environment_ptr env, saga_start start,
           directory_ptr directory, caf::actor manager, std::shared_ptr<const executor_role> role)
    : base_actor(config, env, "saga"),
      start_(std::move(start)),
      role_(std::move(role)),
      executor_(*role_, start_.recovered ? std::optional(env->clock()) : std::nullopt),
      manager_(std::move(manager)),
      tell_awaits_(start_.returns) {
  directory_ = std::move(directory);
}

caf::behavior saga::make_behavior() {
  begin();
  act();
  if (instance_.terminal()) return {}; // without a behaviour it ends
  return {
      [this](const saga_events& m) {
        for (const auto n : m.which) fold(m.batch->events[n]);
        act();
      },
      [this](const wake_up&) {
        told_.wake.reset();
        act();
      },
      [this](const offered_event& m) { take(m.event); },
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
  start_ = {};
  base_actor::on_exit();
}

void saga::begin() {
  const auto events = std::exchange(start_.events, {});
  const inside_handler guard;
  for (const auto n : events.which) {
    const auto& e = events.batch->events[n];
    if (!instance_.definition)
      instance_ = begin_instance(start_.definition, e);
    else
      evolve(instance_, e);
    ended_before_ = ended_before_ ||
                    (start_.recovered && e.position <= *start_.recovered && instance_.terminal());
  }
}

void saga::fold(const recorded_event& event) {
  const inside_handler guard;
  evolve(instance_, event);
  // The manager counts an event that was handed over as awaited no more, until it is told.
  if (event.body.is<engine::event_received>()) tell_awaits_ = true;
}

void saga::act() {
  auto actions = executor_.act(instance_, now());
  for (const auto& out : actions.send) give(out);
  for (auto& event : actions.record) {
    auto& count = event.body.is<engine::attempt_failed>() ? env().count.attempts_failed
                                                          : env().count.deadlines_passed;
    count.fetch_add(1, std::memory_order_relaxed);
    record(std::move(event));
  }
  report(actions.wake);
}

void saga::record(new_event event) {
  log().debug("{}: records {}", instance_.stream(), event.body.name());
  (void)event.body.text();
  auto job = std::make_shared<append_job>();
  job->request.essential = true;
  job->request.streams.push_back({instance_.stream(), expected_version::any(), {}});
  job->request.streams.back().events.push_back(std::move(event));
  send(directory_->writer, append_to_journal{std::move(job)});
}

void saga::take(const std::shared_ptr<const recorded_event>& outside) {
  const inside_handler guard;
  if (auto received = receive_event(instance_, *outside)) {
    record(std::move(*received));
    return;
  }
  send(manager_, returned_event{instance_.id, outside});
  tell_awaits_ = true; // they were forgotten when it was handed over
  act();
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
  saga_report r;
  r.id = instance_.id;
  r.folded = instance_.last;
  r.terminal = instance_.terminal();
  r.ended_before = ended_before_;
  r.asleep = executor_.idle();
  r.result = outcome_of(instance_);
  r.wake = wake;
  auto awaits = awaited_keys(instance_);
  const bool tell_awaits = tell_awaits_ || awaits != told_awaits_;
  const bool sooner = wake && (!told_.wake || *wake < *told_.wake);
  const bool sleeps = r.asleep && (!told_.asleep || r.folded != told_.folded);
  if (!r.terminal && !sooner && !sleeps && !tell_awaits && r.asleep == told_.asleep &&
      r.result.reason == told_.result.reason)
    return;
  if (tell_awaits || r.asleep) r.awaits = told_awaits_ = std::move(awaits); // for its row
  tell_awaits_ = false;
  told_ = r;
  send(manager_, std::move(r));
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
