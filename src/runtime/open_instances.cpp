#include "runtime/open_instances.hpp"

#include "model/engine_messages.hpp"
#include "runtime/book_rows.hpp"
#include "runtime/deployments.hpp"

#include <map>
#include <set>

namespace ensemble::internal {

namespace {

/// Of journals whose processes had one checkpoint in common: they are read from their deployment
/// on.
constexpr std::string_view old_checkpoint_key = "checkpoint";

std::string key_of(instance_id id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

instance_id id_of(const std::string& key) {
  instance_id id;
  if (key.size() != id.bytes.size())
    throw error(errc::journal_damaged, "the book of open instances holds a key of " +
                                           std::to_string(key.size()) + " bytes");
  std::copy(key.begin(), key.end(), id.bytes.begin());
  return id;
}

bool ends(const environment& env, const recorded_event& e) {
  const auto by = e.origin.direction;
  const auto is = [&](const outcome_definition& o) {
    return o.event && o.event->name == e.body.name();
  };
  for (const auto& p : env.processes)
    if ((by == direction::complete && is(p->completed)) ||
        (by == direction::abort && is(p->aborted)))
      return true;
  return false;
}

/// The oldest of their checkpoints: what a younger one knows is harmless to read again.
position read_checkpoint(journal_reader& reader, const environment& env,
                         const std::set<std::string, std::less<>>& processes) {
  std::map<std::string, position, std::less<>> known;
  for (auto rows = reader.read_book(checkpoints_book); !rows.empty();
       rows = reader.read_book(checkpoints_book, rows.back().key))
    for (const auto& [process, value] : rows)
      known[process] = read_book_position(checkpoints_book, value);
  auto oldest = reader.head();
  for (const auto& process : processes) {
    // Nobody moves the checkpoint of one that is not run; it counts again when it is.
    if (newest_version(env, process) == 0) continue;
    const auto at = known.find(process);
    if (at != known.end())
      oldest = std::min(oldest, at->second);
    else if (const auto d = env.deployed.find(process); d != env.deployed.end())
      oldest = std::min(oldest, d->second.front().after);
  }
  return oldest;
}

void read_rows(journal_reader& reader, const std::set<std::string, std::less<>>& processes,
               const std::function<void(open_instances_page)>& tell) {
  bool first = true;
  std::string after;
  do {
    open_instances_page page;
    page.first = std::exchange(first, false);
    const auto rows = reader.read_book(open_instances_book, after);
    for (const auto& stored : rows) {
      if (stored.key == old_checkpoint_key) continue;
      auto row = read_book_row<open_instance>(open_instances_book, stored);
      if (processes.contains(row.process))
        page.rows.emplace_back(id_of(stored.key), std::move(row));
    }
    after = rows.empty() ? std::string() : rows.back().key;
    tell(std::move(page));
  } while (!after.empty());
}

class tail_reader {
public:
  tail_reader(journal_reader& reader, const environment& env, const followed_processes& processes)
      : reader_(reader),
        env_(env),
        processes_(processes.all),
        outside_(make_outside_events(env, processes.kept)) {}

  open_instances_tail read(position checkpoint) {
    tail_.checkpoint = tail_.head = checkpoint;
    read_outside_events();
    for (;;) {
      const auto page = reader_.read_all({tail_.head.value + 1});
      if (page.empty()) break;
      for (const auto& e : page) look_at(e);
      tail_.head = page.back().position;
    }
    for (auto& [at, kept] : outside_events_) tail_.outside.push_back(std::move(kept));
    return std::move(tail_);
  }

private:
  void read_outside_events() {
    for (auto rows = reader_.read_book(outside_events_book); !rows.empty();
         rows = reader_.read_book(outside_events_book, rows.back().key))
      for (const auto& [key, value] : rows) {
        const auto at = read_book_position(outside_events_book, key);
        auto found = reader_.read_all(at, 1);
        if (found.empty() || found.front().position != at)
          refuse_row(outside_events_book, "there is no event " + key);
        auto& event = found.front();
        if (outside_.concerns(event.body.name()))
          outside_events_.emplace(at, outside_row{std::move(event), value});
      }
  }

  void look_at(const recorded_event& e) {
    for (const auto& [process, deployments] : env_.deployed)
      if (const auto* d = deployment_at(env_, process, e.position);
          processes_.contains(process) && d && d->start_event == e.body.name() &&
          newest_version(env_, process) > 0)
        tail_.began.push_back({make_instance_id(e.position, process), process, d->version});
    if (outside_.concerns(e.body.name())) outside_events_.emplace(e.position, outside_row{e, {}});
    if (const auto* received = e.body.get_if<engine::event_received>())
      outside_events_.erase({received->event_position});
    if (!e.origin.instance) return;
    if (ends(env_, e))
      tail_.ended.insert(e.origin.instance);
    else
      tail_.moved.insert(e.origin.instance);
  }

  journal_reader& reader_;
  const environment& env_;
  const std::set<std::string, std::less<>>& processes_;
  outside_events outside_;
  std::map<position, outside_row> outside_events_{};
  open_instances_tail tail_{};
};

} // namespace

book_change make_change(instance_id id, const open_instance& row) {
  return {std::string(open_instances_book), key_of(id), message(row).text()};
}

book_change make_end(instance_id id) {
  return {std::string(open_instances_book), key_of(id), std::nullopt};
}

book_change make_checkpoint(std::string_view process, position up_to) {
  return {std::string(checkpoints_book), std::string(process), std::to_string(up_to.value)};
}

book_change make_change(const outside_events::change& change) {
  book_change made{std::string(outside_events_book), std::to_string(change.at.value), {}};
  if (change.open) made.value = change.parked_because;
  return made;
}

void find_open_instances(journal_reader& reader, const environment& env,
                         const followed_processes& processes,
                         const std::function<void(open_instances_page)>& tell_rows,
                         const std::function<void(open_instances_tail)>& tell_tail) {
  // The checkpoint first: rows that are newer only tell what the tail tells again.
  const auto checkpoint = read_checkpoint(reader, env, processes.all);
  read_rows(reader, processes.all, tell_rows);
  tell_tail(tail_reader(reader, env, processes).read(checkpoint));
}

std::vector<awaited_key> awaited_keys(const open_instance& row,
                                      const process_definition& definition) {
  std::vector<awaited_key> keys;
  for (const auto& wait : row.waits) {
    const auto step = definition.find_step(wait.step);
    if (!step) continue;
    for (const auto& a : definition.steps[*step].awaited)
      if (a.outcome.event->name == wait.event) keys.push_back({&a, wait.key});
  }
  return keys;
}

std::vector<waiting_row> waiting_rows(const std::vector<awaited_key>& keys,
                                      const process_definition& definition) {
  std::vector<waiting_row> rows;
  for (const auto& key : keys)
    for (const auto& s : definition.steps)
      for (const auto& a : s.awaited)
        if (&a == key.event) rows.push_back({s.name, std::string(a.outcome.event->name), key.key});
  return rows;
}

} // namespace ensemble::internal
