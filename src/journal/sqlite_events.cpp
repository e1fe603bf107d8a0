#include "journal/sqlite_events.hpp"

#include "journal/stored_message.hpp"
#include "model/planted_bug.hpp"

#include <algorithm>

namespace ensemble::storage {

namespace {

// In the order of the columns in event_query.
enum column : int {
  position_column,
  version_column,
  id_column,
  index_column,
  last_column,
  message_column,
  schema_version_column,
  time_column,
  correlation_column,
  causation_column,
  instance_column,
  step_column,
  direction_column,
  round_column,
  body_column,
  crc_column,
  stream_name_column,
};

// False: what is stored is no id.
template <class Tag>
bool read_id(const statement& row, int column, identifier<Tag>& id) {
  if (row.is_null(column)) return true;
  const auto bytes = row.bytes(column);
  if (bytes.size() != id.bytes.size()) return false;
  std::ranges::transform(bytes, id.bytes.begin(),
                         [](char c) { return static_cast<std::uint8_t>(c); });
  return true;
}

template <class Number>
Number read_number(const statement& row, int column) {
  return static_cast<Number>(row.integer(column));
}

} // namespace

std::string event_query(std::string_view index, std::string_view condition) {
  std::string sql =
      "SELECT e.position, e.version, e.id, e.idx, e.last, e.message, e.schema_version, e.time, "
      "e.correlation, e.causation, e.instance, e.step, e.direction, e.round, e.body, e.crc, "
      "s.name FROM events e ";
  sql += index.empty() ? "NOT INDEXED" : "INDEXED BY " + std::string(index);
  // LEFT: an event whose stream is gone is to be found, and reported.
  sql += " LEFT JOIN streams s ON s.number = e.stream ";
  sql += condition;
  return sql;
}

std::string damaged(const event_view& event, const std::string& how) {
  return describe(event.position, event.stream, event.version) + ' ' + how;
}

event_row_reader::event_row_reader(database& db)
    : message_name_(db.prepare("SELECT name FROM messages WHERE number = ?1")),
      step_name_(db.prepare("SELECT name FROM steps WHERE number = ?1")) {}

const std::string* event_row_reader::resolve(names& known, statement& query, std::int64_t number) {
  if (const auto at = known.find(number); at != known.end()) return &at->second;
  const scoped_reset done(query);
  if (!query.bind(1, number).step()) return nullptr;
  return &known.emplace(number, std::string(query.bytes(0))).first->second;
}

event_row event_row_reader::read(const statement& row) {
  event_row made;
  auto& e = made.event;
  e.position = read_number<std::uint64_t>(row, position_column);
  e.version = read_number<std::uint64_t>(row, version_column);
  e.stream = row.bytes(stream_name_column);
  e.time = row.integer(time_column);
  e.index = read_number<std::uint32_t>(row, index_column);
  e.schema_version = read_number<std::uint32_t>(row, schema_version_column);
  e.round = read_number<std::uint32_t>(row, round_column);
  e.last = row.integer(last_column) != 0;
  e.direction = static_cast<direction>(read_number<std::uint8_t>(row, direction_column));
  e.body = row.bytes(body_column);
  const bool ids =
      read_id(row, id_column, e.id) && read_id(row, correlation_column, e.correlation) &&
      read_id(row, causation_column, e.causation) && read_id(row, instance_column, e.instance);
  if (const auto* name = resolve(messages_, message_name_, row.integer(message_column)))
    e.name = *name;
  if (!row.is_null(step_column))
    if (const auto* step = resolve(steps_, step_name_, row.integer(step_column))) e.step = *step;
  // A name that is gone reads as empty, and so fails the checksum, as every other damage does.
  const bool right = row.integer(crc_column) == std::int64_t{checksum(e)};
  if (!ids || !(right || ENSEMBLE_PLANTED(checksum_not_compared)))
    made.fault = damaged(e, "fails its checksum");
  return made;
}

} // namespace ensemble::storage
