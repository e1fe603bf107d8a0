#include "runtime/outcome_watcher.hpp"

#include "runtime/operator_step.hpp"
#include "runtime/saga_body.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace ensemble::internal {

namespace {

const auto look_around = caf::atom("lookaround");
constexpr auto look_every = std::chrono::milliseconds(20);
/// An instance that the journal did not show yet is looked for again.
constexpr auto look_again_after = std::chrono::seconds(1);
/// Events that are kept: searched for each instance that somebody begins to wait for.
constexpr std::size_t most_recent = 4096;

} // namespace

outcome_watcher::outcome_watcher(caf::actor_config& config, environment_ptr env,
                                 directory_ptr directory, position head)
    : base_actor(config, std::move(env), std::string(outcome_role)),
      follower_(*this, [this](const batch_ptr& batch) { take(batch); }),
      head_(head),
      recent_from_(head) {
  directory_ = std::move(directory);
}

caf::behavior outcome_watcher::make_behavior() {
  join(directory_->journal_group);
  follower_.start(head_, *directory_);
  delayed_send(this, look_every, look_around);
  return {
      [this](const await_outcome& m) { await(m); },
      [this](const committed& m) { follower_.follow(m.batch, *directory_); },
      [this](const journal_page& m) {
        if (!follower_.page_read(m, *directory_)) page_read(m);
      },
      [this](caf::atom_value what) {
        if (what != look_around) return;
        delayed_send(this, look_every, look_around);
        tick();
      },
      [this](const directory_changed& m) {
        directory_ = m.now;
        if (m.restarted != reader_role) return; // what the last reader was asked is lost
        follower_.reader_replaced(*directory_);
        for (const auto& [tag, id] : std::exchange(reads_, {}))
          if (const auto at = watched_.find(id); at != watched_.end()) read(id, at->second);
      },
  };
}

void outcome_watcher::on_exit() {
  watched_.clear(); // tells them
  recent_.clear();
  follower_.clear();
  base_actor::on_exit();
}

void outcome_watcher::await(const await_outcome& what) {
  const auto [at, is_new] = watched_.try_emplace(what.id);
  auto& w = at->second;
  w.waiting.push_back({what.deadline, what.callback});
  if (!is_new) return;
  if (what.start->position <= recent_from_) return read(what.id, w);
  std::vector<recorded_event> events{*what.start};
  for (const auto& batch : recent_)
    for (const auto& e : batch->events)
      if (e.origin.instance == what.id && e.position > events.back().position) events.push_back(e);
  begin(what.id, w, std::move(events));
}

void outcome_watcher::begin(instance_id id, watched& w, std::vector<recorded_event> events) {
  const auto definition = definition_of(env(), id, events.front());
  if (!definition) {
    answer(w, {outcome_kind::unknown, "its process or version is not known to this node", id});
    watched_.erase(id);
    return;
  }
  w.folded = fold_instance(definition, events);
  for (const auto& e : std::exchange(w.arrived, {})) fold(w, e);
  settle(id);
}

void outcome_watcher::read(instance_id id, watched& w) {
  w.read_again.reset();
  auto request = std::make_shared<read_request>();
  request->what = read_request::kind::instance;
  request->tag = next_tag_++;
  request->instance = id;
  reads_.emplace(request->tag, id);
  send(directory_->reader, read_journal{std::move(request), caf::actor_cast<caf::actor>(this)});
}

void outcome_watcher::page_read(const journal_page& page) {
  const auto asked = reads_.extract(page.tag);
  if (asked.empty()) return;
  const auto at = watched_.find(asked.mapped());
  if (at == watched_.end() || at->second.folded) return;
  if (page.events->empty())
    at->second.read_again = now() + look_again_after;
  else
    begin(at->first, at->second, *page.events);
}

void outcome_watcher::take(const batch_ptr& batch) {
  recent_.push_back(batch);
  recent_events_ += batch->events.size();
  while (recent_events_ > most_recent) {
    recent_events_ -= recent_.front()->events.size();
    recent_from_ = recent_.front()->to;
    recent_.pop_front();
  }
  if (watched_.empty()) return;
  for (const auto& e : batch->events) {
    const auto at = watched_.find(e.origin.instance);
    if (at == watched_.end()) continue;
    if (!at->second.folded) {
      at->second.arrived.push_back(e);
      continue;
    }
    fold(at->second, e);
    settle(at->first);
  }
}

void outcome_watcher::fold(watched& w, const recorded_event& e) {
  if (e.position <= w.folded->last) return; // it was read already
  const inside_handler guard;
  env().count.events_folded.fetch_add(1, std::memory_order_relaxed);
  evolve(*w.folded, e);
}

void outcome_watcher::settle(instance_id id) {
  const auto at = watched_.find(id);
  const auto result = outcome_of(*at->second.folded);
  if (result.kind == outcome_kind::unknown) return;
  answer(at->second, result);
  watched_.erase(at);
}

void outcome_watcher::answer(watched& w, const outcome& result) {
  for (const auto& one : std::exchange(w.waiting, {})) (*one.callback)(result);
}

void outcome_watcher::tick() {
  const auto time = now();
  for (auto at = watched_.begin(); at != watched_.end();) {
    auto& [id, w] = *at;
    const auto late = std::stable_partition(w.waiting.begin(), w.waiting.end(),
                                            [&](const waiter& one) { return one.deadline > time; });
    for (auto one = late; one != w.waiting.end(); ++one)
      (*one->callback)({outcome_kind::unknown, {}, id});
    w.waiting.erase(late, w.waiting.end());
    if (w.waiting.empty()) {
      at = watched_.erase(at);
      continue;
    }
    if (w.read_again && *w.read_again <= time) read(id, w);
    ++at;
  }
}

} // namespace ensemble::internal
