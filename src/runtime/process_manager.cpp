#include "runtime/process_manager.hpp"

#include "runtime/log.hpp"
#include "runtime/saga.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace ensemble::internal {

namespace {
const auto tick_atom = caf::atom("tick");
constexpr auto tick_every = std::chrono::milliseconds(20);
} // namespace

process_manager::process_manager(caf::actor_config& config, environment_ptr env,
                                 directory_ptr directory, caf::actor supervisor,
                                 std::function<void()> recovered)
    : base_actor(config, env, std::string(manager_role)), recovered_(std::move(recovered)) {
  directory_ = std::move(directory);
  supervisor_ = std::move(supervisor);
  auto role = std::make_shared<executor_role>();
  role->recovery_grace = env->options.recovery_grace;
  role_ = std::move(role);
  for (const auto& p : env->processes) by_start_.emplace(p->start.event->name, p);
  set_down_handler([this](caf::down_msg& m) { died(m); });
}

caf::behavior process_manager::make_behavior() {
  read_request open;
  open.what = read_request::kind::open;
  ask_reader(std::move(open));
  last_book_ = now();
  delayed_send(this, tick_every, tick_atom);
  return {
      [this](const committed& m) { follow(m.batch); },
      [this](const saga_report& m) { reported(m); },
      [this](const await_outcome& m) { await(m); },
      [this](const journal_page& m) { page_read(m); },
      [this](const open_instances_found& m) { found_open(*m.found); },
      [this](caf::atom_value what) {
        if (what == tick_atom) tick();
      },
      [this](const kill_a_saga&) {
        if (!by_actor_.empty())
          caf::anon_send_exit(instances_.at(by_actor_.begin()->second).saga,
                              caf::exit_reason::kill);
      },
      [this](const directory_changed& m) {
        directory_ = m.now;
        for (auto& [id, r] : instances_)
          if (r.at == running::phase::awake) send(r.saga, m);
        if (m.restarted == reader_role) // what the last reader was asked is lost
          for (auto& [tag, request] : std::exchange(reads_, {})) ask_reader(request);
        if (m.restarted == writer_role && unconfirmed_) send_book();
      },
      [this](const appends_done&) { unconfirmed_.reset(); },
  };
}

void process_manager::on_exit() {
  for (auto& [id, r] : instances_) {
    credit(r, false);
    if (r.saga) caf::anon_send_exit(r.saga, caf::exit_reason::user_shutdown);
  }
  env().count.instances_open = 0;
  env().count.instances_stuck = 0;
  waiting_.clear(); // tells them
  instances_.clear();
  backlog_.clear();
  base_actor::on_exit();
}

// --- following the journal ---

void process_manager::found_open(const open_instances& found) {
  std::erase_if(reads_,
                [](const auto& entry) { return entry.second.what == read_request::kind::open; });
  if (live_) return; // asked twice, because a reader died
  seen_ = found.head;
  book_.loaded(found.in_book, found.checkpoint);
  for (const auto& [id, process] : found.instances) {
    running r;
    r.definition = definition(process);
    if (!r.definition) {
      log().warn("instance {} of '{}' is open, but no such process is run here", to_string(id),
                 process);
      continue;
    }
    instances_.emplace(id, std::move(r));
    book_.opened(id, process);
    to_resume_.push_back(id);
  }
  env().count.instances_open = instances_.size();
  log().info("recovery: {} open instances at position {}", instances_.size(), seen_.value);
  // Who asked before this was known, for what has ended: the journal tells.
  for (const auto& [id, asked] : waiting_)
    if (!instances_.contains(id) && start_of(id) <= seen_) read_instance(id);
  live();
  if (recovered_) std::exchange(recovered_, {})();
}

void process_manager::follow(const std::shared_ptr<const committed_batch>& batch) {
  if (!live_) {
    backlog_.push_back(batch);
    return;
  }
  if (batch->from.value > seen_.value + 1) { // a batch was missed: the journal has it
    backlog_.push_back(batch);
    read_on();
    return;
  }
  if (batch->to > seen_) route(batch);
}

void process_manager::read_on() {
  live_ = false;
  read_request range;
  range.what = read_request::kind::range;
  range.from = {seen_.value + 1};
  ask_reader(std::move(range));
}

void process_manager::live() {
  live_ = true;
  for (const auto& batch : std::exchange(backlog_, {})) follow(batch);
}

void process_manager::ask_reader(read_request request) {
  request.tag = next_tag_++;
  send(directory_->reader,
       read_journal{std::make_shared<read_request>(request), caf::actor_cast<caf::actor>(this)});
  reads_.emplace(request.tag, std::move(request));
}

void process_manager::page_read(const journal_page& page) {
  const auto asked = reads_.extract(page.tag);
  if (asked.empty()) return;
  if (const auto& id = asked.mapped().instance) {
    loaded(id, *page.events);
    return;
  }
  if (!page.events->empty()) {
    auto batch = std::make_shared<committed_batch>();
    batch->events = *page.events;
    batch->from = batch->events.front().position;
    batch->to = batch->events.back().position;
    route(batch);
  }
  if (page.complete)
    live();
  else
    read_on();
}

void process_manager::route(const std::shared_ptr<const committed_batch>& batch) {
  std::unordered_map<instance_id, std::vector<std::uint32_t>> wanted;
  const auto& events = batch->events;
  for (std::uint32_t n = 0; n < events.size(); ++n) {
    if (events[n].position <= seen_) continue;
    if (const auto id = events[n].origin.instance; id && instances_.contains(id))
      wanted[id].push_back(n);
    const auto [first, last] = by_start_.equal_range(events[n].body.name());
    for (auto at = first; at != last; ++at) begin(at->second, batch, n);
  }
  seen_ = std::max(seen_, batch->to);
  for (auto& [id, which] : wanted) {
    auto& r = instances_.at(id);
    if (r.at == running::phase::awake)
      send(r.saga, saga_events{batch, std::move(which)});
    else if (r.at == running::phase::sleeping)
      load(id, r);
    else
      for (const auto n : which) r.arrived.push_back(events[n]);
  }
}

// --- instances ---

void process_manager::begin(const std::shared_ptr<const process_definition>& definition,
                            const std::shared_ptr<const committed_batch>& batch, std::uint32_t at) {
  const auto id = make_instance_id(batch->events[at].position, definition->name);
  const auto [entry, added] = instances_.try_emplace(id);
  if (!added) return;
  entry->second.definition = definition;
  book_.opened(id, definition->name);
  env().count.instances_started.fetch_add(1, std::memory_order_relaxed);
  wake(id, entry->second, {batch, {at}}, false);
  env().count.instances_open = instances_.size(); // whoever sees it finds its credit taken
}

void process_manager::wake(instance_id id, running& r, saga_events begin, bool recovered) {
  r.at = running::phase::awake;
  r.saga =
      spawn<class saga, caf::monitored>(shared_env(), r.definition, std::move(begin), recovered,
                                        directory_, caf::actor_cast<caf::actor>(this), role_);
  by_actor_[r.saga.id()] = id;
  credit(r, true);
}

void process_manager::load(instance_id id, running& r) {
  r.at = running::phase::loading;
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
  if (at == instances_.end() || at->second.at != running::phase::loading) {
    // Somebody waits for an instance that is not open: tell how it ended.
    for (auto& p : env().processes)
      if (!events.empty() && make_instance_id(events.front().position, p->name) == id)
        if (const auto i = fold_instance(p, events); i.terminal()) answer(id, outcome_of(i));
    return;
  }
  auto& r = at->second;
  auto batch = std::make_shared<committed_batch>();
  batch->events = events;
  for (auto& e : std::exchange(r.arrived, {})) batch->events.push_back(std::move(e));
  std::vector<std::uint32_t> all(batch->events.size());
  for (std::uint32_t n = 0; n < all.size(); ++n) all[n] = n;
  env().count.instances_recovered.fetch_add(1, std::memory_order_relaxed);
  wake(id, r, {std::move(batch), std::move(all)}, true);
}

void process_manager::reported(const saga_report& report) {
  const auto at = instances_.find(report.id);
  if (at == instances_.end()) return;
  auto& r = at->second;
  r.latest = report.result;
  if (report.terminal) {
    auto& count = env().count;
    auto& ended = report.result.kind == outcome_kind::completed ? count.instances_completed
                                                                : count.instances_compensated;
    // The book lags behind: this one had ended before the restart, and was only looked at.
    if (report.ended_before)
      count.instances_recovered.fetch_sub(1, std::memory_order_relaxed);
    else
      ended.fetch_add(1, std::memory_order_relaxed);
    let_go(report.id);
    answer(report.id, report.result);
    return;
  }
  const bool stuck = report.result.kind == outcome_kind::stuck;
  if (stuck != r.stuck) {
    r.stuck = stuck;
    if (stuck) log().warn("instance {} is stuck: {}", to_string(report.id), report.result.reason);
    env().count.instances_stuck.fetch_add(stuck ? 1 : std::uint64_t(-1));
  }
  credit(r, !stuck); // it sleeps until an operator comes; waking it needs no free credit
  if (stuck) answer(report.id, report.result);
  if (report.wake) wake_at(report.id, r, report.wake);
}

void process_manager::let_go(instance_id id) {
  auto& r = instances_.at(id);
  if (r.stuck) env().count.instances_stuck.fetch_sub(1);
  credit(r, false);
  wake_at(id, r, std::nullopt);
  if (r.saga) by_actor_.erase(r.saga.id());
  instances_.erase(id);
  book_.closed(id);
  env().count.instances_open = instances_.size();
}

void process_manager::credit(running& r, bool wanted) {
  if (r.has_credit == wanted) return;
  r.has_credit = wanted;
  if (wanted)
    env().credits.enter_accepted();
  else
    env().credits.leave();
}

// Sagas are watched, not linked: CAF keeps links in a list that each end of a saga would search.
void process_manager::died(const caf::down_msg& message) {
  const auto at = by_actor_.find(message.source.id());
  if (at == by_actor_.end()) return; // it had ended, and said so
  const auto id = at->second;
  by_actor_.erase(at);
  if (message.reason == caf::exit_reason::normal) return; // its report is in the mailbox
  log().error("the saga of instance {} died ({}); it is folded again", to_string(id),
              caf::to_string(message.reason));
  env().count.actors_respawned.fetch_add(1, std::memory_order_relaxed);
  send(supervisor_, actor_died{"saga"});
  auto& r = instances_.at(id);
  r.saga = {};
  load(id, r);
}

std::shared_ptr<const process_definition> process_manager::definition(std::string_view name) const {
  for (const auto& p : env().processes)
    if (p->name == name) return p;
  return nullptr;
}

// --- waiting callers, and time ---

void process_manager::await(const await_outcome& what) {
  const auto at = instances_.find(what.id);
  if (at != instances_.end() && at->second.stuck) {
    (*what.callback)(at->second.latest);
    return;
  }
  const auto number = next_waiter_++;
  waiting_.emplace(what.id, waiter{number, what.deadline, what.callback});
  timers_.insert({what.deadline, what.id, number});
  if (at != instances_.end() || start_of(what.id) > seen_) return;
  read_instance(what.id);
}

void process_manager::answer(instance_id id, const outcome& result) {
  const auto [first, last] = waiting_.equal_range(id);
  for (auto at = first; at != last; ++at) {
    timers_.erase({at->second.deadline, id, at->second.number});
    (*at->second.callback)(result);
  }
  waiting_.erase(first, last);
}

void process_manager::wake_at(instance_id id, running& r, std::optional<timestamp> at) {
  if (r.wake) timers_.erase({*r.wake, id, 0});
  r.wake = at;
  if (at) timers_.insert({*at, id, 0});
}

void process_manager::tick() {
  delayed_send(this, tick_every, tick_atom);
  const auto time = now();
  while (!timers_.empty() && timers_.begin()->at <= time) fire(*timers_.begin());
  resume_some();
  if (time - last_book_ < std::chrono::seconds(1)) return;
  last_book_ = time;
  write_book();
}

void process_manager::fire(timer due) {
  timers_.erase(due);
  if (due.number == 0) {
    auto& r = instances_.at(due.id);
    r.wake.reset();
    if (r.at == running::phase::awake) send(r.saga, wake_up{});
    return;
  }
  const auto [first, last] = waiting_.equal_range(due.id);
  const auto at = std::find_if(
      first, last, [&](const auto& entry) { return entry.second.number == due.number; });
  const auto late = std::move(at->second.callback);
  waiting_.erase(at);
  (*late)({outcome_kind::unknown, {}, due.id});
}

// Resending after a restart is paced, so that it does not drown new work.
void process_manager::resume_some() {
  if (to_resume_.empty()) return;
  const auto rate = static_cast<double>(env().options.recovery_rate);
  resume_allowance_ += rate * std::chrono::duration<double>(tick_every).count();
  while (!to_resume_.empty() && (rate == 0 || resume_allowance_ >= 1)) {
    resume_allowance_ -= 1;
    const auto at = instances_.find(to_resume_.front());
    if (at != instances_.end() && at->second.at == running::phase::sleeping)
      load(at->first, at->second);
    to_resume_.pop_front();
  }
}

void process_manager::write_book() {
  if (unconfirmed_ || !live_) return;
  auto changes = book_.checkpoint(seen_);
  if (changes.books.empty()) return;
  unconfirmed_ = std::move(changes);
  send_book();
}

void process_manager::send_book() {
  auto job = std::make_shared<append_job>();
  job->request = *unconfirmed_;
  job->from = caf::actor_cast<caf::actor>(this);
  send(directory_->writer, append_to_journal{std::move(job)});
}

} // namespace ensemble::internal
