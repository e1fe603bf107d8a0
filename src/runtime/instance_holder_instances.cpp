#include "model/planted_bug.hpp"
#include "model/thrown.hpp"
#include "runtime/deployments.hpp"
#include "runtime/instance_holder.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <tuple>
#include <utility>

// A holder's instances: from their beginning, through sleep and waking, to their end.

namespace ensemble::internal {

namespace {
/// One that wakes sooner stays in memory.
constexpr auto worth_passivating = std::chrono::seconds(1);
} // namespace

instance_holder::running* instance_holder::add_open(instance_id id, const std::string& process,
                                                    int version) {
  const auto* followed = scope_->find(process, version);
  const bool kept = scope_->processes.kept.contains(process);
  if (!followed && !kept) return nullptr; // this version has no part for it
  const auto [at, is_new] = instances_.try_emplace(id);
  auto& added = at->second;
  added.followed = followed;
  added.recovered = true;
  if (kept && is_new) gauges_.open.add(true);
  if (followed) return &added;
  not_run_[id] = {process, version};
  set_stuck(id, added,
            "version " + std::to_string(version) + " of process '" + process +
                "' is not run here: give it to the runtime");
  return &added;
}

void instance_holder::add_row(instance_id id, const open_instance& row) {
  auto* added = add_open(id, row.process, row.version);
  if (!added || !added->followed) return;
  if (keeps(*added)) set_stuck(id, *added, row.stuck);
  // What is stuck is folded anew: the program may have been mended (rule 5).
  if (!row.asleep || !row.stuck.empty()) return;
  set_asleep(*added, true);
  wake_at(id, *added, row.wake);
  if (keeps(*added))
    hand_over(outside_.awaits(id, awaited_keys(row, *added->followed->definition)));
}

void instance_holder::begin(const followed_definition& followed, const batch_ptr& batch,
                            std::uint32_t at) {
  const auto id = make_instance_id(batch->events[at].position, followed.definition->name);
  const auto [entry, added] = instances_.try_emplace(id);
  if (!added) return;
  entry->second.followed = &followed;
  if (followed.keeps) {
    book_.opened(id);
    env().count.instances_started.fetch_add(1, std::memory_order_relaxed);
  }
  spawn_saga(id, entry->second, {batch, {at}}, false, false);
  if (followed.keeps) gauges_.open.add(true); // whoever sees it finds its credit taken
}

void instance_holder::spawn_saga(instance_id id, running& r, saga_events events, bool recovered,
                                 bool returns) {
  if (!r.active) r.active = std::make_unique<activity>();
  saga_start start{r.followed->definition, std::move(events), {}, returns};
  if (recovered) start.recovered = recovered_to_;
  r.active->sent = start.events.batch->events[start.events.which.back()].position;
  set_asleep(r, false);
  row_changed(id, r);
  credit(r, true);
  begin_work(id, r, std::move(start));
}

void instance_holder::load(instance_id id, running& r) {
  row_changed(id, r); // a row that says it sleeps is wrong from now on
  if (!r.followed) return;
  r.active = std::make_unique<activity>();
  read_instance(id);
}

void instance_holder::read_instance(instance_id id) {
  read_request whole;
  whole.what = read_request::kind::instance;
  whole.instance = id;
  ask_reader(std::move(whole));
}

void instance_holder::loaded(instance_id id, const std::vector<recorded_event>& events) {
  const auto at = instances_.find(id);
  if (at == instances_.end() || !at->second.active || at->second.at_work()) {
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
  if (recovered && keeps(r))
    env().count.instances_recovered.fetch_add(1, std::memory_order_relaxed);
  spawn_saga(id, r, {std::move(batch), std::move(all)}, recovered || r.active->died, true);
  if (std::exchange(r.resumes, false) && --to_give_again_ == 0) resumed();
}

void instance_holder::reported(const saga_report& report) {
  const auto at = instances_.find(report.id);
  if (at == instances_.end()) return;
  if (report.terminal)
    ended(report);
  else
    settle(report, at->second);
}

void instance_holder::ended(const saga_report& report) {
  const bool kept = keeps(instances_.at(report.id));
  let_go(report.id);
  if (!kept) return;
  auto& count = env().count;
  auto& which = report.result.kind == outcome_kind::completed ? count.instances_completed
                                                              : count.instances_compensated;
  // The book lags behind: this one had ended before the restart, and was only looked at.
  if (report.ended_before)
    count.instances_recovered.fetch_sub(1, std::memory_order_relaxed);
  else
    which.fetch_add(1, std::memory_order_relaxed);
  answer(report.id, report.result);
}

void instance_holder::settle(const saga_report& report, running& r) {
  if (r.active) r.active->told = std::max(r.active->told, report.folded);
  const bool changed = set_asleep(r, report.asleep);
  if (report.asleep || report.wake) wake_at(report.id, r, report.wake);
  if (!report.broken) r.broken_folds = 0;
  if (report.broken && !keeps(r)) fold_again_later(report.id, r, report.result.reason);
  if (keeps(r)) {
    set_stuck(report.id, r, report.result.kind == outcome_kind::stuck ? report.result.reason : "");
    if (r.stuck) answer(report.id, report.result);
    if (changed || report.asleep) book_.changed(report.id);
    credit(r, !report.asleep); // waking it needs no free credit (rule 17)
    if (report.awaits) hand_over(outside_.awaits(report.id, *report.awaits));
    if (report.asleep) falling_asleep_[report.id] = {report.folded, report.awaits.value()};
  }
  const bool soon = report.wake && *report.wake < now() + worth_passivating;
  // An event that is in hand may be on its way to the saga: if that dies first, its death must
  // still be seen.
  if (report.asleep && r.at_work() && r.active->sent <= report.folded && !soon &&
      !outside_.has_in_hand(report.id))
    passivate(report.id, r);
}

// If the keeper could not fold it either, it is stuck, and everyone is told. But the keeper may
// have had no such fault (a passing lack of memory): then nobody else misses this one's commands.
void instance_holder::fold_again_later(instance_id id, running& r, const std::string& why) {
  constexpr std::uint8_t most_doublings = 12;
  const auto delay = std::chrono::seconds(1 << r.broken_folds);
  if (r.broken_folds < most_doublings) ++r.broken_folds;
  log().error("{}: instance {} cannot be folded here, and is tried again in {} s: {}", scope_->role,
              to_string(id), delay.count(), why);
  r.recovered = true;
  wake_at(id, r, now() + delay);
}

// All that it knows stands in the journal; it is folded again when something happens to it.
void instance_holder::passivate(instance_id id, running& r) {
  end_work(r);
  r.active.reset();
  log().debug("instance {} sleeps", to_string(id));
}

void instance_holder::let_go(instance_id id) {
  auto& r = instances_.at(id);
  const bool kept = keeps(r);
  set_asleep(r, false);
  wake_at(id, r, std::nullopt);
  if (r.at_work()) end_work(r);
  if (kept) set_stuck(id, r, {});
  credit(r, false);
  instances_.erase(id);
  if (!kept) return;
  gauges_.open.add(false);
  falling_asleep_.erase(id);
  not_run_.erase(id);
  book_.closed(id);
  hand_over(outside_.awaits(id, {}));
}

void instance_holder::row_changed(instance_id id, const running& r) {
  if (keeps(r)) book_.changed(id);
}

void instance_holder::credit(running& r, bool wanted) {
  if (r.has_credit == wanted || !keeps(r)) return;
  r.has_credit = wanted;
  if (wanted)
    env().credits.enter_accepted();
  else
    env().credits.leave();
}

bool instance_holder::set_asleep(running& r, bool asleep) {
  if (r.asleep == asleep) return false;
  r.asleep = asleep;
  if (keeps(r)) gauges_.asleep.add(asleep);
  return true;
}

void instance_holder::set_stuck(instance_id id, running& r, const std::string& reason) {
  if (ENSEMBLE_PLANTED(stuck_unseen)) return;
  if (!reason.empty()) stuck_[id] = reason;
  if (r.stuck == !reason.empty()) return;
  r.stuck = !reason.empty();
  if (r.stuck)
    log().warn("instance {} is stuck: {}", to_string(id), reason);
  else
    stuck_.erase(id);
  gauges_.stuck.add(r.stuck);
}

outcome instance_holder::stuck_outcome(instance_id id) const {
  return {outcome_kind::stuck, stuck_.at(id), id};
}

bool instance_holder::is_known_stuck(const running& r) {
  if (!r.stuck || r.resumes) return false;
  return !r.active || (r.at_work() && r.active->told >= r.active->sent);
}

// An instance that is not in memory is handed the event once it tells what it awaits.
void instance_holder::hand_over(const std::vector<outside_events::handed>& handed) {
  for (const auto& [id, event] : handed) {
    const auto at = instances_.find(id);
    if (at == instances_.end()) continue;
    auto& r = at->second;
    if (!r.active)
      load(id, r);
    else if (r.at_work())
      offer(r, {std::make_shared<recorded_event>(event)});
  }
}

open_instance instance_holder::row_of(instance_id id) const {
  const auto& r = instances_.at(id);
  open_instance row;
  if (!r.followed) {
    std::tie(row.process, row.version) = not_run_.at(id);
    return row;
  }
  row.process = r.followed->definition->name;
  row.version = r.followed->definition->version;
  row.wake = r.wake;
  row.asleep = r.asleep && !r.active;
  if (r.active) row.last = r.active->sent.value;
  if (const auto why = stuck_.find(id); why != stuck_.end()) row.stuck = storable(why->second);
  if (const auto rest = falling_asleep_.find(id); rest != falling_asleep_.end()) {
    row.last = rest->second.folded.value;
    row.waits = waiting_rows(rest->second.awaits, *r.followed->definition);
  }
  return row;
}

} // namespace ensemble::internal
