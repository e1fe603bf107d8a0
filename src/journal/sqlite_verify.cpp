#include "journal/sqlite_verify.hpp"

#include "journal/append_rules.hpp"

#include <optional>
#include <utility>

namespace ensemble::storage {

namespace {

using reporter = std::function<void(const std::string&)>;

// Each page of the scan is a read transaction of its own: one that lasted as long as the whole
// scan would keep the owner's write-ahead log from being reused.
constexpr std::int64_t page = 4096;

// A damaged page can lead back to where the scan has been: it would never end.
constexpr const char* out_of_order = " are out of order; those behind are not checked";

// The event before, in journal order, as far as its successor depends on it.
struct place {
  std::uint64_t position = 0;
  std::int64_t time = 0;
  std::uint32_t index = 0;
  bool last = true;
  bool sound = true;
};

// What is wrong with an event as the successor of another; none if nothing is.
std::optional<std::string> misfit(const place& before, const event_view& event) {
  if (event.position != before.position + 1) {
    const auto first = std::to_string(before.position + 1);
    const auto last = std::to_string(event.position - 1);
    return first == last ? "event " + first + " is missing"
                         : "events " + first + " to " + last + " are missing";
  }
  // What is damaged has been reported: it says nothing about its neighbours.
  if (!before.sound) return std::nullopt;
  if (before.position != 0 && event.time < before.time)
    return damaged(event, "was recorded before its predecessor");
  const bool fits = before.last ? event.index == 0 : continues_run(before.index, event.index);
  if (!fits)
    return damaged(event, "has index " + std::to_string(event.index) +
                              ", which does not follow the event before it");
  return std::nullopt;
}

// Checks events in journal order, up to `head`. Starts behind `before`.
std::uint64_t scan(database& db, event_row_reader& rows, place before, std::uint64_t head,
                   const reporter& report) {
  auto query = db.prepare(
      event_query("", "WHERE e.position > ?1 AND e.position <= ?2 ORDER BY e.position LIMIT ?3"));
  std::uint64_t checked = 0;
  for (bool more = true; more;) {
    more = false;
    const auto behind = before.position;
    const scoped_reset done(query);
    query.bind(1, static_cast<std::int64_t>(before.position));
    query.bind(2, static_cast<std::int64_t>(head)).bind(3, page);
    while (query.step()) {
      more = true;
      ++checked;
      const auto row = rows.read(query);
      if (row.fault)
        report(*row.fault);
      else if (const auto why = misfit(before, row.event))
        report(*why);
      before = {row.event.position, row.event.time, row.event.index, row.event.last, !row.fault};
    }
    if (more && before.position <= behind) {
      report("events behind event " + std::to_string(behind) + out_of_order);
      return checked;
    }
  }
  if (before.position < head)
    report("events " + std::to_string(before.position + 1) + " to " + std::to_string(head) +
           " are missing");
  else if (before.sound && !before.last)
    report("the events of the last command are cut off at event " + std::to_string(head));
  return checked;
}

// Versions 0, 1, 2, ... in each stream, in the order of positions; by the index that reads use.
std::uint64_t scan_streams(database& db, std::uint64_t head, const reporter& report) {
  auto query = db.prepare(
      "SELECT e.stream, e.version, e.position, s.name FROM events e INDEXED BY events_by_version "
      "LEFT JOIN streams s ON s.number = e.stream "
      "WHERE (e.stream, e.version) > (?1, ?2) ORDER BY e.stream, e.version LIMIT ?3");
  std::int64_t stream = -1;
  std::int64_t version = -1;
  std::int64_t position = 0;
  std::uint64_t checked = 0;
  for (bool more = true; more;) {
    more = false;
    const auto behind = std::pair(stream, version);
    const scoped_reset done(query);
    query.bind(1, stream).bind(2, version).bind(3, page);
    while (query.step()) {
      more = true;
      const bool same = query.integer(0) == stream;
      const auto expected = same ? version + 1 : 0;
      const auto before = same ? position : 0;
      stream = query.integer(0);
      version = query.integer(1);
      position = query.integer(2);
      if (static_cast<std::uint64_t>(position) <= head) ++checked;
      const auto name = "stream '" + std::string(query.bytes(3)) + "'";
      if (query.is_null(3))
        report("event " + std::to_string(position) + " stands in a stream without a name");
      if (version != expected)
        report(name + " has version " + std::to_string(version) + " where version " +
               std::to_string(expected) + " ought to be");
      else if (position <= before)
        report(name + " has version " + std::to_string(version) + " before the one in front");
    }
    if (more && std::pair(stream, version) <= behind) {
      report("the entries of the index of streams" + std::string(out_of_order));
      break;
    }
  }
  return checked;
}

void scan_books(database& db, const reporter& report) {
  auto query = db.prepare("SELECT book, key, value, crc FROM books");
  while (query.step()) {
    const auto book = query.bytes(0);
    if (query.integer(3) != std::int64_t{checksum(book, query.bytes(1), query.bytes(2))})
      report(damaged_book(book));
  }
}

// Pages, key order, unique keys, and that table and indexes hold the same: SQLite's own checks.
void check_file(database& db, const reporter& report) {
  auto check = db.prepare("PRAGMA integrity_check");
  while (check.step())
    if (const auto found = check.bytes(0); found != "ok")
      report("the file is damaged: " + std::string(found));
}

// A fault that keeps SQLite from reading on is a finding, not the end of verification.
template <class Part>
void attempt(const reporter& report, Part part) {
  try {
    part();
  } catch (const sqlite_error& cause) {
    if (cause.code() != errc::journal_damaged) throw;
    report(std::string("the file is damaged: ") + cause.what());
  }
}

std::uint64_t head_of(database& db) {
  return static_cast<std::uint64_t>(db.number("SELECT max(position) FROM events"));
}

} // namespace

std::string damaged_book(std::string_view book) {
  return "a row of book '" + std::string(book) + "' fails its checksum";
}

void verify_newest(database& db, event_row_reader& rows, const std::string& path) {
  const auto head = head_of(db);
  const auto refuse = [&](const std::string& why) {
    throw error(errc::journal_damaged,
                "journal '" + path + "': " + why + "; restore the file from a backup");
  };
  const auto newest = static_cast<std::uint64_t>(newest_events);
  place before;
  // Nothing is known of the event in front of the first one that is checked.
  if (head > newest) before = {.position = head - newest, .sound = false};
  scan(db, rows, before, head, refuse);
  // The index that reads of a stream use must lead to these events.
  auto strays = db.prepare(
      "SELECT position FROM events e NOT INDEXED WHERE position > ?1 AND position IS NOT "
      "(SELECT i.position FROM events i INDEXED BY events_by_version "
      "WHERE i.stream = e.stream AND i.version = e.version) LIMIT 1");
  if (strays.bind(1, static_cast<std::int64_t>(before.position)).step())
    refuse("event " + std::to_string(strays.integer(0)) + " is not where its stream's index says");
}

std::uint64_t verify_journal(database& db, event_row_reader& rows, const reporter& report) {
  std::uint64_t checked = 0;
  // A live owner goes on behind this position.
  const auto head = head_of(db);
  attempt(report, [&] { check_file(db, report); });
  attempt(report, [&] { checked = scan(db, rows, {}, head, report); });
  attempt(report, [&] {
    const auto indexed = scan_streams(db, head, report);
    if (indexed != checked)
      report("the streams hold " + std::to_string(indexed) + " events, the journal " +
             std::to_string(checked));
  });
  attempt(report, [&] { scan_books(db, report); });
  return checked;
}

} // namespace ensemble::storage
