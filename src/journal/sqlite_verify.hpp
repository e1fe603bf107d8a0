#pragma once

#include "journal/sqlite_database.hpp"
#include "journal/sqlite_events.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace ensemble::storage {

/// How many of the newest events are verified when a journal is opened.
inline constexpr std::int64_t newest_events = 1000;

/// Throws errc::journal_damaged if one of the newest events fails its checksum, or stands where it
/// ought not to.
void verify_newest(database& db, event_row_reader& rows, const std::string& path);

/// The whole of journal_reader::verify, in bounded memory.
std::uint64_t verify_journal(database& db, event_row_reader& rows,
                             const std::function<void(const std::string&)>& report);

[[nodiscard]] std::string damaged_book(std::string_view book);

} // namespace ensemble::storage
