#pragma once

#include "journal/sqlite_database.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace ensemble::storage {

/// Numbers for message or step names: there are only as many as programs declare, so all that
/// were used are kept.
class sqlite_names {
public:
  /// `table` is messages or steps.
  sqlite_names(database& db, const std::string& table)
      : find_(db.prepare("SELECT number FROM " + table + " WHERE name = ?1")),
        insert_(db.prepare("INSERT INTO " + table + "(name) VALUES(?1) RETURNING number")) {}

  /// The number of a name; a new one is stored.
  std::int64_t number(std::string_view name) {
    if (const auto at = known_.find(name); at != known_.end()) return at->second;
    const scoped_reset find_done(find_);
    const scoped_reset insert_done(insert_);
    auto& row = find_.bind(1, name).step() ? find_ : insert_.bind(1, name);
    if (&row == &insert_) insert_.step();
    return known_.emplace(name, row.integer(0)).first->second;
  }

  void rolled_back() { known_.clear(); }

private:
  std::map<std::string, std::int64_t, std::less<>> known_;
  statement find_;
  statement insert_;
};

} // namespace ensemble::storage
