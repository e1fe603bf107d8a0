#include "runtime/instance_holder.hpp"

#include "model/engine_messages.hpp"
#include "model/planted_bug.hpp"
#include "runtime/deployments.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace ensemble::internal {

namespace {
const auto tick_atom = caf::atom("tick");

// The checkpoint of a process that is not run here stays where it is: what happens to its instances
// meanwhile is looked at when it is run again.
std::set<std::string, std::less<>> run_here(const environment& env,
                                            const std::set<std::string, std::less<>>& processes) {
  std::set<std::string, std::less<>> some;
  for (const auto& process : processes)
    if (newest_version(env, process) > 0) some.insert(process);
  return some;
}

} // namespace

instance_holder::instance_holder(caf::actor_config& config, environment_ptr env,
                                 holder_scope_ptr scope, directory_ptr directory,
                                 caf::actor supervisor, std::function<void()> recovered)
    : base_actor(config, env, scope->role),
      scope_(std::move(scope)),
      recovered_(std::move(recovered)),
      follower_(*this, [this](const batch_ptr& batch) { route(batch); }),
      outside_(make_outside_events(*env, scope_->processes.kept)),
      gauges_(env->count),
      book_(run_here(*env, scope_->processes.kept)) {
  directory_ = std::move(directory);
  supervisor_ = std::move(supervisor);
  for (const auto& [key, followed] : scope_->definitions)
    if (key.second == newest_version(*env, key.first))
      by_start_.emplace(followed.definition->start.event->name, &followed);
}

caf::behavior instance_holder::make_behavior() {
  join(directory_->journal_group);
  catch_up();
  last_book_ = now();
  delayed_send(this, tick_every, tick_atom);
  return {
      [this](const committed& m) { follower_.follow(m.batch, *directory_); },
      [this](const saga_report& m) { reported(m); },
      [this](const returned_event& m) { hand_over(outside_.returned(m.from, *m.event)); },
      [this](const await_outcome& m) { await(m); },
      [this](const list_stuck& m) {
        auto ids = std::make_shared<std::vector<instance_id>>();
        for (const auto& [id, reason] : stuck_) ids->push_back(id);
        send(m.from, stuck_listed{m.tag, std::move(ids)});
      },
      [this](const journal_page& m) { page_read(m); },
      [this](const open_instances_read& m) { rows_read(*m.page); },
      [this](const open_instances_found& m) { found_open(*m.tail); },
      [this](caf::atom_value what) {
        if (what != tick_atom) return;
        delayed_send(this, tick_every, tick_atom);
        tick();
      },
      [this](const directory_changed& m) {
        directory_ = m.now;
        tell_all(m);
        if (m.restarted == reader_role) { // what the last reader was asked is lost
          for (auto& [tag, request] : std::exchange(reads_, {})) ask_reader(request);
          follower_.reader_replaced(*directory_);
        }
        if (m.restarted == writer_role) { // and what the last writer was given
          if (catching_up_) catch_up();
          if (unconfirmed_) send_book();
          hand_over(outside_.in_hand());
        }
      },
      [this](const appends_done& m) {
        for (const auto& answer : *m.answers) append_answered(answer);
      },
  };
}

void instance_holder::on_exit() {
  for (auto& [id, r] : instances_) {
    credit(r, false);
    if (r.at_work()) end_work(r);
  }
  for (auto* part : {&gauges_.open, &gauges_.stuck, &gauges_.asleep, &gauges_.outside_kept,
                     &gauges_.outside_parked})
    part->set(0);
  waiting_.clear(); // tells them
  instances_.clear();
  follower_.clear();
  base_actor::on_exit();
}

// The books are read once what a predecessor gave the writer is recorded.
void instance_holder::catch_up() {
  catching_up_ = true;
  auto nothing = std::make_shared<append_job>();
  nothing->from = caf::actor_cast<caf::actor>(this);
  nothing->tag = catch_up_tag;
  send(directory_->writer, append_to_journal{std::move(nothing)});
}

void instance_holder::append_answered(const append_answer& answer) {
  if (answer.tag == catch_up_tag) {
    if (!std::exchange(catching_up_, false)) return;
    read_request open;
    open.what = read_request::kind::open;
    open.processes = std::shared_ptr<const followed_processes>(scope_, &scope_->processes);
    ask_reader(std::move(open));
  } else if (answer.result.state == append_result::status::no_space) {
    book_refused_ = true; // tried again with the next tick of the book
  } else {
    unconfirmed_.reset();
  }
}

// --- following the journal ---

void instance_holder::rows_read(const open_instances_page& page) {
  if (live_) return; // asked twice, because a reader died
  if (page.first) {
    // Whatever an earlier reader had told of is told again.
    for (const auto& [id, r] : std::exchange(instances_, {}))
      if (r.wake) timers_.erase({*r.wake, id, 0});
    stuck_.clear();
    not_run_.clear();
    for (auto* part : {&gauges_.open, &gauges_.stuck, &gauges_.asleep}) part->set(0);
    outside_ = make_outside_events(env(), scope_->processes.kept);
  }
  for (const auto& [id, row] : page.rows) add_row(id, row);
}

void instance_holder::found_open(const open_instances_tail& tail) {
  std::erase_if(reads_,
                [](const auto& entry) { return entry.second.what == read_request::kind::open; });
  if (live_) return;
  recovered_to_ = tail.head;
  book_.loaded(tail.checkpoint);
  for (const auto& [id, process, version] : tail.began) {
    if (ENSEMBLE_PLANTED(tail_of_book_forgotten)) continue;
    const bool has_row = instances_.contains(id); // the processes' checkpoints may differ
    if (!add_open(id, process, version) || !scope_->processes.kept.contains(process)) continue;
    if (has_row)
      book_.changed(id);
    else
      book_.opened(id);
  }
  for (const auto id : tail.ended)
    if (instances_.contains(id)) let_go(id);
  for (const auto id : tail.moved)
    if (const auto at = instances_.find(id); at != instances_.end()) {
      set_asleep(at->second, false);
      row_changed(id, at->second); // the next checkpoint passes events that its row does not know
      if (keeps(at->second)) hand_over(outside_.awaits(id, {}));
    }
  for (auto& [id, r] : instances_) {
    r.resumes = r.followed && !r.asleep && !ENSEMBLE_PLANTED(nothing_resumed);
    if (r.resumes) to_resume_.push_back(id);
  }
  to_give_again_ = to_resume_.size();
  std::ranges::sort(to_resume_); // the oldest first: the ids begin with their positions
  for (const auto& [event, parked_because] : tail.outside)
    if (parked_because.empty())
      hand_over(outside_.arrived(event));
    else
      outside_.parked(event.position, parked_because);
  count_outside_events();
  log().info("{}: {} open instances at position {}", name(), instances_.size(), tail.head.value);
  // Who asked before this was known, for what has ended: the journal tells.
  for (const auto& [id, asked] : waiting_)
    if (!instances_.contains(id) && start_of(id) <= tail.head) read_instance(id);
  for (const auto& [id, why] : stuck_)
    if (is_known_stuck(instances_.at(id))) answer(id, stuck_outcome(id));
  live_ = true;
  follower_.start_live(tail.head, *directory_);
  if (to_give_again_ == 0) resumed();
  if (recovered_) std::exchange(recovered_, {})();
}

void instance_holder::ask_reader(read_request request) {
  request.tag = next_tag_++;
  send(directory_->reader,
       read_journal{std::make_shared<read_request>(request), caf::actor_cast<caf::actor>(this)});
  reads_.emplace(request.tag, std::move(request));
}

void instance_holder::page_read(const journal_page& page) {
  if (follower_.page_read(page, *directory_)) return;
  if (const auto asked = reads_.extract(page.tag); !asked.empty())
    loaded(asked.mapped().instance, *page.events);
}

void instance_holder::route(const batch_ptr& batch) {
  struct wanted {
    instance_id id{};
    std::uint32_t event = 0;
    running* instance = nullptr;
  };
  std::vector<wanted> all;
  const auto& events = batch->events;
  for (std::uint32_t n = 0; n < events.size(); ++n) {
    if (events[n].position <= follower_.seen()) continue;
    if (const auto id = events[n].origin.instance)
      if (const auto at = instances_.find(id); at != instances_.end())
        all.push_back({id, n, &at->second});
    const auto [first, last] = by_start_.equal_range(events[n].body.name());
    for (auto at = first; at != last; ++at) begin(*at->second, batch, n);
    look_outside(events[n]);
  }
  // Each instance gets its events together, in their order.
  std::ranges::stable_sort(all, {}, &wanted::id);
  for (auto first = all.begin(); first != all.end();) {
    const auto last =
        std::find_if(first, all.end(), [&](const auto& w) { return w.id != first->id; });
    auto& r = *first->instance;
    if (!r.active) {
      load(first->id, r);
    } else if (r.at_work()) {
      saga_events its{batch, {}};
      for (auto at = first; at != last; ++at) its.which.push_back(at->event);
      r.active->sent = events[its.which.back()].position;
      give_events(r, std::move(its));
    } else {
      for (auto at = first; at != last; ++at) r.active->arrived.push_back(events[at->event]);
    }
    first = last;
  }
}

void instance_holder::look_outside(const recorded_event& e) {
  const auto* received = e.body.get_if<engine::event_received>();
  if (!outside_.concerns(received ? std::string_view(received->event_name) : e.body.name())) return;
  if (received)
    outside_.received({received->event_position});
  else
    hand_over(outside_.arrived(e));
}

} // namespace ensemble::internal
