// Copies of a journal: whole, verified, and never over another file.

#include "journal/sqlite_faults.hpp"
#include "journal/support.hpp"

#include <ensemble/backup.hpp>

#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <thread>

namespace journal_tests {

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

class SqliteBackup : public testing::Test {
protected:
  journal_options options(const std::string& name = "journal.db") const {
    journal_options made;
    made.path = directory_.file(name);
    made.durability = durability::relaxed;
    return made;
  }
  journal_digest digest_of(const std::string& name, position up_to = {~std::uint64_t{}}) const {
    return digest(*open_journal_reader(options(name)), up_to);
  }
  static void fill(journal& to, std::uint64_t from, std::uint64_t count) {
    for (auto n = from; n < from + count; ++n) {
      auto request = append("a-" + std::to_string(n % 7), run(n, 3));
      request.books.push_back({"open", std::to_string(n % 5), std::to_string(n)});
      commit_one(to, request);
    }
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_.path()))
      found.push_back(entry.path().filename());
    return found;
  }
  journal_digest backup(const std::string& to = "copy") const {
    return backup_journal(directory_.file(), directory_.file(to));
  }
  journal_digest restore(const std::string& to, const std::string& from = "copy") const {
    return restore_journal(directory_.file(from), directory_.file(to));
  }

  temporary_directory directory_;
};

TEST_F(SqliteBackup, ARestoredBackupHasTheSameContent) {
  const auto own = open_journal(options());
  fill(*own, 1, 500);
  const auto original = digest_of("journal.db");
  EXPECT_EQ(original.events, 1500U);
  EXPECT_EQ(backup(), original);
  EXPECT_EQ(restore("again.db"), original);
  EXPECT_EQ(digest_of("again.db"), original);
  const auto again = open_journal(options("again.db"));
  const auto reader = again->open_reader();
  EXPECT_THAT(faults(*reader), IsEmpty());
  EXPECT_EQ(reader->read_book("open"), own->open_reader()->read_book("open"));
  EXPECT_EQ(commit_one(*again, append("a-1", run(1, 3))).state, status::repeated);
  EXPECT_EQ(commit_one(*again, append("a-1", event(9999))).first, position{1501});
}

TEST_F(SqliteBackup, BesideABusyWriterItIsThePrefixUpToItsHead) {
  const auto own = open_journal(options());
  fill(*own, 1, 50);
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    for (std::uint64_t n = 100; !stop; ++n) fill(*own, n, 1);
  });
  std::vector<journal_digest> copies;
  for (int n = 0; n < 8; ++n) copies.push_back(backup("copy-" + std::to_string(n)));
  stop = true;
  writer.join();
  for (int n = 0; n < 8; ++n) {
    const auto& copy = copies[static_cast<std::size_t>(n)];
    EXPECT_EQ(copy.events % 3, 0U) << "a part of a commit";
    EXPECT_EQ(digest_of("journal.db", {copy.events}), copy);
    EXPECT_EQ(digest_of("copy-" + std::to_string(n)), copy);
  }
  EXPECT_GT(copies.back().events, copies.front().events) << "the writer did not run beside";
}

TEST_F(SqliteBackup, ADigestTellsAnyDifference) {
  const auto own = open_journal(options());
  const auto other = open_journal(options("other.db"));
  EXPECT_EQ(digest_of("journal.db"), digest_of("other.db"));
  commit_one(*own, append("a-1", event(1, "{\"n\":1}")), at(5));
  commit_one(*other, append("a-1", event(1, "{\"n\":2}")), at(5));
  EXPECT_NE(digest_of("journal.db"), digest_of("other.db"));
  const auto in_memory = open_journal({});
  commit_one(*in_memory, append("a-1", event(1, "{\"n\":1}")), at(5));
  EXPECT_EQ(digest(*in_memory->open_reader()), digest_of("journal.db"));
}

TEST_F(SqliteBackup, NothingIsOverwritten) {
  fill(*open_journal(options()), 1, 3);
  backup();
  const auto refused = [&](const auto& copying, const std::string& named) {
    const auto why = error_of(copying);
    EXPECT_EQ(why.code(), errc::bad_argument);
    EXPECT_THAT(why.what(), HasSubstr(named));
  };
  refused([&] { backup(); }, "copy'");
  refused([&] { restore("journal.db"); }, "journal.db'");
  // What is left of an earlier journal would be taken for the new one's.
  std::ofstream(directory_.file("gone.db-wal")) << "old";
  refused([&] { restore("gone.db"); }, "gone.db-wal");
  refused([&] { backup_journal("memory:", directory_.file("m")); }, "memory");
}

TEST_F(SqliteBackup, AJournalInUseIsNotReplaced) {
  fill(*open_journal(options()), 1, 3);
  backup();
  const auto own = open_journal(options("other.db"));
  EXPECT_EQ(error_of([&] { restore("other.db"); }).code(), errc::journal_locked);
}

TEST_F(SqliteBackup, WhatIsNoJournalOrDamagedIsNotCopied) {
  EXPECT_EQ(error_of([&] { backup(); }).code(), errc::journal_failed);
  std::ofstream(directory_.file()) << std::string(5000, 'x');
  EXPECT_EQ(error_of([&] { backup(); }).code(), errc::journal_foreign);
  std::filesystem::remove(directory_.file());
  fill(*open_journal(options()), 1, 800);
  std::string bytes;
  {
    std::ifstream file(directory_.file(), std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(file), {});
  }
  // In a body of one of the oldest events, which opening does not look at.
  bytes[bytes.find("{\"n\":2}") + 5] = '3';
  std::ofstream(directory_.file(), std::ios::binary) << bytes;
  const auto why = error_of([&] { backup(); });
  EXPECT_EQ(why.code(), errc::journal_damaged);
  EXPECT_THAT(why.what(), HasSubstr("event "));
  EXPECT_THAT(names(), testing::Not(testing::Contains(HasSubstr("copy"))));
}

TEST_F(SqliteBackup, ACopyThatFailsLeavesNothingAndDoesNotDisturbTheOwner) {
  storage_faults disk;
  const auto own = open_journal(options());
  fill(*own, 1, 300);
  disk.leave_free(50'000);
  EXPECT_EQ(error_of([&] { backup(); }).code(), errc::journal_full);
  disk.heal();
  disk.fail(file_kind::main, file_operation::write, 5);
  EXPECT_EQ(error_of([&] { backup(); }).code(), errc::journal_failed);
  disk.heal();
  EXPECT_THAT(names(), testing::Not(testing::Contains(HasSubstr("copy"))));
  fill(*own, 400, 1);
  EXPECT_EQ(backup().events, 903U);
}

} // namespace

} // namespace journal_tests
