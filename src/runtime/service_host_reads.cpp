#include "runtime/service_host.hpp"

#include "model/planted_bug.hpp"
#include "model/thrown.hpp"

#include <caf/all.hpp>

#include <algorithm>

// The host's dealings with the journal's reader: loading entities, finding earlier outcomes, and
// the queries that wait for both.

namespace ensemble::internal {

namespace {
/// So often in a row a command must have met entities without any event before the next are taken
/// for such without a look.
constexpr std::size_t sure_after = 4;
} // namespace

// Most commands that begin something meet an entity that has no event yet. To ask the journal first
// costs more than to be wrong now and then: the append expects the stream's length, and so the
// decision is made anew on the state as it is. A repeat looks up its outcome in any case, and an
// effect cannot be taken back.
bool service_host::expects_new(const work& item) const {
  if (stateless() || item.repeat || item.handler->effect) return false;
  const auto known = new_in_a_row_.find(item.handler);
  return known != new_in_a_row_.end() && known->second >= sure_after;
}

void service_host::assume_new(entity& e) {
  e.stream = make_stream_name(service_->name, e.key);
  e.state = service_->initial();
  e.length = 0;
  e.assumed_new = true;
  e.at = entity::phase::ready;
}

// It failed on states that may not be the entities' own: they are read, and it is decided again.
// False: none was a guess.
bool service_host::look_after_all(const work_ptr& item, const std::string& why) {
  std::vector<entity*> guessed;
  for (auto* e : item->entities)
    if (e->assumed_new) guessed.push_back(e);
  if (guessed.empty()) return false;
  item->failed_on_guess = why;
  item->guessed_lengths.clear();
  for (const auto* e : item->entities) item->guessed_lengths.push_back(e->length);
  guessed.front()->redo.push_back(item);
  for (auto* e : guessed) e->at = entity::phase::settling;
  for (auto* e : guessed) settle(*e);
  return true;
}

bool service_host::guess_was_right(const work& item) {
  return std::ranges::equal(item.entities, item.guessed_lengths, {}, &entity::length);
}

void service_host::load(entity& e, stream_version from) {
  if (from.value == 0) {
    e.assumed_new = false;
    e.stream = make_stream_name(service_->name, e.key);
    if (!ENSEMBLE_PLANTED(loaded_on_top) || !e.state.has_value()) e.state = service_->initial();
    e.length = 0;
    e.at = entity::phase::loading;
  }
  if (stateless()) {
    loaded(e);
    return;
  }
  pending_read what;
  what.request.what = read_request::kind::stream;
  what.request.stream = e.stream;
  what.request.version = from;
  what.key = e.key;
  read(std::move(what));
}

void service_host::read(pending_read what) {
  what.request.tag = next_tag_++;
  const auto request = std::make_shared<read_request>(what.request);
  reads_.emplace(request->tag, std::move(what));
  send(directory_->reader, read_journal{request, caf::actor_cast<caf::actor>(this)});
}

void service_host::page_read(const journal_page& page) {
  const auto at = reads_.find(page.tag);
  if (at == reads_.end()) return; // asked again in the meantime
  const auto what = std::move(at->second);
  reads_.erase(at);
  if (what.item) {
    what.item->repeat = false;
    if (page.events->empty())
      proceed(what.item);
    else
      finish(what.item, *page.events, std::nullopt);
    return;
  }
  auto& e = *entities_.find(what.key);
  try {
    const inside_handler guard;
    for (const auto& event : *page.events) {
      service_->fold(e.state, event.body);
      ++e.length;
    }
  } catch (...) {
    give_up(e, "folding stream '" + e.stream + "': " + thrown_text());
    return;
  }
  if (!page.complete) {
    load(e, {e.length});
    return;
  }
  loaded(e);
}

void service_host::loaded(entity& e) {
  if (const auto* command = std::exchange(e.asked_by, nullptr)) {
    auto& in_a_row = new_in_a_row_[command];
    in_a_row = e.length == 0 ? in_a_row + 1 : 0;
  }
  e.at = entity::phase::ready;
  for (const auto& q : std::exchange(e.unasked, {})) query(q);
  pump(e);
}

// The entity cannot be folded: whoever waits for it is told, and the next who needs it tries again.
void service_host::give_up(entity& e, const std::string& reason) {
  e.at = entity::phase::unknown;
  const error why(errc::handler_failed, reason);
  for (const auto& q : std::exchange(e.unasked, {}))
    env().gate.pass([q, why] { (*q->callback)(nullptr, &why); });
  for (const auto& item : std::exchange(e.waiting, {})) fail(item, reason);
}

void service_host::query(const std::shared_ptr<const state_query>& what) {
  bool fresh = false;
  auto& e = entities_.get(what->key, fresh);
  const bool guessed = e.assumed_new && e.in_flight == 0;
  if (e.at == entity::phase::ready && !guessed) {
    // What is decided but not yet durable must not leave the process.
    e.queries.push_back({what, e.length, e.state});
    if (e.in_flight == 0) answer_queries(e, e.length);
    return;
  }
  e.unasked.push_back(what);
  if (fresh || guessed || e.at == entity::phase::unknown) load(e, {0});
}

void service_host::answer_queries(entity& e, std::uint64_t recorded_length) {
  const auto waits = [&](const entity::waiting_query& q) { return q.needs > recorded_length; };
  const auto first = std::stable_partition(e.queries.begin(), e.queries.end(), waits);
  for (auto at = first; at != e.queries.end(); ++at)
    env().gate.pass([q = std::move(*at)] { (*q.query->callback)(&q.state, nullptr); });
  e.queries.erase(first, e.queries.end());
}

void service_host::directory_replaced(const directory_changed& change) {
  directory_ = change.now;
  if (change.restarted == writer_role) {
    if (catching_up_ != 0) catch_up();
    // Whether these appends were recorded is unknown: drop the tails, reload, look, decide anew.
    for (auto& [tag, pending] : std::exchange(appends_, {})) {
      pending.item->repeat = pending.item->may_be_recorded = true;
      pending.item->entities.front()->redo.push_back(pending.item);
      for (auto* e : pending.item->entities) {
        --e->in_flight;
        e->at = entity::phase::settling;
      }
    }
    entities_.for_each([this](entity& e) { settle(e); });
  } else if (change.restarted == reader_role) {
    for (auto& [tag, what] : std::exchange(reads_, {})) read(what);
  }
}

} // namespace ensemble::internal
