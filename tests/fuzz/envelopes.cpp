#include "fuzz/fuzz.hpp"
#include "journal/sqlite_database.hpp"
#include "journal/sqlite_events.hpp"
#include "journal/stored_message.hpp"
#include "model/engine_messages.hpp"
#include "model/samples.hpp"

#include <array>

namespace fuzz {

namespace {

using namespace ensemble;
using namespace ensemble::storage;

/// Rows of an event query, their columns given instead of stored.
class rows {
public:
  statement& query() { return query_; }
  event_row_reader& reader() { return reader_; }

private:
  static database& prepared(database& db) {
    db.execute("CREATE TABLE messages(number INTEGER PRIMARY KEY, name TEXT);"
               "CREATE TABLE steps(number INTEGER PRIMARY KEY, name TEXT);"
               "INSERT INTO messages VALUES(1, 'everything'), (2, 'ping'), "
               "(3, 'ensemble.event_received'), (4, 'nobody_knows');"
               "INSERT INTO steps VALUES(1, 'pay'), (2, 'ship');");
    return db;
  }

  database db_{":memory:", database::access::create};
  statement query_ = db_.prepare("SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
                                 "?14, ?15, ?16, ?17, ?18");
  event_row_reader reader_{prepared(db_)};
};

constexpr int crc_column = 16;
constexpr int columns = 17;

void bind(statement& to, int column, input& in, std::array<std::string, columns + 1>& kept) {
  switch (in.below(4)) {
  case 0: to.bind(column, static_cast<std::int64_t>(in.number(1 + in.below(8)))); break;
  case 1: to.bind_null(column); break;
  default: {
    auto& text = kept.at(static_cast<std::size_t>(column));
    text = in.flag() ? in.text(16) : in.short_text();
    if (in.flag())
      to.bind(column, std::string_view(text));
    else
      to.bind_bytes(column, text);
  }
  }
}

const message_type* find_type(std::string_view name) {
  for (const auto* type : {&type_of<samples::everything>(), &type_of<samples::ping>(),
                           &type_of<engine::event_received>()})
    if (type->name == name) return type;
  return nullptr;
}

} // namespace

/// A stored row of the journal: its envelope, its checksum, its body. What has another checksum
/// has a fault; what has the right one is taken, and its body decodes or is refused by name.
void envelopes(input in) {
  static rows source;
  auto& query = source.query();
  const scoped_reset done(query);
  std::array<std::string, columns + 1> kept;
  for (int column = 1; column <= columns; ++column) bind(query, column, in, kept);
  query.bind(columns + 1, std::int64_t{0});
  claim(query.step(), "a row");
  const auto first = source.reader().read(query);
  const auto right = checksum(first.event);
  claim(first.fault.has_value() || query.integer(crc_column - 1) == std::int64_t{right},
        "a row without a fault has its checksum");
  query.reset();
  query.bind(crc_column, std::int64_t{right});
  claim(query.step(), "the row again");
  const auto row = source.reader().read(query);
  claim(checksum(row.event) == right, "the same row reads the same");
  if (row.fault) return; // what is stored is no id
  const auto& e = row.event;
  (void)refused({errc::bad_message, errc::newer_schema}, [&] {
    const auto body = stored_message(find_type, e.name, static_cast<int>(e.schema_version),
                                     std::string(e.body), {e.position}, e.stream, {e.version});
    claim(body.name() == e.name && body.text() == e.body, "a message keeps its name and text");
  });
  (void)to_string(e.direction);
}

} // namespace fuzz
