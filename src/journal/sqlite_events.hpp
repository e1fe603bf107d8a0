#pragma once

#include "journal/event_checksum.hpp"
#include "journal/sqlite_database.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace ensemble::storage {

/// A query for whole events. `from` says how to find rows `e` of events, as in
/// ` WHERE e.position >= ?1`; `index` is the index to take, empty for the table itself.
[[nodiscard]] std::string event_query(std::string_view index, std::string_view condition);

/// A row of an event_query. Its texts live until the query's next step.
struct event_row {
  event_view event{};
  /// What is wrong with it, as a sentence that names the event; none if the checksum fits.
  std::optional<std::string> fault{};
};

/// Reads rows of event queries, and resolves the numbers of message and step names. Stored names
/// never change, so they are kept; there are as many as programs declare.
class event_row_reader {
public:
  explicit event_row_reader(database& db);
  [[nodiscard]] event_row read(const statement& row);

private:
  using names = std::unordered_map<std::int64_t, std::string>;
  // Null: there is no such number.
  static const std::string* resolve(names& known, statement& query, std::int64_t number);

  statement message_name_;
  statement step_name_;
  names messages_;
  names steps_;
};

/// The start of every text about a damaged event.
[[nodiscard]] std::string damaged(const event_view& event, const std::string& how);

} // namespace ensemble::storage
