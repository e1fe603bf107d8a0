#include "runtime/outcome_watcher.hpp"

#include "runtime/log.hpp"
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
} // namespace

outcome_watcher::outcome_watcher(caf::actor_config& config, environment_ptr env,
                                 directory_ptr directory)
    : base_actor(config, std::move(env), std::string(outcome_role)) {
  directory_ = std::move(directory);
}

caf::behavior outcome_watcher::make_behavior() {
  join(directory_->journal_group);
  delayed_send(this, look_every, look_around);
  return {
      [this](const await_outcome& m) { await(m); },
      [this](const committed& m) { take(*m.batch); },
      [this](const journal_page& m) { page_read(m); },
      [this](caf::atom_value what) {
        if (what != look_around) return;
        delayed_send(this, look_every, look_around);
        tick();
      },
      [this](const directory_changed& m) {
        directory_ = m.now;
        if (m.restarted != reader_role) return; // what the last reader was asked is lost
        for (const auto& [tag, id] : std::exchange(reads_, {}))
          if (const auto at = watched_.find(id); at != watched_.end()) read(id, at->second);
      },
  };
}

void outcome_watcher::on_exit() {
  watched_.clear(); // tells them
  base_actor::on_exit();
}

void outcome_watcher::await(const await_outcome& what) {
  auto [at, is_new] = watched_.try_emplace(what.id);
  at->second.waiting.push_back({what.deadline, what.callback});
  if (is_new) read(what.id, at->second);
}

void outcome_watcher::read(instance_id id, watched& w) {
  w.asked = now();
  auto request = std::make_shared<read_request>();
  request->what = read_request::kind::instance;
  request->tag = next_tag_++;
  request->instance = id;
  reads_.emplace(request->tag, id);
  send(directory_->reader, read_journal{std::move(request), caf::actor_cast<caf::actor>(this)});
}

void outcome_watcher::page_read(const journal_page& page) {
  const auto asked = reads_.extract(page.tag);
  if (asked.empty() || page.events->empty()) return;
  const auto id = asked.mapped();
  const auto at = watched_.find(id);
  if (at == watched_.end() || at->second.folded) return;
  auto& w = at->second;
  const auto definition = definition_of(env(), id, page.events->front());
  if (!definition) {
    log().warn("somebody waits for instance {}, whose process or version is not known here",
               to_string(id));
    return;
  }
  w.folded = fold_instance(definition, *page.events);
  for (const auto& e : std::exchange(w.arrived, {})) fold(w, e);
  if (settled(w)) watched_.erase(at);
}

void outcome_watcher::take(const committed_batch& batch) {
  if (watched_.empty()) return;
  for (const auto& e : batch.events) {
    const auto at = watched_.find(e.origin.instance);
    if (at == watched_.end()) continue;
    auto& w = at->second;
    if (!w.folded) {
      w.arrived.push_back(e);
      continue;
    }
    fold(w, e);
    if (settled(w)) watched_.erase(at);
  }
}

void outcome_watcher::fold(watched& w, const recorded_event& e) {
  if (e.position <= w.folded->last) return; // it was read already
  const inside_handler guard;
  env().count.events_folded.fetch_add(1, std::memory_order_relaxed);
  evolve(*w.folded, e);
}

bool outcome_watcher::settled(const watched& w) {
  const auto result = outcome_of(*w.folded);
  if (result.kind == outcome_kind::unknown) return false;
  for (const auto& waiter : w.waiting) (*waiter.callback)(result);
  return true;
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
    if (!w.folded && time - w.asked > look_again_after) read(id, w);
    ++at;
  }
}

} // namespace ensemble::internal
