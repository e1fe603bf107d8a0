#include "runtime/service_host.hpp"

#include "model/planted_bug.hpp"
#include "model/thrown.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace ensemble::internal {

namespace {
constexpr auto full_disk = "the disk is full; try again under the same key";
} // namespace

service_host::service_host(caf::actor_config& config, environment_ptr env,
                           std::shared_ptr<const service_definition> service,
                           effect_executor& effects, directory_ptr directory)
    : base_actor(config, env, service->name),
      service_(std::move(service)),
      effects_(effects),
      entities_(env->options.cached_entities) {
  directory_ = std::move(directory);
}

caf::behavior service_host::make_behavior() {
  catch_up();
  return {
      [this](const give_command& m) {
        take(m.command);
        entities_.shrink();
      },
      [this](const appends_done& m) {
        for (const auto& answer : *m.answers) append_answered(answer);
        entities_.shrink();
      },
      [this](const journal_page& m) {
        page_read(m);
        entities_.shrink();
      },
      [this](const effect_done& m) {
        effect_finished(m);
        entities_.shrink();
      },
      [this](const query_state& m) {
        take(m.what);
        entities_.shrink();
      },
      [this](const directory_changed& m) { directory_replaced(m); },
  };
}

void service_host::on_exit() {
  early_.clear();
  early_queries_.clear();
  appends_.clear();
  reads_.clear();
  at_work_.clear();
  outside_.clear();
  entities_.clear();
  base_actor::on_exit();
}

// The writer answers in order: when it answers this, everything that a predecessor had sent it is
// recorded, or never will be. Without it a close could cancel an effect outside whose outcome is
// about to be recorded.
void service_host::catch_up() {
  auto job = std::make_shared<append_job>();
  job->from = caf::actor_cast<caf::actor>(this);
  job->tag = catching_up_ = next_tag_++;
  send(directory_->writer, append_to_journal{std::move(job)});
}

void service_host::caught_up() {
  catching_up_ = 0;
  for (auto& command : std::exchange(early_, {})) receive(std::move(command));
  for (const auto& what : std::exchange(early_queries_, {})) query(what);
}

void service_host::take(const std::shared_ptr<const host_command>& command) {
  if (catching_up_ == 0)
    receive(command);
  else if (must_wait_for_space(*command))
    tell_failure(*command, full_disk, errc::journal_full, command->was_with_another);
  else if (!waits_already(*command))
    early_.push_back(command);
}

// A policy asks again and again, for as long as a full disk keeps this host from catching up.
bool service_host::waits_already(const host_command& command) const {
  return command.from_policy && std::ranges::any_of(early_, [&](const auto& other) {
           return other->target == command.target && other->reply_to == command.reply_to;
         });
}

// Too early, it would load an entity without what a predecessor is about to record of it.
void service_host::take(const std::shared_ptr<const state_query>& what) {
  if (catching_up_ == 0)
    query(what);
  else
    early_queries_.push_back(what);
}

// Behind accepted work that the writer keeps until a full disk has space. A caller, who holds a
// credit, is better told so.
bool service_host::must_wait_for_space(const host_command& command) const {
  return command.from_caller && env().journal_full;
}

// --- a command's way ---

std::vector<std::string> service_host::keys_of(const work& item) const {
  const auto& command = *item.command;
  std::vector<std::string> keys;
  if (item.handler->keys) {
    keys = item.handler->keys(command.body);
    detail::check_keys(keys);
    if (command.close) keys.resize(1); // the outcome is found at the home, or voided there
  } else if (item.handler->key) {
    keys.push_back(item.handler->key(command.body));
    detail::check_key(keys.front());
  } else {
    const auto& instance = command.origin.instance;
    keys.push_back(instance ? to_string(instance) : to_string(command.target));
  }
  return keys;
}

void service_host::receive(std::shared_ptr<const host_command> command) {
  const auto busy = at_work_.find(command->target);
  if (busy != at_work_.end()) {
    // Doubled: its outcome is on the way. A close waits until the command has ended (rule 14); a
    // caller too, since the one who gave it first may be gone. A policy asks again and again.
    const auto waits = [&](const auto& other) { return other->reply_to == command->reply_to; };
    const bool first = !command->from_policy || std::ranges::none_of(busy->second, waits);
    if (command->close || (command->is_answered() && first))
      busy->second.push_back(std::move(command));
    return;
  }
  auto item = std::make_shared<work>();
  item->command = std::move(command);
  item->handler = service_->find(item->command->body.name());
  item->repeat = item->command->repeat || item->command->close;
  item->may_be_recorded = item->command->was_with_another;
  at_work_.try_emplace(item->command->target);
  if (!item->handler) {
    fail(item, "the service does not take '" + std::string(item->command->body.name()) + "'");
    return;
  }
  try {
    const inside_handler guard;
    item->keys = keys_of(*item);
  } catch (...) {
    fail(item, std::string("its key: ") + thrown_text());
    return;
  }
  item->entities.reserve(item->keys.size());
  for (const auto& key : item->keys) {
    bool fresh = false;
    auto& e = entities_.get(key, fresh);
    ++e.at_work;
    item->entities.push_back(&e);
    if (!fresh) continue;
    e.asked_by = item->handler;
    if (expects_new(*item))
      assume_new(e);
    else
      load(e, {0});
  }
  proceed(item);
}

void service_host::pump(entity& e) {
  for (const auto& item : std::exchange(e.waiting, {})) proceed(item);
}

void service_host::proceed(const work_ptr& item) {
  for (auto* e : item->entities) {
    // What follows a wrong guess may by chance expect the length that the stream has.
    const bool unproven = e->assumed_new && e->in_flight > 0;
    if (e->at == entity::phase::ready && !unproven) continue;
    if (e->at == entity::phase::settling && !item->decided && must_wait_for_space(*item->command)) {
      fail(item, full_disk, errc::journal_full);
      return;
    }
    e->waiting.push_back(item);
    if (e->at == entity::phase::unknown) load(*e, {0});
    return;
  }
  if (item->repeat && !ENSEMBLE_PLANTED(no_look_up) &&
      (stateless() || item->entities.front()->length > 0))
    look_up(item);
  else
    carry_out(item);
}

void service_host::look_up(const work_ptr& item) {
  pending_read what;
  what.request.what = read_request::kind::outcome;
  what.request.stream = item->entities.front()->stream;
  what.request.command = item->command->target;
  what.item = item;
  read(std::move(what));
}

void service_host::carry_out(const work_ptr& item) {
  item->may_be_recorded = false; // it was looked up, or there is nothing where it would stand
  if (item->command->close)
    carry_out_close(item);
  else if (item->handler->effect && !item->decided)
    run_effect(item);
  else
    decide(item);
}

void service_host::decide(const work_ptr& item) {
  // Looked at once: lengths that fit again later are of other states.
  if (const auto why = std::exchange(item->failed_on_guess, {});
      !why.empty() && guess_was_right(*item)) {
    fail(item, why);
    return;
  }
  const auto& command = *item->command;
  const auto& handler = *item->handler;
  std::vector<std::vector<new_event>> events;
  try {
    const inside_handler guard;
    if (item->decided) {
      events.push_back(outcome_events(command, *item->decided));
    } else if (handler.decide_all) {
      std::vector<detail::entity_states::named_state> states;
      states.reserve(item->entities.size());
      for (const auto* e : item->entities) states.push_back({e->key, &e->state});
      const detail::entity_states all(std::move(states));
      events = outcome_events(command, item->keys, handler.decide_all(all, command.body));
    } else {
      const auto& state = item->entities.front()->state;
      auto decided = handler.decide(state, command.body);
      if (ENSEMBLE_PLANTED(refusal_before_durable) && decided.rejected && command.from_caller) {
        auto told = std::make_shared<receipt>();
        told->command = command.id;
        told->refusal = decided.rejected->reason;
        send(command.reply_to, command_answer{command.id, std::move(told), nullptr});
        leave(*item);
        return;
      }
      events.push_back(outcome_events(command, std::move(decided)));
    }
  } catch (...) {
    const auto why = thrown_text();
    if (!look_after_all(item, why)) fail(item, why);
    return;
  }
  append(item, std::move(events));
}

void service_host::carry_out_close(const work_ptr& item) {
  const auto& close = *item->command;
  if (!item->handler->effect || item->cancelled || ENSEMBLE_PLANTED(close_without_cancel))
    append(item, voided_event(close));
  else if (item->handler->cancel)
    run_effect(item);
  else
    append(item, close_refused_event(close, "service '" + service_->name + "' cannot cancel '" +
                                                std::string(close.body.name()) +
                                                "', and it is not known whether it was done"));
}

void service_host::run_effect(const work_ptr& item) {
  const auto target = item->command->target;
  outside_[target] = item;
  auto call = [item, target, host = caf::actor_cast<caf::actor>(this)] {
    const inside_handler guard;
    effect_done report{target, item->command->close, nullptr, {}};
    const auto key = ENSEMBLE_PLANTED(cancel_by_another_key) && report.cancel ? item->command->id
                     : ENSEMBLE_PLANTED(fresh_effect_key) && item->command->repeat
                         ? command_id::of(target.head(), target.tail() + 1)
                         : target;
    const effect_context context{to_string(key)}; // of a cancel too: the do's own key
    try {
      verdict result;
      if (report.cancel)
        item->handler->cancel(item->command->body, context);
      else
        result = item->handler->effect(item->command->body, context);
      report.result = std::make_shared<verdict>(std::move(result));
    } catch (...) {
      report.reason = thrown_text();
    }
    caf::anon_send(host, std::move(report));
  };
  env().gate.pass([&to = effects_, target, call = std::move(call)] { to.post(target, call); });
}

void service_host::effect_finished(const effect_done& report) {
  const auto at = outside_.find(report.id);
  if (at == outside_.end()) return; // this host is younger than the call; it will be given again
  const auto item = at->second;
  outside_.erase(at);
  if (!report.result) {
    fail(item, report.reason);
    return;
  }
  if (report.cancel)
    item->cancelled = true;
  else
    item->decided = report.result;
  item->repeat = false;
  proceed(item);
}

void service_host::append(const work_ptr& item, new_event only) {
  std::vector<std::vector<new_event>> events(1);
  events.front().push_back(std::move(only));
  append(item, std::move(events));
}

void service_host::append(const work_ptr& item, std::vector<std::vector<new_event>> events) {
  const auto& entities = item->entities;
  try {
    const inside_handler guard;
    for (std::size_t n = 0; n < entities.size(); ++n)
      for (const auto& event : events[n]) service_->fold(entities[n]->state, event.body);
  } catch (...) {
    const auto why = std::string("folding its outcome: ") + thrown_text();
    for (auto* e : entities) e->at = entity::phase::settling; // a state may be half changed
    if (!look_after_all(item, why)) fail(item, why);
    for (auto* e : entities) settle(*e);
    return;
  }
  auto job = std::make_shared<append_job>();
  job->from = caf::actor_cast<caf::actor>(this);
  job->tag = next_tag_++;
  // Only what a caller asks may be turned away by a full disk; an effect has happened already.
  job->request.essential = !item->command->from_caller || item->handler->effect;
  pending_append pending{item, {}};
  for (std::size_t n = 0; n < entities.size(); ++n) {
    auto& e = *entities[n];
    e.length += events[n].size();
    ++e.in_flight;
    stream_append stream{e.stream, expected_version::any(), std::move(events[n])};
    // Without a state the order of its events does not matter to a service. With one, the decision
    // rests also on the states of those entities that get no event.
    if (!stateless()) stream.expected = expected_version::exactly(e.length - stream.events.size());
    if (stateless() && stream.events.empty()) continue;
    job->request.streams.push_back(std::move(stream));
  }
  if (item->command->is_answered()) pending.streams = job->request.streams;
  appends_.emplace(job->tag, std::move(pending));
  send(directory_->writer, append_to_journal{std::move(job)});
}

void service_host::append_answered(const append_answer& answer) {
  if (answer.tag == catching_up_) {
    caught_up();
    return;
  }
  const auto at = appends_.find(answer.tag);
  if (at == appends_.end()) return; // settled already, when the writer was replaced
  const auto pending = std::move(at->second);
  appends_.erase(at);
  const auto& item = pending.item;
  const auto& entities = item->entities;
  for (auto* e : entities) --e->in_flight;
  if (answer.result.state == append_result::status::appended) {
    finish(item, as_recorded(pending.streams, answer.result), answer.commit);
    const auto& lengths = answer.result.lengths; // without a state there is nothing to hold back
    for (std::size_t n = 0; n < entities.size(); ++n)
      answer_queries(*entities[n], stateless() ? entities[n]->length : lengths[n]);
  } else {
    // What was decided rests on states that are not the journal's.
    for (auto* e : entities) e->at = entity::phase::settling;
    not_appended(item, answer.result.state);
  }
  for (auto* e : entities) {
    settle(*e);
    if (e->at == entity::phase::ready && std::exchange(e->assumed_new, false)) pump(*e);
  }
}

void service_host::not_appended(const work_ptr& item, append_result::status why) {
  if (why == append_result::status::no_space) {
    fail(item, "the disk is full; nothing was recorded, try again later", errc::journal_full);
  } else if (item->command->close && why == append_result::status::repeated) {
    leave(*item); // settled before: void, or refused; the saga reads which
  } else {
    item->repeat = true;
    item->entities.front()->redo.push_back(item);
  }
}

void service_host::settle(entity& e) {
  if (e.at != entity::phase::settling || e.in_flight > 0) return;
  e.waiting.insert(e.waiting.begin(), e.redo.begin(), e.redo.end());
  e.redo.clear();
  for (auto& q : e.queries) e.unasked.push_back(q.query);
  e.queries.clear();
  load(e, {0});
}

// `commit`: in which it was recorded just now; none: before, and nobody knows in which. What was
// decided rests on states that were recorded before it.
void service_host::finish(const work_ptr& item, std::vector<recorded_event> events,
                          std::optional<std::uint64_t> commit) {
  const bool repeated = !commit;
  const auto& command = *item->command;
  log().debug("{}: {} {} of {}: {}", service_->name, command.close ? "close" : "command",
              command.body.name(), item->entities.front()->stream,
              repeated ? "found its earlier outcome" : "recorded");
  if (command.is_answered()) {
    auto result = std::make_shared<receipt>(make_receipt(command, std::move(events), repeated));
    send(command.reply_to, command_answer{command.id, std::move(result), nullptr, commit});
  }
  leave(*item);
}

// What failed now may have been recorded when it was given before: then nobody may be told that it
// was not.
void service_host::tell_failure(const host_command& command, const std::string& reason, errc code,
                                bool may_be_recorded) {
  const auto why = std::make_shared<error>(
      may_be_recorded ? errc::unknown_outcome : code,
      "service '" + service_->name + "' could not handle '" + std::string(command.body.name()) +
          "': " + reason + (may_be_recorded ? "; whether it was recorded before is unknown" : ""));
  send(command.reply_to, command_answer{command.id, nullptr, why});
}

void service_host::fail(const work_ptr& item, const std::string& reason, errc code) {
  const auto& command = *item->command;
  log().warn("{}: '{}' failed, nothing was recorded: {}", service_->name, command.body.name(),
             reason);
  if (command.is_answered()) {
    tell_failure(command, reason, code, item->may_be_recorded);
  } else if (command.reply_to) {
    send(command.reply_to, attempt_failed_note{command.origin.instance, command.id, reason});
  }
  leave(*item);
}

void service_host::leave(const work& item) {
  for (auto* e : item.entities) --e->at_work;
  auto ended = at_work_.extract(item.command->target);
  for (auto& next : ended.mapped()) receive(std::move(next));
}

} // namespace ensemble::internal
