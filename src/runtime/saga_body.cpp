#include "runtime/saga_body.hpp"

#include "model/engine_messages.hpp"
#include "model/planted_bug.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <utility>

namespace ensemble::internal {

saga_body::saga_body(base_actor& self, environment& env, const saga_start& start, caf::actor holder,
                     const executor_role& role)
    : self_(&self),
      env_(&env),
      holder_(std::move(holder)),
      executor_(role, start.recovered ? std::optional(env.clock()) : std::nullopt),
      tell_awaits_(start.returns) {
  begin(start);
}

void saga_body::begin(const saga_start& start) {
  const inside_handler guard;
  env_->count.events_folded.fetch_add(start.events.which.size(), std::memory_order_relaxed);
  for (const auto n : start.events.which) {
    const auto& e = start.events.batch->events[n];
    if (!instance_.definition)
      instance_ = begin_instance(start.definition, e);
    else
      evolve(instance_, e);
    ended_before_ = ended_before_ ||
                    (start.recovered && e.position <= *start.recovered && instance_.terminal());
  }
}

void saga_body::fold(const saga_events& events) {
  const inside_handler guard;
  env_->count.events_folded.fetch_add(events.which.size(), std::memory_order_relaxed);
  for (const auto n : events.which) {
    const auto& e = events.batch->events[n];
    evolve(instance_, e);
    // The holder counts an event that was handed over as awaited no more, until it is told.
    if (e.body.is<engine::event_received>()) tell_awaits_ = true;
  }
}

void saga_body::attempt_failed(command_id id, const std::string& reason) {
  executor_.attempt_failed(id, reason);
}

std::optional<saga_report> saga_body::act(const directory& now) {
  if (told_.terminal) return std::nullopt;
  auto actions = executor_.act(instance_, env_->clock());
  for (const auto& out : actions.send) give(out, now);
  for (auto& event : actions.record) {
    auto& count = event.body.is<engine::attempt_failed>() ? env_->count.attempts_failed
                                                          : env_->count.deadlines_passed;
    count.fetch_add(1, std::memory_order_relaxed);
    record(std::move(event), now);
  }
  return report(actions.wake);
}

void saga_body::record(new_event event, const directory& now) {
  log().debug("{}: records {}", instance_.stream(), event.body.name());
  (void)event.body.text();
  auto job = std::make_shared<append_job>();
  job->request.essential = true;
  job->request.streams.push_back({instance_.stream(), expected_version::any(), {}});
  job->request.streams.back().events.push_back(std::move(event));
  self_->send(now.writer, append_to_journal{std::move(job)});
}

void saga_body::take(const std::shared_ptr<const recorded_event>& outside, const directory& now) {
  const inside_handler guard;
  if (auto received = receive_event(instance_, *outside)) {
    record(std::move(*received), now);
    return;
  }
  self_->send(holder_, returned_event{instance_.id, outside});
  tell_awaits_ = true; // they were forgotten when it was handed over
}

void saga_body::give(const executor_actions::outgoing& out, const directory& now) {
  const auto& due = out.command;
  if (ENSEMBLE_PLANTED(undo_needs_credit) && due.direction == direction::undo) {
    if (env_->credits.try_enter() != admission::answer::admitted) return;
    env_->credits.leave();
  }
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
  command->reply_to = caf::actor_cast<caf::actor>(self_);
  log().debug("{}: {} '{}' to {}{}", instance_.stream(), to_string(due.direction), due.body.name(),
              due.service, out.repeat ? ", again" : "");
  self_->send(now.host(due.service), give_command{std::move(command)});
}

std::optional<saga_report> saga_body::report(std::optional<timestamp> wake) {
  saga_report r;
  r.id = instance_.id;
  r.folded = instance_.last;
  r.terminal = instance_.terminal();
  r.ended_before = ended_before_;
  r.asleep = executor_.idle();
  r.broken = !instance_.broken.empty();
  r.result = outcome_of(instance_);
  r.wake = wake;
  auto awaits = awaited_keys(instance_);
  const bool tell_awaits = tell_awaits_ || awaits != told_awaits_;
  const bool sooner = wake && (!told_.wake || *wake < *told_.wake);
  // Whoever rests tells what it knows, so that its holder can tell whether that is all.
  const bool rests = r.asleep || r.result.kind == outcome_kind::stuck;
  const bool knows_more = rests && (r.asleep != told_.asleep || r.folded != told_.folded);
  if (!r.terminal && !sooner && !knows_more && !tell_awaits && r.asleep == told_.asleep &&
      r.result.reason == told_.result.reason)
    return std::nullopt;
  if (tell_awaits || r.asleep) r.awaits = told_awaits_ = std::move(awaits); // for its row
  tell_awaits_ = false;
  told_ = r;
  return r;
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
