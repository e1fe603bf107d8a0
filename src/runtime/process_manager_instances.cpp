#include "model/thrown.hpp"
#include "runtime/deployments.hpp"
#include "runtime/log.hpp"
#include "runtime/process_manager.hpp"

#include <caf/all.hpp>

#include <tuple>
#include <utility>

// The process manager's instances: from their beginning, through sleep and waking, to their end.

namespace ensemble::internal {

namespace {
/// One that wakes sooner stays in memory.
constexpr auto worth_passivating = std::chrono::seconds(1);
} // namespace

process_manager::running* process_manager::add_open(instance_id id, const std::string& process,
                                                    int version) {
  auto& added = instances_[id];
  added.definition = find_definition(env(), process, version);
  added.recovered = true;
  if (added.definition) return &added;
  not_run_[id] = {process, version};
  set_stuck(id, added,
            "version " + std::to_string(version) + " of process '" + process +
                "' is not run here: give it to the runtime");
  return nullptr;
}

void process_manager::add_row(instance_id id, const open_instance& row) {
  auto* added = add_open(id, row.process, row.version);
  if (!added) return;
  set_stuck(id, *added, row.stuck);
  // What is stuck is folded anew: the program may have been mended (rule 5).
  if (!row.asleep || added->stuck) return;
  set_asleep(*added, true);
  wake_at(id, *added, row.wake);
  hand_over(outside_.awaits(id, awaited_keys(row, *added->definition)));
}

void process_manager::begin(const process_ptr& definition,
                            const std::shared_ptr<const committed_batch>& batch, std::uint32_t at) {
  const auto id = make_instance_id(batch->events[at].position, definition->name);
  const auto [entry, added] = instances_.try_emplace(id);
  if (!added) return;
  entry->second.definition = definition;
  book_.opened(id);
  env().count.instances_started.fetch_add(1, std::memory_order_relaxed);
  spawn_saga(id, entry->second, {batch, {at}}, false, false);
  env().count.instances_open = instances_.size(); // whoever sees it finds its credit taken
}

void process_manager::spawn_saga(instance_id id, running& r, saga_events events, bool recovered,
                                 bool returns) {
  if (!r.active) r.active = std::make_unique<activity>();
  saga_start start{r.definition, std::move(events), {}, returns};
  if (recovered) start.recovered = recovered_to_;
  r.active->sent = start.events.batch->events[start.events.which.back()].position;
  r.active->saga = spawn<saga, caf::monitored>(shared_env(), std::move(start), directory_,
                                               caf::actor_cast<caf::actor>(this), role_);
  by_actor_[r.active->saga.id()] = id;
  set_asleep(r, false);
  book_.changed(id);
  credit(r, true);
}

void process_manager::load(instance_id id, running& r) {
  book_.changed(id); // a row that says it sleeps is wrong from now on
  if (!r.definition) return;
  r.active = std::make_unique<activity>();
  read_instance(id);
}

void process_manager::read_instance(instance_id id) {
  read_request whole;
  whole.what = read_request::kind::instance;
  whole.instance = id;
  ask_reader(std::move(whole));
}

void process_manager::loaded(instance_id id, const std::vector<recorded_event>& events) {
  const auto at = instances_.find(id);
  if (at == instances_.end() || !at->second.active || at->second.active->saga) {
    // Somebody waits for an instance that is not open: tell how it ended.
    for (const auto& p : env().processes)
      if (!events.empty() && make_instance_id(events.front().position, p->name) == id)
        if (const auto* d = deployment_at(env(), p->name, events.front().position))
          if (const auto definition = find_definition(env(), p->name, d->version))
            if (const auto i = fold_instance(definition, events); i.terminal())
              return answer(id, outcome_of(i));
    return;
  }
  auto& r = at->second;
  auto batch = std::make_shared<committed_batch>();
  batch->events = events;
  for (auto& e : std::exchange(r.active->arrived, {})) batch->events.push_back(std::move(e));
  std::vector<std::uint32_t> all(batch->events.size());
  for (std::uint32_t n = 0; n < all.size(); ++n) all[n] = n;
  const auto recovered = std::exchange(r.recovered, false);
  if (recovered) env().count.instances_recovered.fetch_add(1, std::memory_order_relaxed);
  spawn_saga(id, r, {std::move(batch), std::move(all)}, recovered || r.active->died, true);
}

void process_manager::reported(const saga_report& report) {
  const auto at = instances_.find(report.id);
  if (at == instances_.end()) return;
  if (report.terminal)
    ended(report);
  else
    settle(report, at->second);
}

void process_manager::ended(const saga_report& report) {
  auto& count = env().count;
  auto& which = report.result.kind == outcome_kind::completed ? count.instances_completed
                                                              : count.instances_compensated;
  // The book lags behind: this one had ended before the restart, and was only looked at.
  if (report.ended_before)
    count.instances_recovered.fetch_sub(1, std::memory_order_relaxed);
  else
    which.fetch_add(1, std::memory_order_relaxed);
  let_go(report.id);
  answer(report.id, report.result);
}

void process_manager::settle(const saga_report& report, running& r) {
  set_stuck(report.id, r, report.result.kind == outcome_kind::stuck ? report.result.reason : "");
  if (r.stuck) answer(report.id, report.result);
  if (set_asleep(r, report.asleep)) book_.changed(report.id);
  credit(r, !report.asleep); // waking it needs no free credit (rule 17)
  if (report.asleep || report.wake) wake_at(report.id, r, report.wake);
  if (report.awaits) hand_over(outside_.awaits(report.id, *report.awaits));
  if (!report.asleep) return;
  auto& rest = falling_asleep_[report.id];
  rest.folded = report.folded;
  rest.awaits = report.awaits.value();
  book_.changed(report.id);
  const bool soon = report.wake && *report.wake < now() + worth_passivating;
  // An event that is in hand may be on its way to the saga: if that dies first, its death must
  // still be seen.
  if (r.active && r.active->saga && r.active->sent <= report.folded && !soon &&
      !outside_.has_in_hand(report.id))
    passivate(report.id, r);
}

// All that it knows stands in the journal; it is folded again when something happens to it.
void process_manager::passivate(instance_id id, running& r) {
  by_actor_.erase(r.active->saga.id());
  caf::anon_send_exit(r.active->saga, caf::exit_reason::user_shutdown);
  r.active.reset();
  log().debug("instance {} sleeps", to_string(id));
}

void process_manager::let_go(instance_id id) {
  auto& r = instances_.at(id);
  set_stuck(id, r, {});
  set_asleep(r, false);
  credit(r, false);
  wake_at(id, r, std::nullopt);
  if (r.active && r.active->saga) by_actor_.erase(r.active->saga.id());
  instances_.erase(id);
  falling_asleep_.erase(id);
  not_run_.erase(id);
  book_.closed(id);
  env().count.instances_open = instances_.size();
  hand_over(outside_.awaits(id, {}));
}

void process_manager::credit(running& r, bool wanted) {
  if (r.has_credit == wanted) return;
  r.has_credit = wanted;
  if (wanted)
    env().credits.enter_accepted();
  else
    env().credits.leave();
}

bool process_manager::set_asleep(running& r, bool asleep) {
  if (r.asleep == asleep) return false;
  r.asleep = asleep;
  env().count.instances_asleep.fetch_add(asleep ? 1 : std::uint64_t(-1));
  return true;
}

void process_manager::set_stuck(instance_id id, running& r, const std::string& reason) {
  if (!reason.empty()) stuck_[id] = reason;
  if (r.stuck == !reason.empty()) return;
  r.stuck = !reason.empty();
  if (r.stuck)
    log().warn("instance {} is stuck: {}", to_string(id), reason);
  else
    stuck_.erase(id);
  env().count.instances_stuck.fetch_add(r.stuck ? 1 : std::uint64_t(-1));
}

outcome process_manager::stuck_outcome(instance_id id) const {
  return {outcome_kind::stuck, stuck_.at(id), id};
}

// Sagas are watched, not linked: CAF keeps links in a list that each end of a saga would search.
void process_manager::died(const caf::down_msg& message) {
  const auto at = by_actor_.find(message.source.id());
  if (at == by_actor_.end()) return; // it had ended, and said so; or it was put to sleep
  const auto id = at->second;
  by_actor_.erase(at);
  if (message.reason == caf::exit_reason::normal) return; // its report is in the mailbox
  log().error("the saga of instance {} died ({}); it is folded again", to_string(id),
              caf::to_string(message.reason));
  env().count.actors_respawned.fetch_add(1, std::memory_order_relaxed);
  send(supervisor_, actor_died{"saga"});
  auto& r = instances_.at(id);
  load(id, r);
  r.active->died = true;
}

// An instance that is not in memory is handed the event once it tells what it awaits.
void process_manager::hand_over(const std::vector<outside_events::handed>& handed) {
  for (const auto& [id, event] : handed) {
    const auto at = instances_.find(id);
    if (at == instances_.end()) continue;
    auto& r = at->second;
    if (!r.active)
      load(id, r);
    else if (r.active->saga)
      send(r.active->saga, offered_event{std::make_shared<recorded_event>(event)});
  }
}

open_instance process_manager::row_of(instance_id id) const {
  const auto& r = instances_.at(id);
  open_instance row;
  if (!r.definition) {
    std::tie(row.process, row.version) = not_run_.at(id);
    return row;
  }
  row.process = r.definition->name;
  row.version = r.definition->version;
  row.wake = r.wake;
  row.asleep = r.asleep && !r.active;
  if (r.active) row.last = r.active->sent.value;
  if (const auto why = stuck_.find(id); why != stuck_.end()) row.stuck = storable(why->second);
  if (const auto rest = falling_asleep_.find(id); rest != falling_asleep_.end()) {
    row.last = rest->second.folded.value;
    row.waits = waiting_rows(rest->second.awaits, *r.definition);
  }
  return row;
}

} // namespace ensemble::internal
