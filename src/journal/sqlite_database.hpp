#pragma once

#include <ensemble/error.hpp>
#include <ensemble/identity.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_file;
struct sqlite3_stmt;

namespace ensemble::storage {

/// What SQLite reported, with its text: errc::journal_damaged for a malformed file,
/// errc::journal_full for a disk without space, else errc::journal_failed.
class sqlite_error : public error {
public:
  sqlite_error(int extended_code, const std::string& what);
  /// A row was refused because its key is there already.
  [[nodiscard]] bool is_duplicate() const noexcept;

private:
  int code_;
};

/// A prepared statement. Parameters and columns count from 1 and 0, as SQLite counts them. Bound
/// texts are not copied: they must live until the statement is reset.
class statement {
public:
  statement() = default;
  statement(sqlite3* database, std::string_view sql);
  statement(statement&& other) noexcept;
  statement& operator=(statement&&) = delete;
  statement(const statement&) = delete;
  statement& operator=(const statement&) = delete;
  ~statement();

  statement& bind(int parameter, std::int64_t value);
  statement& bind(int parameter, std::string_view text);
  statement& bind_bytes(int parameter, std::string_view bytes);
  statement& bind_null(int parameter);
  /// An id as a blob; none as null.
  template <class Tag>
  statement& bind(int parameter, const identifier<Tag>& id) {
    if (!id) return bind_null(parameter);
    return bind_bytes(parameter, {reinterpret_cast<const char*>(id.bytes.data()), 16});
  }

  /// True: there is a row. False: done.
  bool step();
  /// Steps until done, then resets.
  void run();
  void reset() noexcept;

  [[nodiscard]] std::int64_t integer(int column) const;
  /// The bytes of a text or a blob, valid until the next step; empty for null.
  [[nodiscard]] std::string_view bytes(int column) const;
  [[nodiscard]] bool is_null(int column) const;

private:
  void check(int code) const;

  sqlite3* database_ = nullptr;
  sqlite3_stmt* handle_ = nullptr;
};

/// Resets a statement at the end of a scope: one that is left open holds its read transaction, and
/// keeps the write-ahead log from being reused.
class scoped_reset {
public:
  explicit scoped_reset(statement& s) noexcept : statement_(s) {}
  scoped_reset(const scoped_reset&) = delete;
  scoped_reset& operator=(const scoped_reset&) = delete;
  ~scoped_reset() { statement_.reset(); }

private:
  statement& statement_;
};

/// A connection, for one thread at a time.
class database {
public:
  enum class access {
    create, ///< read and write; the file is made if it is missing
    read,   ///< query_only; never checkpoints
  };
  /// Throws sqlite_error.
  database(const std::string& path, access wanted);
  database(const database&) = delete;
  database& operator=(const database&) = delete;
  ~database();

  [[nodiscard]] statement prepare(std::string_view sql) { return {handle_, sql}; }
  /// Runs statements without parameters, and drops their rows.
  void execute(const std::string& sql);
  /// The first column of the first row, as in `PRAGMA user_version`; 0 without a row.
  [[nodiscard]] std::int64_t number(std::string_view sql);
  [[nodiscard]] std::string text(std::string_view sql);
  /// The first bytes of the file as it stands, up to `size`. By SQLite's own descriptor: to close
  /// another one of the file would end all locks that this process holds on it.
  [[nodiscard]] std::string file_begin(std::size_t size);
  void wait_when_busy(std::chrono::milliseconds longest);
  /// A transaction is open. (SQLite rolls some failed ones back by itself.)
  [[nodiscard]] bool in_transaction() const noexcept;
  /// The last thing that a commit writes to the log is what makes it valid. (Where a write may
  /// spoil its neighbours, SQLite fills up the sector behind it.)
  [[nodiscard]] bool ends_log_with_commit() noexcept;

  /// Counts the frames of the write-ahead log, as of the newest commit; replaces SQLite's own
  /// checkpoints, which hide their errors.
  void count_log_frames();
  [[nodiscard]] int log_frames() const noexcept { return log_frames_; }
  enum class checkpoint_mode { passive, restart, truncate };
  /// Syncs the log, copies it into the file, and syncs that. Being kept from finishing by a reader
  /// is no error.
  void checkpoint(checkpoint_mode mode);
  /// Writes a copy of the whole file, as it is at one moment, to a new file without a log. It is
  /// not synced.
  void copy_to(const std::string& path);
  /// Closing writes nothing any more.
  void close_without_checkpoint() noexcept;

private:
  friend class log_descriptor;
  sqlite3* handle_ = nullptr;
  int log_frames_ = 0;
};

/// A descriptor of its own of a database's write-ahead log, to sync that beside the thread that
/// uses the connection. Its own, since the system tells of a failed write once for each: so it and
/// the connection hear of every failure, whoever syncs first.
class log_descriptor {
public:
  /// Behind a transaction or checkpoint: the log must be there. Throws sqlite_error.
  explicit log_descriptor(const database& of);
  log_descriptor(const log_descriptor&) = delete;
  log_descriptor& operator=(const log_descriptor&) = delete;
  ~log_descriptor();

  /// Returns when all is durable that ended transactions have left in the log. Throws sqlite_error.
  void sync();

private:
  std::unique_ptr<std::byte[]> memory_{};
  sqlite3_file* file_ = nullptr;
};

} // namespace ensemble::storage
