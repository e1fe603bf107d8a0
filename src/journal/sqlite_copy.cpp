#include "journal/owner_lock.hpp"
#include "journal/sqlite_database.hpp"
#include "journal/sqlite_reader.hpp"
#include "journal/sqlite_schema.hpp"
#include "model/planted_bug.hpp"

#include <ensemble/backup.hpp>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include <fcntl.h>
#include <stdio.h> // renameat2
#include <unistd.h>

namespace ensemble {

namespace {

namespace fs = std::filesystem;

std::string quoted(const fs::path& path) { return '\'' + path.string() + '\''; }

fs::path existing(const std::string& path) {
  if (path == "memory:")
    throw error(errc::bad_argument, "a journal in memory cannot be copied: only files can");
  auto found = storage::canonical_journal_path(path);
  if (!fs::exists(found)) throw error(errc::journal_failed, "there is no journal " + quoted(found));
  return found;
}

fs::path not_existing(const std::string& path) {
  auto wanted = storage::canonical_journal_path(path);
  for (const char* suffix : {"", "-wal", "-shm", "-journal"})
    if (const fs::path taken = wanted.string() + suffix; fs::exists(fs::symlink_status(taken)))
      throw error(errc::bad_argument,
                  quoted(taken) +
                      " exists, and is not overwritten; remove it, or name another file");
  return wanted;
}

// The copy in the making. Whatever happens, nothing is left under its name.
class partial_copy {
public:
  explicit partial_copy(const fs::path& wanted)
      : wanted_(wanted), path_(wanted.string() + '.' + std::to_string(::getpid()) + ".partial") {
    remove();
  }
  partial_copy(const partial_copy&) = delete;
  partial_copy& operator=(const partial_copy&) = delete;
  ~partial_copy() { remove(); }

  [[nodiscard]] const fs::path& path() const noexcept { return path_; }

  void publish() {
    storage::sync_file(path_);
    // Never over another file, not even one that was made just now.
    if (::renameat2(AT_FDCWD, path_.c_str(), AT_FDCWD, wanted_.c_str(), RENAME_NOREPLACE) != 0) {
      const int cause = errno;
      throw error(cause == EEXIST ? errc::bad_argument : errc::journal_failed,
                  "cannot call the copy " + quoted(wanted_) + ": " + std::strerror(cause));
    }
    storage::sync_file(wanted_.parent_path());
  }

private:
  void remove() const noexcept {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})
      fs::remove(path_.string() + suffix, ignored);
  }

  fs::path wanted_;
  fs::path path_;
};

void verify_copy(journal_reader& copy, const fs::path& of) {
  std::optional<std::string> first;
  copy.verify([&](const std::string& fault) {
    if (!first) first = fault;
  });
  if (first)
    throw error(errc::journal_damaged, quoted(of) + " is damaged, and was not copied: " + *first);
}

journal_digest copy_journal(const fs::path& from, const fs::path& to) {
  partial_copy copy(to);
  {
    storage::database source(from.string(), storage::database::access::read);
    storage::prepare_for_reading(source, from.string());
    if (ENSEMBLE_PLANTED(backup_without_log))
      fs::copy_file(from, copy.path());
    else
      source.copy_to(copy.path().string());
  }
  const auto reader = storage::make_sqlite_reader(copy.path(), {});
  verify_copy(*reader, from);
  const auto content = digest(*reader);
  copy.publish();
  return content;
}

} // namespace

journal_digest backup_journal(const std::string& from, const std::string& to) {
  return copy_journal(existing(from), not_existing(to));
}

journal_digest restore_journal(const std::string& backup, const std::string& to) {
  const auto source = existing(backup);
  const auto wanted = storage::canonical_journal_path(to);
  const storage::owner_lock lock(wanted);
  return copy_journal(source, not_existing(to));
}

} // namespace ensemble
