#pragma once

#include "journal/sqlite_database.hpp"

#include <ensemble/journal.hpp>

#include <filesystem>
#include <string>

namespace ensemble::storage {

/// The one name of the file that `path` leads to, so that no two names lead around the lock.
/// Throws errc::journal_failed when the directory is missing, or the file has several names.
[[nodiscard]] std::filesystem::path canonical_journal_path(const std::string& path);

/// Makes the tables of a new file, or checks those of an existing one; then sets the connection up
/// for writing. Throws as open_journal does.
void prepare_for_writing(database& db, const std::string& path, durability wanted);

/// Syncs a file or a directory. Throws errc::journal_failed.
void sync_file(const std::filesystem::path& path);

/// The same checks for a reading connection.
void prepare_for_reading(database& db, const std::string& path);

} // namespace ensemble::storage
