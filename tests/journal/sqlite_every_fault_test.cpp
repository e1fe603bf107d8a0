// Every operation on the disk fails in its turn, in a whole life of a journal; and files that do
// not belong together.

#include "journal/sqlite_faults.hpp"
#include "journal/sqlite_journal.hpp"
#include "journal/support.hpp"

#include <ensemble/backup.hpp>

#include <gmock/gmock.h>

#include <array>
#include <fstream>
#include <iterator>
#include <map>

namespace journal_tests {

namespace {

using how = storage_faults::how;
using testing::AnyOf;
using testing::IsEmpty;

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

append_request numbered(std::uint64_t n) {
  return append("a-1", event(n, "{\"pad\":\"" + std::string(n * 397 % 3000, 'x') + "\"}"));
}

class SqliteEveryFault : public testing::Test {
protected:
  std::unique_ptr<journal> open() const {
    journal_options options;
    options.path = directory_.file();
    storage::sqlite_settings settings;
    settings.frames_between_checkpoints = 10; // so that a short life has many
    return storage::make_sqlite_journal(options, std::move(settings));
  }
  void forget() const {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})
      std::filesystem::remove(directory_.file() + suffix);
  }

  // Commits numbers up to `last`; after a failure there is no other acknowledgement.
  static std::uint64_t commit_up_to(journal& to, std::uint64_t last) {
    std::uint64_t acknowledged = 0;
    bool failed = false;
    for (std::uint64_t n = 1; n <= last; ++n) {
      try {
        EXPECT_EQ(commit_one(to, numbered(n)).state, status::appended);
        EXPECT_FALSE(failed) << "acknowledged after a failure";
        acknowledged = n;
      } catch (const error& failure) {
        EXPECT_EQ(failure.code(), errc::journal_failed);
        failed = true;
      }
    }
    return acknowledged;
  }

  // False: the life has no nth operation of that kind.
  bool live_through(file_kind file, file_operation operation, int nth, how way, int times) {
    forget();
    std::uint64_t acknowledged = 0;
    disk_.fail(file, operation, nth, way, times);
    try {
      acknowledged = commit_up_to(*open(), 12);
    } catch (const error& failure) {
      EXPECT_THAT(failure.code(), AnyOf(errc::journal_failed, errc::journal_full));
    }
    const bool struck = disk_.struck();
    disk_.heal();
    const auto own = open();
    const auto reader = own->open_reader();
    EXPECT_THAT(faults(*reader), IsEmpty());
    const auto head = reader->head().value;
    EXPECT_GE(head, acknowledged);
    EXPECT_LE(head, acknowledged + 1);
    for (const auto& e : reader->read_all({1})) EXPECT_EQ(e.id, id(e.position.value));
    EXPECT_EQ(commit_one(*own, numbered(head + 1)).state, status::appended);
    return struck;
  }

  temporary_directory directory_;
  storage_faults disk_;
};

TEST_F(SqliteEveryFault, AnyOperationMayFailOnceOrForEver) {
  std::map<file_operation, int> struck;
  for (const auto file : {file_kind::main, file_kind::log})
    for (const auto operation :
         {file_operation::write, file_operation::sync, file_operation::truncate})
      for (const auto way : {how::io_error, how::short_write})
        for (const int times : {1, storage_faults::for_ever}) {
          if (way == how::short_write && operation != file_operation::write) continue;
          SCOPED_TRACE("file " + std::to_string(static_cast<int>(file)) + ", operation " +
                       std::to_string(static_cast<int>(operation)));
          for (int nth = 1; live_through(file, operation, nth, way, times); ++nth)
            ++struck[operation];
        }
  EXPECT_GT(struck[file_operation::write], 100);
  EXPECT_GT(struck[file_operation::sync], 20);
  EXPECT_GT(struck[file_operation::truncate], 1);
}

// A file that is made has a rollback journal, before it has a log.
TEST_F(SqliteEveryFault, AFailureWhileTheFileIsMadeIsNotPassedOver) {
  for (const auto operation : {file_operation::write, file_operation::sync})
    for (int nth = 1;; ++nth) {
      forget();
      disk_.fail(file_kind::rollback, operation, nth);
      const auto made = [&] {
        try {
          (void)open();
          return true;
        } catch (const error& failure) {
          EXPECT_EQ(failure.code(), errc::journal_failed);
          return false;
        }
      }();
      EXPECT_NE(made, disk_.struck()) << "operation " << nth;
      if (!disk_.struck()) break;
      disk_.heal();
      EXPECT_EQ(commit_one(*open(), numbered(1)).state, status::appended);
    }
}

TEST_F(SqliteEveryFault, SlowSyncsChangeNothing) {
  std::vector<journal_digest> found;
  for (const bool slow : {false, true}) {
    forget();
    const auto own = open();
    if (slow)
      disk_.fail(file_kind::log, file_operation::sync, 1, how::delay, storage_faults::for_ever);
    EXPECT_EQ(commit_up_to(*own, 12), 12U);
    EXPECT_EQ(disk_.struck(), slow);
    found.push_back(digest(*own->open_reader()));
  }
  EXPECT_EQ(found[0], found[1]);
}

class SqliteMixedFiles : public SqliteEveryFault {
protected:
  // What is read is a prefix of what was written, or doubt is reported. True: it was right.
  bool right_or_doubted() {
    journal_options options;
    options.path = directory_.file();
    try {
      const auto reader = open_journal_reader(options);
      if (!faults(*reader).empty()) return false;
      std::uint64_t n = 0;
      for (const auto& e : reader->read_all({1})) {
        EXPECT_EQ(e.id, id(++n));
        EXPECT_EQ(e.body, numbered(n).streams[0].events[0].body);
      }
      return true;
    } catch (const error& doubt) {
      EXPECT_THAT(doubt.code(),
                  AnyOf(errc::journal_damaged, errc::journal_foreign, errc::journal_failed));
      return false;
    }
  }
  void put(const std::string& file, const std::string& log) const {
    forget();
    write_file(directory_.file(), file);
    write_file(directory_.file("journal.db-wal"), log);
  }
  // The file and its log after each commit.
  std::vector<std::pair<std::string, std::string>> history(std::uint64_t commits) {
    std::vector<std::pair<std::string, std::string>> seen;
    const auto own = open();
    for (std::uint64_t n = 1; n <= commits; ++n) {
      commit_one(*own, numbered(n));
      seen.emplace_back(read_file(directory_.file()), read_file(directory_.file("journal.db-wal")));
    }
    return seen;
  }
};

TEST_F(SqliteMixedFiles, AnOldFileUnderANewerLogIsRightOrFound) {
  const auto seen = history(24);
  int doubted = 0;
  for (std::size_t file = 0; file < seen.size(); ++file)
    for (std::size_t log = file; log < seen.size(); ++log) {
      put(seen[file].first, seen[log].second);
      const bool right = right_or_doubted();
      doubted += right ? 0 : 1;
      EXPECT_TRUE(right || file != log);
    }
  EXPECT_GT(doubted, 10);
}

TEST_F(SqliteMixedFiles, AFileOrLogCutAtAnyLengthIsRightOrFound) {
  const auto [file, log] = history(9).back();
  int right = 0;
  int doubted = 0;
  for (std::size_t length = 0; length < log.size(); length += 211) {
    put(file, log.substr(0, length));
    (right_or_doubted() ? right : doubted)++;
  }
  EXPECT_GT(right, 10);
  for (std::size_t length = 1; length < file.size(); length += 509) {
    put(file.substr(0, length), log);
    (right_or_doubted() ? right : doubted)++;
  }
  EXPECT_GT(doubted, 10);
}

} // namespace

} // namespace journal_tests
