#include "journal/sqlite_transaction.hpp"

#include "journal/event_checksum.hpp"
#include "journal/sqlite_verify.hpp"

#include <algorithm>

namespace ensemble::storage {

sqlite_transaction::sqlite_transaction(database& db)
    : db_(db),
      newest_{static_cast<std::uint64_t>(db.number("SELECT max(position) FROM events")),
              db.number("SELECT time FROM events ORDER BY position DESC LIMIT 1")},
      streams_(db),
      messages_(db, "messages"),
      steps_(db, "steps"),
      begin_(db.prepare("BEGIN IMMEDIATE")),
      commit_(db.prepare("COMMIT")),
      roll_back_(db.prepare("ROLLBACK")),
      insert_(db.prepare("INSERT INTO events VALUES"
                         "(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17)")),
      find_(db.prepare("SELECT position FROM events INDEXED BY events_by_id "
                       "WHERE stream = ?1 AND id = ?2")),
      run_(db.prepare("SELECT idx, last FROM events WHERE position >= ?1 ORDER BY position")),
      put_(db.prepare("INSERT OR REPLACE INTO books VALUES(?1, ?2, ?3, ?4)")),
      erase_(db.prepare("DELETE FROM books WHERE book = ?1 AND key = ?2")),
      row_(db.prepare("SELECT value, crc FROM books WHERE book = ?1 AND key = ?2")) {}

void sqlite_transaction::begin(timestamp now) {
  begin_.run();
  reached_ = newest_;
  now_ = std::max<std::int64_t>(now.time_since_epoch().count(), newest_.time);
}

void sqlite_transaction::commit() {
  commit_.run();
  newest_ = reached_;
  streams_.committed();
}

void sqlite_transaction::roll_back() {
  streams_.rolled_back();
  messages_.rolled_back();
  steps_.rolled_back();
  if (db_.in_transaction()) roll_back_.run();
}

std::optional<position> sqlite_transaction::find(const stream_state& stream, event_id id) {
  const scoped_reset done(find_);
  if (!find_.bind(1, stream.number).bind(2, id).step()) return std::nullopt;
  return position{static_cast<std::uint64_t>(find_.integer(0))};
}

position sqlite_transaction::end_of_run(position first) {
  const scoped_reset done(run_);
  run_.bind(1, static_cast<std::int64_t>(first.value)).step();
  auto end = first;
  while (run_.integer(1) == 0) {
    const auto index = static_cast<std::uint32_t>(run_.integer(0));
    if (!run_.step() || !continues_run(index, static_cast<std::uint32_t>(run_.integer(0)))) break;
    ++end.value;
  }
  return end;
}

position sqlite_transaction::append(std::string_view name, stream_state& stream,
                                    const new_event& event) {
  if (stream.number == 0) streams_.create(name, stream);
  try {
    insert(name, stream, event);
  } catch (const sqlite_error& refused) {
    // Any other duplicate would mean that the file does not hold what this writer knows of it.
    if (refused.is_duplicate() && find(stream, event.id)) throw duplicate_event(name, event.id);
    throw;
  }
  ++stream.length;
  ++reached_.position;
  reached_.time = now_;
  return {reached_.position};
}

void sqlite_transaction::insert(std::string_view name, const stream_state& stream,
                                const new_event& event) {
  const auto& origin = event.origin;
  event_view e;
  e.position = reached_.position + 1;
  e.version = stream.length;
  e.time = now_;
  e.index = event.index;
  e.schema_version = static_cast<std::uint32_t>(event.body.schema_version());
  e.round = origin.round;
  e.last = event.last;
  e.direction = origin.direction;
  e.id = event.id;
  e.correlation = origin.correlation;
  e.causation = origin.causation;
  e.instance = origin.instance;
  e.stream = name;
  e.name = event.body.name();
  e.step = origin.step;
  e.body = event.body.text();

  insert_.bind(1, static_cast<std::int64_t>(e.position)).bind(2, stream.number);
  insert_.bind(3, static_cast<std::int64_t>(e.version)).bind(4, e.id);
  insert_.bind(5, std::int64_t{e.index}).bind(6, std::int64_t{e.last});
  insert_.bind(7, messages_.number(e.name)).bind(8, std::int64_t{e.schema_version});
  insert_.bind(9, e.time).bind(10, e.correlation).bind(11, e.causation).bind(12, e.instance);
  if (e.step.empty())
    insert_.bind_null(13);
  else
    insert_.bind(13, steps_.number(e.step));
  insert_.bind(14, static_cast<std::int64_t>(e.direction)).bind(15, std::int64_t{e.round});
  insert_.bind(16, e.body).bind(17, std::int64_t{checksum(e)});
  insert_.run();
}

void sqlite_transaction::change(const book_change& change) {
  if (change.value) {
    put_.bind(1, change.book).bind_bytes(2, change.key).bind_bytes(3, *change.value);
    put_.bind(4, std::int64_t{checksum(change.book, change.key, *change.value)}).run();
  } else {
    erase_.bind(1, change.book).bind_bytes(2, change.key).run();
  }
}

std::optional<std::string> sqlite_transaction::row(const std::string& book,
                                                   const std::string& key) {
  const scoped_reset done(row_);
  if (!row_.bind(1, book).bind_bytes(2, key).step()) return std::nullopt;
  std::string value(row_.bytes(0));
  if (row_.integer(1) != std::int64_t{checksum(book, key, value)})
    throw error(errc::journal_damaged, damaged_book(book));
  return value;
}

} // namespace ensemble::storage
