#include "journal/sqlite_database.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <utility>

namespace ensemble::storage {

namespace {

errc code_for(int code) noexcept {
  const int primary = code & 0xFF;
  if (primary == SQLITE_FULL) return errc::journal_full;
  return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB ? errc::journal_damaged
                                                               : errc::journal_failed;
}

[[noreturn]] void fail(sqlite3* handle, int code, const std::string& doing) {
  const int extended = handle != nullptr ? sqlite3_extended_errcode(handle) : code;
  const char* text = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  throw sqlite_error(extended,
                     doing + ": " + text + " (SQLite code " + std::to_string(extended) + ")");
}

} // namespace

sqlite_error::sqlite_error(int extended_code, const std::string& what)
    : error(code_for(extended_code), what), code_(extended_code) {}

bool sqlite_error::is_duplicate() const noexcept { return code_ == SQLITE_CONSTRAINT_UNIQUE; }

statement::statement(sqlite3* database, std::string_view sql) : database_(database) {
  const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
  if (code != SQLITE_OK) fail(database, code, "cannot prepare '" + std::string(sql) + "'");
}

statement::statement(statement&& other) noexcept
    : database_(std::exchange(other.database_, nullptr)),
      handle_(std::exchange(other.handle_, nullptr)) {}

statement::~statement() { sqlite3_finalize(handle_); }

void statement::check(int code) const {
  if (code != SQLITE_OK) fail(database_, code, "cannot bind");
}

statement& statement::bind(int parameter, std::int64_t value) {
  check(sqlite3_bind_int64(handle_, parameter, value));
  return *this;
}

statement& statement::bind(int parameter, std::string_view text) {
  // An empty view may have a null pointer, which SQLite would take for NULL.
  const char* data = text.data() != nullptr ? text.data() : "";
  check(sqlite3_bind_text64(handle_, parameter, data, text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

statement& statement::bind_bytes(int parameter, std::string_view bytes) {
  const char* data = bytes.data() != nullptr ? bytes.data() : "";
  check(sqlite3_bind_blob64(handle_, parameter, data, bytes.size(), SQLITE_STATIC));
  return *this;
}

statement& statement::bind_null(int parameter) {
  check(sqlite3_bind_null(handle_, parameter));
  return *this;
}

bool statement::step() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  // Formed before the reset, which would lose it.
  try {
    fail(database_, code, "SQLite");
  } catch (...) {
    sqlite3_reset(handle_);
    throw;
  }
}

void statement::run() {
  while (step()) {
  }
  reset();
}

void statement::reset() noexcept { sqlite3_reset(handle_); }

std::int64_t statement::integer(int column) const { return sqlite3_column_int64(handle_, column); }

std::string_view statement::bytes(int column) const {
  const void* data = sqlite3_column_blob(handle_, column);
  const int size = sqlite3_column_bytes(handle_, column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data), static_cast<std::size_t>(size)};
}

bool statement::is_null(int column) const {
  return sqlite3_column_type(handle_, column) == SQLITE_NULL;
}

database::database(const std::string& path, access wanted) {
  // A reader writes no page, but may have to make the log's index file beside; where it may not,
  // SQLite can still read if the owner has made one.
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_READWRITE;
  if (wanted == access::create) flags |= SQLITE_OPEN_CREATE;
  const int code = sqlite3_open_v2(path.c_str(), &handle_, flags, nullptr);
  try {
    if (code != SQLITE_OK) fail(handle_, code, "cannot open '" + path + "'");
    sqlite3_extended_result_codes(handle_, 1);
    wait_when_busy(std::chrono::seconds(5));
    if (wanted == access::read) {
      close_without_checkpoint();
      execute("PRAGMA query_only = 1; PRAGMA wal_autocheckpoint = 0;");
    }
  } catch (...) {
    sqlite3_close_v2(handle_);
    throw;
  }
}

database::~database() { sqlite3_close_v2(handle_); }

void database::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(handle_, code, "cannot run '" + sql + "'");
}

// Both run to the end: a statement that writes commits there, and only then tells of a failure.
std::int64_t database::number(std::string_view sql) {
  auto query = prepare(sql);
  if (!query.step()) return 0;
  const auto found = query.integer(0);
  query.run();
  return found;
}

std::string database::text(std::string_view sql) {
  auto query = prepare(sql);
  if (!query.step()) return {};
  std::string found(query.bytes(0));
  query.run();
  return found;
}

std::string database::file_begin(std::size_t size) {
  sqlite3_file* file = nullptr;
  sqlite3_int64 length = 0;
  int code = sqlite3_file_control(handle_, "main", SQLITE_FCNTL_FILE_POINTER, &file);
  if (code == SQLITE_OK) code = file->pMethods->xFileSize(file, &length);
  std::string bytes(std::min(size, static_cast<std::size_t>(length)), '\0');
  if (code == SQLITE_OK && !bytes.empty())
    code = file->pMethods->xRead(file, bytes.data(), static_cast<int>(bytes.size()), 0);
  if (code != SQLITE_OK)
    throw sqlite_error(code, std::string("cannot read the file's header: ") + sqlite3_errstr(code));
  return bytes;
}

bool database::in_transaction() const noexcept { return sqlite3_get_autocommit(handle_) == 0; }

bool database::ends_log_with_commit() noexcept {
  int spares_neighbours = -1; // asks
  const int code =
      sqlite3_file_control(handle_, "main", SQLITE_FCNTL_POWERSAFE_OVERWRITE, &spares_neighbours);
  return code == SQLITE_OK && spares_neighbours == 1;
}

void database::wait_when_busy(std::chrono::milliseconds longest) {
  sqlite3_busy_timeout(handle_, static_cast<int>(longest.count()));
}

void database::count_log_frames() {
  sqlite3_wal_hook(
      handle_,
      [](void* self, sqlite3*, const char*, int frames) {
        static_cast<database*>(self)->log_frames_ = frames;
        return SQLITE_OK;
      },
      this);
}

void database::checkpoint(checkpoint_mode mode) {
  const int wanted = mode == checkpoint_mode::passive   ? SQLITE_CHECKPOINT_PASSIVE
                     : mode == checkpoint_mode::restart ? SQLITE_CHECKPOINT_RESTART
                                                        : SQLITE_CHECKPOINT_TRUNCATE;
  const int code = sqlite3_wal_checkpoint_v2(handle_, nullptr, wanted, nullptr, nullptr);
  if (code != SQLITE_OK && (code & 0xFF) != SQLITE_BUSY) fail(handle_, code, "cannot checkpoint");
}

void database::copy_to(const std::string& path) {
  database to(path, access::create);
  to.execute("PRAGMA synchronous = OFF; PRAGMA journal_mode = OFF;");
  // In one step: one that is paused begins anew with each commit of the owner.
  auto* copying = sqlite3_backup_init(to.handle_, "main", handle_, "main");
  if (copying != nullptr) sqlite3_backup_step(copying, -1);
  const int code = copying != nullptr ? sqlite3_backup_finish(copying) : SQLITE_ERROR;
  if (code != SQLITE_OK) fail(to.handle_, code, "cannot copy to '" + path + "'");
  to.execute("PRAGMA journal_mode = DELETE;");
}

void database::close_without_checkpoint() noexcept {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

namespace {
void sync_log(sqlite3_file* log) {
  // What SQLite itself does behind a commit when `synchronous` is FULL.
  const int code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
  if (code != SQLITE_OK)
    throw sqlite_error(code, std::string("cannot sync the log: ") + sqlite3_errstr(code));
}
} // namespace

log_descriptor::log_descriptor(const database& of) {
  sqlite3_file* own = nullptr;
  sqlite3_vfs* system = nullptr;
  int code = sqlite3_file_control(of.handle_, "main", SQLITE_FCNTL_JOURNAL_POINTER,
                                  static_cast<void*>(&own));
  if (code == SQLITE_OK && own->pMethods == nullptr) code = SQLITE_MISUSE; // no log is open
  if (code == SQLITE_OK) {
    sync_log(own); // also the name of a new one, once
    code = sqlite3_file_control(of.handle_, "main", SQLITE_FCNTL_VFS_POINTER,
                                static_cast<void*>(&system));
  }
  if (code == SQLITE_OK) {
    memory_ = std::make_unique<std::byte[]>(static_cast<std::size_t>(system->szOsFile));
    file_ = reinterpret_cast<sqlite3_file*>(memory_.get());
    const auto* name = sqlite3_filename_wal(sqlite3_db_filename(of.handle_, "main"));
    code = system->xOpen(system, name, file_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_WAL, nullptr);
  }
  if (code != SQLITE_OK)
    throw sqlite_error(code, std::string("cannot open the log: ") + sqlite3_errstr(code));
}

log_descriptor::~log_descriptor() { file_->pMethods->xClose(file_); }

void log_descriptor::sync() { sync_log(file_); }

} // namespace ensemble::storage
