#pragma once

#include "journal/append_rules.hpp"
#include "journal/sqlite_database.hpp"
#include "model/recently_used.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ensemble::storage {

/// The writer's view of stream numbers and lengths: the file's, with the most recently used ones
/// kept in memory. Changes inside a transaction are undone by `rolled_back`.
class sqlite_streams {
public:
  explicit sqlite_streams(database& db);

  /// Valid until the transaction ends.
  stream_state& get(std::string_view name);
  /// Stores a new stream, and gives it its number.
  void create(std::string_view name, stream_state& state);

  void committed();
  void rolled_back();

private:
  struct entry {
    std::string key{}; ///< the stream's name
    stream_state state{};
    std::uint64_t transaction = 0; ///< that last asked for it
  };

  stream_state load(std::string_view name);

  internal::recently_used<entry> entries_;
  std::uint64_t transaction_ = 1;
  std::int64_t newest_number_ = 0;
  std::int64_t committed_number_ = 0;
  statement number_;
  statement length_;
  statement insert_;
};

} // namespace ensemble::storage
