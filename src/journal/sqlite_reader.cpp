#include "journal/sqlite_reader.hpp"

#include "journal/sqlite_database.hpp"
#include "journal/sqlite_events.hpp"
#include "journal/sqlite_schema.hpp"
#include "journal/sqlite_verify.hpp"
#include "journal/stored_message.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace ensemble::storage {

namespace {

// SQLite's numbers are signed: what lies beyond is never stored.
std::int64_t clamped(std::uint64_t value) noexcept {
  constexpr auto top = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return static_cast<std::int64_t>(std::min(value, top));
}

// Up to here the end of a stream is checked by a second index, which costs a step for each event.
constexpr std::uint64_t most_counted = 8192;

class sqlite_reader final : public journal_reader {
public:
  sqlite_reader(const std::filesystem::path& path, type_lookup types)
      : db_(path.string(), database::access::read),
        types_(std::move(types)),
        rows_(prepared(db_, path)) {}

  position head() override {
    const scoped_reset done(head_);
    return {head_.step() ? static_cast<std::uint64_t>(head_.integer(0)) : 0};
  }

  std::vector<recorded_event> read_all(position from, std::size_t limit) override {
    from = std::max(from, position{1});
    const auto newest = head(); // before the read, which may see more
    auto found = take(all_.bind(1, clamped(from.value)), 2, limit);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const position expected{from.value + i};
      if (found[i].position != expected) throw missing(expected);
    }
    const position next{from.value + found.size()};
    if (found.size() < limit && next <= newest) throw missing(next);
    return found;
  }

  std::vector<recorded_event> read_stream(std::string_view stream, stream_version from,
                                          std::size_t limit) override {
    const auto number = stream_number(stream);
    if (number == 0) return {};
    auto found = take_stream(stream, number, from, limit);
    const auto end = from.value + found.size();
    if (found.size() == limit || end > most_counted || !is_longer(number, end)) return found;
    // Appended since, or hidden by a damaged index.
    found = take_stream(stream, number, from, limit);
    if (from.value + found.size() == end)
      throw error(errc::journal_damaged, "version " + std::to_string(end) + " of stream '" +
                                             std::string(stream) +
                                             "' is missing: an index is damaged; restore the "
                                             "journal from a backup");
    return found;
  }

  std::vector<recorded_event> read_instance(instance_id instance, position after,
                                            std::size_t limit) override {
    if (!instance) return {};
    auto found = take(instance_.bind(1, instance).bind(2, clamped(after.value)), 3, limit);
    for (const auto& event : found) {
      if (event.origin.instance != instance || event.position <= after)
        throw misplaced(event, "among those of instance " + to_string(instance));
      after = event.position;
    }
    return found;
  }

  std::vector<recorded_event> read_correlation(correlation_id correlation, position after,
                                               std::size_t limit) override {
    if (!correlation) return {};
    auto found = take(correlation_.bind(1, correlation).bind(2, clamped(after.value)), 3, limit);
    for (const auto& event : found) {
      if (event.origin.correlation != correlation || event.position <= after)
        throw misplaced(event, "among those of correlation " + to_string(correlation));
      after = event.position;
    }
    return found;
  }

  std::optional<recorded_event> find(std::string_view stream, event_id id) override {
    const auto number = stream_number(stream);
    if (number == 0 || !id) return std::nullopt;
    auto found = take(id_.bind(1, number).bind(2, id), 3, 1);
    if (found.empty()) return std::nullopt;
    if (found.front().stream != stream || found.front().id != id)
      throw misplaced(found.front(), "where event " + to_string(id) + " of stream '" +
                                         std::string(stream) + "' ought to be");
    return std::move(found.front());
  }

  std::vector<std::string> stream_names(std::string_view category, std::string_view after,
                                        std::size_t limit) override {
    const auto first = std::string(category) + '-';
    const auto end = std::string(category) + static_cast<char>('-' + 1);
    const auto from = std::max<std::string_view>(first, after);
    const scoped_reset done(stream_names_);
    stream_names_.bind(1, from).bind(2, end);
    std::vector<std::string> names;
    while (names.size() < limit && stream_names_.step()) {
      const auto name = stream_names_.bytes(0);
      if (name == after && names.empty()) continue;
      if (name < from || (!names.empty() && name <= names.back())) throw unsorted("of streams");
      names.emplace_back(name);
    }
    return names;
  }

  std::vector<std::string> message_names() override {
    const scoped_reset done(message_names_);
    std::vector<std::string> names;
    while (message_names_.step()) names.emplace_back(message_names_.bytes(0));
    return names;
  }

  std::vector<book_row> read_book(std::string_view book, std::string_view after_key,
                                  std::size_t limit) override {
    const scoped_reset done(book_);
    std::vector<book_row> rows;
    book_.bind(1, book).bind_bytes(2, after_key).bind(3, clamped(limit));
    while (book_.step()) {
      const auto key = book_.bytes(0);
      const auto value = book_.bytes(1);
      if (book_.integer(2) != std::int64_t{checksum(book, key, value)})
        throw error(errc::journal_damaged, damaged_book(book));
      if (key <= (rows.empty() ? after_key : std::string_view(rows.back().key)))
        throw unsorted("of book '" + std::string(book) + "'");
      rows.push_back({std::string(key), std::string(value)});
    }
    return rows;
  }

  std::uint64_t verify(const std::function<void(const std::string&)>& report) override {
    return verify_journal(db_, rows_, report);
  }

private:
  static event_row_reader prepared(database& db, const std::filesystem::path& path) {
    prepare_for_reading(db, path.string());
    event_row_reader rows(db);
    verify_newest(db, rows, path.string());
    return rows;
  }

  static error misplaced(const recorded_event& event, const std::string& where) {
    return {errc::journal_damaged,
            describe(event.position.value, event.stream, event.version.value) + " stands " + where +
                ": an index is damaged; restore the journal from a backup"};
  }

  // Whoever reads page by page would come back to where it was, and never end.
  static error unsorted(const std::string& what) {
    return {errc::journal_damaged,
            "the entries " + what + " are out of order; restore the journal from a backup"};
  }

  static error missing(position at) {
    return {errc::journal_damaged,
            "event " + std::to_string(at.value) + " is missing; restore the journal from a backup"};
  }

  std::vector<recorded_event> take_stream(std::string_view stream, std::int64_t number,
                                          stream_version from, std::size_t limit) {
    auto found = take(stream_.bind(1, number).bind(2, clamped(from.value)), 3, limit);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const stream_version expected{from.value + i};
      if (found[i].stream != stream || found[i].version != expected)
        throw misplaced(found[i], "where version " + std::to_string(expected.value) +
                                      " of stream '" + std::string(stream) + "' ought to be");
    }
    return found;
  }

  // By the other index of streams.
  bool is_longer(std::int64_t stream, std::uint64_t length) {
    const scoped_reset done(count_);
    count_.bind(1, stream).bind(2, clamped(length + 1)).step();
    return static_cast<std::uint64_t>(count_.integer(0)) > length;
  }

  std::int64_t stream_number(std::string_view stream) {
    const scoped_reset done(stream_number_);
    return stream_number_.bind(1, stream).step() ? stream_number_.integer(0) : 0;
  }

  // `limit_parameter` is the query's last.
  std::vector<recorded_event> take(statement& query, int limit_parameter, std::size_t limit) {
    const scoped_reset done(query);
    query.bind(limit_parameter, clamped(limit));
    std::vector<recorded_event> found;
    while (query.step()) {
      auto row = rows_.read(query);
      if (row.fault)
        throw error(errc::journal_damaged, *row.fault + "; restore the journal from a backup");
      found.push_back(recorded(row.event));
    }
    return found;
  }

  [[nodiscard]] recorded_event recorded(const event_view& e) const {
    recorded_event made;
    made.position = {e.position};
    made.stream = e.stream;
    made.version = {e.version};
    made.time = timestamp(std::chrono::nanoseconds(e.time));
    made.id = e.id;
    made.index = e.index;
    made.last = e.last;
    made.origin = {e.correlation,       e.causation, e.instance,
                   std::string(e.step), e.direction, e.round};
    made.body = stored_message(types_, e.name, static_cast<int>(e.schema_version),
                               std::string(e.body), made.position, made.stream, made.version);
    return made;
  }

  database db_;
  type_lookup types_;
  event_row_reader rows_;
  statement head_ = db_.prepare("SELECT max(position) FROM events");
  statement all_ =
      db_.prepare(event_query("", "WHERE e.position >= ?1 ORDER BY e.position LIMIT ?2"));
  statement stream_ = db_.prepare(event_query(
      "events_by_version", "WHERE e.stream = ?1 AND e.version >= ?2 ORDER BY e.version LIMIT ?3"));
  statement instance_ = db_.prepare(
      event_query("events_by_instance",
                  "WHERE e.instance = ?1 AND e.position > ?2 ORDER BY e.position LIMIT ?3"));
  statement correlation_ = db_.prepare(
      event_query("events_by_correlation",
                  "WHERE e.correlation = ?1 AND e.position > ?2 ORDER BY e.position LIMIT ?3"));
  statement id_ =
      db_.prepare(event_query("events_by_id", "WHERE e.stream = ?1 AND e.id = ?2 LIMIT ?3"));
  statement count_ = db_.prepare("SELECT count(*) FROM (SELECT 1 FROM events INDEXED BY "
                                 "events_by_id WHERE stream = ?1 LIMIT ?2)");
  statement stream_number_ = db_.prepare("SELECT number FROM streams WHERE name = ?1");
  statement stream_names_ = db_.prepare(
      "SELECT name FROM streams INDEXED BY streams_by_name WHERE name >= ?1 AND name < ?2 "
      "ORDER BY name");
  statement message_names_ = db_.prepare("SELECT name FROM messages ORDER BY name");
  statement book_ = db_.prepare(
      "SELECT key, value, crc FROM books WHERE book = ?1 AND key > ?2 ORDER BY key LIMIT ?3");
};

} // namespace

std::unique_ptr<journal_reader> make_sqlite_reader(const std::filesystem::path& path,
                                                   const type_lookup& types) {
  return std::make_unique<sqlite_reader>(path, types);
}

} // namespace ensemble::storage
