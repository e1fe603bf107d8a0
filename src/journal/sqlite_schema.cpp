#include "journal/sqlite_schema.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace ensemble::storage {

namespace {

constexpr std::int64_t application_id = 0x656E736D; // "ensm"
constexpr std::int64_t format_version = 1;

// In the order of docs/journal.md. The texts are compared with those in the file: a change of one
// is a new format version.
constexpr std::array<std::string_view, 10> tables_and_indexes{
    "CREATE TABLE books(book TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, "
    "crc INTEGER NOT NULL, PRIMARY KEY(book, key)) STRICT, WITHOUT ROWID",
    "CREATE TABLE events(position INTEGER PRIMARY KEY, stream INTEGER NOT NULL, "
    "version INTEGER NOT NULL, id BLOB NOT NULL, idx INTEGER NOT NULL, last INTEGER NOT NULL, "
    "message INTEGER NOT NULL, schema_version INTEGER NOT NULL, time INTEGER NOT NULL, "
    "correlation BLOB, causation BLOB, instance BLOB, step INTEGER, direction INTEGER NOT NULL, "
    "round INTEGER NOT NULL, body TEXT NOT NULL, crc INTEGER NOT NULL) STRICT",
    // Index entries end with the row's position: so these are sorted by it, too.
    "CREATE INDEX events_by_correlation ON events(correlation) WHERE correlation IS NOT NULL",
    "CREATE UNIQUE INDEX events_by_id ON events(stream, id)",
    "CREATE INDEX events_by_instance ON events(instance) WHERE instance IS NOT NULL",
    "CREATE UNIQUE INDEX events_by_version ON events(stream, version)",
    "CREATE TABLE messages(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT",
    "CREATE TABLE steps(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT",
    "CREATE TABLE streams(number INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT",
    "CREATE UNIQUE INDEX streams_by_name ON streams(name)",
};

[[noreturn]] void refuse_foreign(const std::string& path, const std::string& why) {
  throw error(errc::journal_foreign, "'" + path + "' " + why + "; name another file");
}

// A file whose creation was cut short may hold anything: until SQLite has rolled it back.
bool rolls_back(database& db, const std::string& path) {
  constexpr std::string_view magic("\xd9\xd5\x05\xf9\x20\xa1\x63\xd7", 8);
  std::string begin(magic.size(), '\0');
  std::ifstream(path + "-journal", std::ios::binary)
      .read(begin.data(), static_cast<std::streamsize>(begin.size()));
  if (begin != magic) return false;
  try {
    (void)db.number("SELECT count(*) FROM sqlite_schema");
    return true;
  } catch (const sqlite_error& cause) {
    if (cause.code() != errc::journal_damaged) throw;
    return false;
  }
}

// The first look at a file, before SQLite interprets any of it: errc::journal_foreign for one that
// is no journal, errc::journal_damaged for a journal whose header is.
void check_header(database& db, const std::string& path) {
  constexpr std::size_t size = 100;
  const auto header = db.file_begin(size);
  if (header.empty()) return;
  constexpr std::string_view magic("SQLite format 3\0", 16);
  const bool is_sqlite = header.starts_with(magic);
  const bool is_ours = header.size() == size && header.compare(68, 4, "ensm") == 0;
  if (is_sqlite && header.size() == size) return;
  if (rolls_back(db, path)) return;
  if (is_sqlite || is_ours)
    throw error(errc::journal_damaged,
                "the header of journal '" + path + "' is damaged; restore the file from a backup");
  refuse_foreign(path, "is not an ensemble journal");
}

void create_tables(database& db) {
  std::string sql = "BEGIN IMMEDIATE;";
  for (const auto statement : tables_and_indexes) sql += std::string(statement) + ';';
  sql += "PRAGMA application_id = " + std::to_string(application_id) +
         ";PRAGMA user_version = " + std::to_string(format_version) + ";COMMIT;";
  db.execute(sql);
}

void check_tables(database& db, const std::string& path) {
  auto stored =
      db.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' "
                 "ORDER BY name");
  for (const auto expected : tables_and_indexes) {
    if (!stored.step() || stored.bytes(0) != expected)
      throw error(errc::journal_damaged, "journal '" + path +
                                             "' lacks or has changed: " + std::string(expected) +
                                             "; restore the file from a backup");
  }
}

// False: the file is SQLite's, and empty (a new one, or one whose creation was cut short).
bool check_format(database& db, const std::string& path) {
  const auto application = db.number("PRAGMA application_id");
  const auto version = db.number("PRAGMA user_version");
  if (application == 0 && version == 0 && db.number("SELECT count(*) FROM sqlite_schema") == 0)
    return false;
  if (application != application_id)
    refuse_foreign(path, "is a SQLite file, but not an ensemble journal");
  if (version > format_version)
    refuse_foreign(path, "is a journal of format version " + std::to_string(version) +
                             ", this program knows versions up to " +
                             std::to_string(format_version) +
                             ": run a program at least as new as the one that wrote it");
  if (version < format_version)
    refuse_foreign(path, "is a journal of the unknown format version " + std::to_string(version));
  check_tables(db, path);
  return true;
}

} // namespace

void sync_file(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  const int cause = errno;
  if (file >= 0) ::close(file);
  if (!synced)
    throw error(errc::journal_failed,
                "cannot sync '" + path.string() + "': " + std::strerror(cause));
}

std::filesystem::path canonical_journal_path(const std::string& path) {
  namespace fs = std::filesystem;
  if (path.empty()) throw error(errc::bad_argument, "the journal's path is empty");
  std::error_code cause;
  const auto given = fs::absolute(path, cause);
  const auto directory = fs::canonical(given.parent_path(), cause);
  if (cause || !fs::is_directory(directory, cause))
    throw error(errc::journal_failed, "cannot open journal '" + path + "': directory '" +
                                          given.parent_path().string() +
                                          "' does not exist; make it first");
  const auto named = directory / given.filename();
  if (!fs::exists(named, cause)) {
    // SQLite would follow it, and the lock would stand elsewhere.
    if (fs::is_symlink(fs::symlink_status(named, cause)))
      throw error(errc::journal_failed, "'" + path + "' is a link that leads nowhere");
    return named;
  }
  const auto canonical = fs::canonical(named, cause);
  if (cause || !fs::is_regular_file(canonical, cause))
    throw error(errc::journal_failed, "journal '" + path + "' is not a regular file");
  if (fs::hard_link_count(canonical, cause) > 1)
    throw error(errc::journal_failed,
                "'" + path +
                    "' has several names (hard links), each of which would get a "
                    "write-ahead log of its own; remove all but one");
  return canonical;
}

void prepare_for_writing(database& db, const std::string& path, durability wanted) {
  check_header(db, path);
  // Before anything is stored: the page size of a file never changes.
  db.execute("PRAGMA page_size = 4096; PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0;"
             "PRAGMA cache_size = -16384; PRAGMA trusted_schema = 0;"
             "PRAGMA cell_size_check = 1;");
  const bool is_new = !check_format(db, path);
  if (db.text("PRAGMA journal_mode = WAL") != "wal")
    throw error(errc::journal_failed,
                "journal '" + path + "' cannot have a write-ahead log there (a network drive?)");
  // NORMAL syncs at checkpoints only: a power cut takes the newest commits, and damages nothing.
  db.execute(wanted == durability::durable ? "PRAGMA synchronous = FULL"
                                           : "PRAGMA synchronous = NORMAL");
  // Our own checkpoints replace SQLite's: see database::count_log_frames.
  db.execute("PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 67108864;");
  if (!is_new) return;
  create_tables(db);
  // SQLite syncs a new log's directory entry, but not the new file's own.
  sync_file(std::filesystem::path(path).parent_path());
}

void prepare_for_reading(database& db, const std::string& path) {
  check_header(db, path);
  db.execute("PRAGMA temp_store = MEMORY; PRAGMA mmap_size = 0; PRAGMA cache_size = -8192;"
             "PRAGMA trusted_schema = 0; PRAGMA cell_size_check = 1;");
  if (!check_format(db, path)) refuse_foreign(path, "is empty, not an ensemble journal");
}

} // namespace ensemble::storage
