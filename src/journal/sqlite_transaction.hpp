#pragma once

#include "journal/append_rules.hpp"
#include "journal/sqlite_database.hpp"
#include "journal/sqlite_names.hpp"
#include "journal/sqlite_streams.hpp"

#include <cstdint>

namespace ensemble::storage {

/// The writing side of a journal file: one transaction after the other.
class sqlite_transaction final : public append_store {
public:
  explicit sqlite_transaction(database& db);

  void begin(timestamp now);
  void commit();
  /// Undoes everything since `begin`, whether SQLite has done so already or not.
  void roll_back();

  stream_state& stream(std::string_view name) override { return streams_.get(name); }
  std::optional<position> find(const stream_state& stream, event_id id) override;
  position end_of_run(position first) override;
  [[nodiscard]] timestamp time() const override {
    return timestamp(std::chrono::nanoseconds(now_));
  }
  position append(std::string_view name, stream_state& stream, const new_event& event) override;
  void change(const book_change& change) override;
  std::optional<std::string> row(const std::string& book, const std::string& key) override;

private:
  void insert(std::string_view name, const stream_state& stream, const new_event& event);

  struct newest {
    std::uint64_t position = 0;
    std::int64_t time = 0;
  };
  database& db_;
  newest newest_;    ///< in the file
  newest reached_{}; ///< in the open transaction
  std::int64_t now_ = 0;
  sqlite_streams streams_;
  sqlite_names messages_;
  sqlite_names steps_;
  statement begin_;
  statement commit_;
  statement roll_back_;
  statement insert_;
  statement find_;
  statement run_;
  statement put_;
  statement erase_;
  statement row_;
};

} // namespace ensemble::storage
