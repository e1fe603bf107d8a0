#include "runtime/service_host.hpp"

#include "model/thrown.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

namespace ensemble::internal {

service_host::service_host(caf::actor_config& config, environment_ptr env,
                           std::shared_ptr<const service_definition> service,
                           effect_threads& threads, directory_ptr directory)
    : base_actor(config, env, service->name),
      service_(std::move(service)),
      threads_(threads),
      entities_(env->options.cached_entities) {
  directory_ = std::move(directory);
}

caf::behavior service_host::make_behavior() {
  return {
      [this](const give_command& m) { receive(m.command); },
      [this](const appends_done& m) {
        for (const auto& answer : *m.answers) append_answered(answer);
        entities_.shrink();
      },
      [this](const journal_page& m) {
        page_read(m);
        entities_.shrink();
      },
      [this](const effect_done& m) { effect_finished(m); },
      [this](const query_state& m) {
        query(m.what);
        entities_.shrink();
      },
      [this](const directory_changed& m) { directory_replaced(m); },
  };
}

void service_host::on_exit() {
  appends_.clear();
  reads_.clear();
  at_work_.clear();
  outside_.clear();
  entities_.clear();
  base_actor::on_exit();
}

// --- a command's way ---

std::string service_host::key_of(const work& item) const {
  if (item.handler->key) {
    auto key = item.handler->key(item.command->body);
    detail::check_key(key);
    return key;
  }
  const auto& instance = item.command->origin.instance;
  return instance ? to_string(instance) : to_string(item.command->target);
}

void service_host::receive(std::shared_ptr<const host_command> command) {
  const auto busy = at_work_.find(command->target);
  if (busy != at_work_.end()) {
    // Doubled: its outcome is on the way. A close waits until the command has ended (rule 14); a
    // caller too, since the one who gave it first may be gone.
    if (command->close || command->from_caller) busy->second.push_back(std::move(command));
    return;
  }
  auto item = std::make_shared<work>();
  item->command = std::move(command);
  item->handler = service_->find(item->command->body.name());
  item->repeat = item->command->repeat || item->command->close;
  at_work_.try_emplace(item->command->target);
  if (!item->handler) {
    fail(item, "the service does not take '" + std::string(item->command->body.name()) + "'",
         nullptr);
    return;
  }
  std::string key;
  try {
    const inside_handler guard;
    key = key_of(*item);
  } catch (...) {
    fail(item, std::string("its key: ") + thrown_text(), nullptr);
    return;
  }
  bool fresh = false;
  auto& e = entities_.get(key, fresh);
  ++e.at_work;
  e.waiting.push_back(std::move(item));
  if (fresh)
    load(e, {0});
  else
    pump(e);
}

void service_host::pump(entity& e) {
  auto waiting = std::move(e.waiting);
  e.waiting.clear();
  for (auto& item : waiting) {
    if (e.at != entity::phase::ready)
      e.waiting.push_back(std::move(item));
    else if (item->repeat && (stateless() || e.length > 0))
      look_up(e, std::move(item));
    else
      carry_out(e, item);
  }
}

void service_host::look_up(entity& e, work_ptr item) {
  pending_read what;
  what.request.what = read_request::kind::outcome;
  what.request.stream = e.stream;
  what.request.command = item->command->target;
  what.item = std::move(item);
  what.key = e.key;
  read(std::move(what));
}

void service_host::carry_out(entity& e, const work_ptr& item) {
  if (item->command->close)
    carry_out_close(e, item);
  else if (item->handler->effect && !item->decided)
    run_effect(item);
  else
    decide(e, item);
}

void service_host::decide(entity& e, const work_ptr& item) {
  std::vector<new_event> events;
  try {
    if (item->decided) {
      events = outcome_events(*item->command, *item->decided);
    } else {
      const inside_handler guard;
      events = outcome_events(*item->command, item->handler->decide(e.state, item->command->body));
    }
  } catch (...) {
    fail(item, thrown_text(), &e);
    return;
  }
  append(e, item, std::move(events));
}

void service_host::carry_out_close(entity& e, const work_ptr& item) {
  const auto& close = *item->command;
  if (!item->handler->effect || item->cancelled)
    append(e, item, {voided_event(close)});
  else if (item->handler->cancel)
    run_effect(item);
  else
    append(e, item,
           {close_refused_event(close, "service '" + service_->name + "' cannot cancel '" +
                                           std::string(close.body.name()) +
                                           "', and it is not known whether it was done")});
}

void service_host::run_effect(const work_ptr& item) {
  const auto target = item->command->target;
  outside_[target] = {key_of(*item), item};
  threads_.post(target, [item, target, host = caf::actor_cast<caf::actor>(this)] {
    const inside_handler guard;
    effect_done report{target, item->command->close, nullptr, {}};
    const effect_context context{to_string(target)}; // of a cancel too: the do's own key
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
  });
}

void service_host::effect_finished(const effect_done& report) {
  const auto at = outside_.find(report.id);
  if (at == outside_.end()) return; // this host is younger than the call; it will be given again
  const auto [key, item] = at->second;
  outside_.erase(at);
  auto* e = entities_.find(key);
  if (!report.result) {
    fail(item, report.reason, e);
    return;
  }
  if (report.cancel)
    item->cancelled = true;
  else
    item->decided = report.result;
  item->repeat = false;
  e->waiting.push_back(item);
  pump(*e);
}

void service_host::append(entity& e, const work_ptr& item, std::vector<new_event> events) {
  try {
    const inside_handler guard;
    for (const auto& event : events) service_->fold(e.state, event.body);
  } catch (...) {
    e.at = entity::phase::settling; // the state may be half changed
    fail(item, std::string("folding its outcome: ") + thrown_text(), &e);
    settle(e);
    return;
  }
  auto job = std::make_shared<append_job>();
  job->from = caf::actor_cast<caf::actor>(this);
  job->tag = next_tag_++;
  stream_append stream;
  stream.stream = e.stream;
  // Without a state the order of its events does not matter to a service.
  if (!stateless()) stream.expected = expected_version::exactly(e.length);
  e.length += events.size();
  pending_append pending{item, e.key, {}, e.length};
  if (item->command->from_caller) pending.events = events;
  stream.events = std::move(events);
  job->request.streams.push_back(std::move(stream));
  ++e.in_flight;
  appends_.emplace(job->tag, std::move(pending));
  send(directory_->writer, append_to_journal{std::move(job)});
}

void service_host::append_answered(const append_answer& answer) {
  const auto at = appends_.find(answer.tag);
  if (at == appends_.end()) return; // settled already, when the writer was replaced
  auto pending = std::move(at->second);
  appends_.erase(at);
  auto& e = *entities_.find(pending.key);
  --e.in_flight;
  if (answer.result.state == append_result::status::appended) {
    finish(e, pending.item, as_recorded(e.stream, pending.events, answer.result, answer.time),
           false);
    answer_queries(e, pending.length);
  } else {
    // What was decided rests on a state that is not the journal's.
    e.at = entity::phase::settling;
    if (pending.item->command->close && answer.result.state == append_result::status::repeated) {
      leave(*pending.item, &e); // settled before: void, or refused; the saga reads which
    } else {
      pending.item->repeat = true;
      e.redo.push_back(pending.item);
    }
  }
  settle(e);
}

void service_host::settle(entity& e) {
  if (e.at != entity::phase::settling || e.in_flight > 0) return;
  e.waiting.insert(e.waiting.begin(), e.redo.begin(), e.redo.end());
  e.redo.clear();
  for (auto& q : e.queries) e.unasked.push_back(q.query);
  e.queries.clear();
  load(e, {0});
}

void service_host::finish(entity& e, const work_ptr& item, std::vector<recorded_event> events,
                          bool repeated) {
  const auto& command = *item->command;
  log().debug("{}: {} {} of {}: {}", service_->name, command.close ? "close" : "command",
              command.body.name(), e.stream, repeated ? "found its earlier outcome" : "recorded");
  if (command.from_caller) {
    auto result = std::make_shared<receipt>(make_receipt(command, std::move(events), repeated));
    send(command.reply_to, command_answer{command.id, std::move(result), nullptr});
  }
  leave(*item, &e);
}

void service_host::fail(const work_ptr& item, const std::string& reason, entity* e) {
  const auto& command = *item->command;
  log().warn("{}: '{}' failed, nothing was recorded: {}", service_->name, command.body.name(),
             reason);
  if (command.from_caller) {
    const auto why = std::make_shared<error>(errc::handler_failed,
                                             "service '" + service_->name + "' could not handle '" +
                                                 std::string(command.body.name()) + "': " + reason);
    send(command.reply_to, command_answer{command.id, nullptr, why});
  } else if (command.reply_to) {
    send(command.reply_to, attempt_failed_note{command.id, reason});
  }
  leave(*item, e);
}

void service_host::leave(const work& item, entity* e) {
  if (e) --e->at_work;
  auto ended = at_work_.extract(item.command->target);
  for (auto& next : ended.mapped()) receive(std::move(next));
}

} // namespace ensemble::internal
