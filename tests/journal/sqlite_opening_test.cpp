// What may be opened, by whom, and what is said when it may not.

#include "journal/support.hpp"

#include <ensemble/backup.hpp>

#include <gmock/gmock.h>
#include <sqlite3.h>

#include <csignal>
#include <fstream>
#include <iterator>

#include <sys/wait.h>
#include <unistd.h>

namespace journal_tests {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SqliteOpening : public testing::Test {
protected:
  journal_options at_path(const std::string& path) const {
    journal_options made;
    made.path = path;
    return made;
  }
  journal_options options() const { return at_path(directory_.file()); }
  void expect_error(const std::string& path, errc code, const std::string& why) const {
    const auto refused = error_of([&] { (void)open_journal(at_path(path)); });
    EXPECT_EQ(refused.code(), code) << refused.what();
    EXPECT_THAT(refused.what(), HasSubstr(why));
  }
  static void run_sql(const std::string& path, const std::string& sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
  }
  static void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  static std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  temporary_directory directory_;
};

TEST_F(SqliteOpening, AReopenedJournalHoldsEverything) {
  {
    const auto own = open_journal(options());
    auto both = append("a-1", run(1, 3));
    both.books.push_back({"open", "k", "v"});
    commit_one(*own, both, at(100));
    commit_one(*own, append("b-1", event(2)), at(100));
  }
  EXPECT_FALSE(std::filesystem::exists(directory_.file("journal.db-wal")));
  const auto own = open_journal(options());
  EXPECT_EQ(commit_one(*own, append("a-1", run(1, 3))).state, status::repeated);
  const auto next = commit_one(*own, append("a-1", event(3), expected_version::exactly(3)), at(5));
  EXPECT_EQ(next.first, position{5});
  const auto reader = own->open_reader();
  EXPECT_EQ(reader->read_all({5}).at(0).time, at(100));
  EXPECT_EQ(reader->read_book("open").at(0), (book_row{"k", "v"}));
  EXPECT_THAT(reader->stream_names("b", ""), ElementsAre("b-1"));
  EXPECT_THAT(faults(*reader), IsEmpty());
}

TEST_F(SqliteOpening, ASecondOwnerIsRefusedByAnyNameOfTheFile) {
  const auto own = open_journal(options());
  const auto here = "process " + std::to_string(::getpid()) + " (";
  expect_error(directory_.file(), errc::journal_locked, here);
  expect_error((directory_.path() / "." / "journal.db").string(), errc::journal_locked, here);
  std::filesystem::create_symlink(directory_.file(), directory_.file("link.db"));
  expect_error(directory_.file("link.db"), errc::journal_locked, here);
  std::filesystem::create_directory_symlink(directory_.path(), directory_.path() / "linked");
  expect_error((directory_.path() / "linked" / "journal.db").string(), errc::journal_locked, here);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory_.path());
  expect_error("journal.db", errc::journal_locked, here);
  std::filesystem::current_path(before);
  std::filesystem::create_hard_link(directory_.file(), directory_.file("hard.db"));
  expect_error(directory_.file("hard.db"), errc::journal_failed, "hard links");
}

TEST_F(SqliteOpening, TheLockNamesAnotherProcessAndDiesWithIt) {
  int pipe[2];
  ASSERT_EQ(::pipe(pipe), 0);
  const auto child = ::fork();
  if (child == 0) {
    const auto own = open_journal(options());
    commit_one(*own, append("a-1", event(1)));
    if (::write(pipe[1], "x", 1) != 1) ::_exit(3);
    for (;;) ::pause();
  }
  char ready = 0;
  ASSERT_EQ(::read(pipe[0], &ready, 1), 1);
  expect_error(directory_.file(), errc::journal_locked, "process " + std::to_string(child));
  // Reading needs no lock.
  EXPECT_EQ(open_journal_reader(options())->head(), position{1});
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_TRUE(std::filesystem::exists(directory_.file("journal.db.lock")));
  EXPECT_EQ(open_journal_reader(options())->head(), position{1});
  EXPECT_EQ(open_journal(options())->open_reader()->head(), position{1});
  ::close(pipe[0]);
  ::close(pipe[1]);
}

// A backup or a reader beside the owner must not cost it its locks on the file (POSIX ends them
// when any descriptor of the file is closed): else a program that comes and goes takes the log
// away.
TEST_F(SqliteOpening, ReadersAndBackupsBesideTheOwnerLeaveItsLocksAlone) {
  // Forked first, so that SQLite in the child knows nothing of this process' locks.
  int go[2];
  int done[2];
  ASSERT_EQ(::pipe(go), 0);
  ASSERT_EQ(::pipe(done), 0);
  const auto child = ::fork();
  if (child == 0) {
    char word = 0;
    if (::read(go[0], &word, 1) != 1) ::_exit(3);
    run_sql(directory_.file(), "SELECT count(*) FROM events");
    if (::write(done[1], "x", 1) != 1 || ::read(go[0], &word, 1) != 1) ::_exit(4);
    ::_exit(static_cast<int>(open_journal_reader(options())->head().value));
  }
  const auto own = open_journal(options());
  commit_one(*own, append("a-1", event(1)));
  EXPECT_EQ(open_journal_reader(options())->head(), position{1});
  EXPECT_EQ(backup_journal(directory_.file(), directory_.file("copy")).events, 1U);
  char word = 0;
  ASSERT_EQ(::write(go[1], "x", 1), 1);
  ASSERT_EQ(::read(done[0], &word, 1), 1);
  EXPECT_TRUE(std::filesystem::exists(directory_.file("journal.db-wal")));
  commit_one(*own, append("a-1", event(2)));
  ASSERT_EQ(::write(go[1], "x", 1), 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 2) << "what another process sees of two events";
  for (const int end : {go[0], go[1], done[0], done[1]}) ::close(end);
}

TEST_F(SqliteOpening, AStaleLockFileIsNoObstacle) {
  write_file(directory_.file("journal.db.lock"), "process 1 (init) on host nowhere\n");
  EXPECT_NO_THROW((void)open_journal(options()));
}

TEST_F(SqliteOpening, FilesOfOthersAreRefusedAndLeftAlone) {
  const auto path = directory_.file();
  write_file(path, "Dear diary, today I wrote nothing that SQLite could read.");
  expect_error(path, errc::journal_foreign, "not an ensemble journal");
  EXPECT_THAT(read_file(path), HasSubstr("Dear diary"));
  std::filesystem::remove(path);
  run_sql(path, "CREATE TABLE t(x); INSERT INTO t VALUES(1);");
  const auto before = read_file(path);
  expect_error(path, errc::journal_foreign, "not an ensemble journal");
  EXPECT_EQ(error_of([&] { (void)open_journal_reader(options()); }).code(), errc::journal_foreign);
  EXPECT_EQ(read_file(path), before);
}

TEST_F(SqliteOpening, ANewerFormatIsRefusedWithTheRemedy) {
  (void)open_journal(options());
  run_sql(directory_.file(), "PRAGMA user_version = 2");
  expect_error(directory_.file(), errc::journal_foreign, "format version 2");
  expect_error(directory_.file(), errc::journal_foreign, "program at least as new");
}

TEST_F(SqliteOpening, ChangedTablesAreDamage) {
  (void)open_journal(options());
  run_sql(directory_.file(), "DROP INDEX events_by_id");
  expect_error(directory_.file(), errc::journal_damaged, "events_by_id");
}

TEST_F(SqliteOpening, AnEmptyFileBecomesAJournal) {
  write_file(directory_.file(), "");
  EXPECT_EQ(commit_one(*open_journal(options()), append("a-1", event(1))).state, status::appended);
}

TEST_F(SqliteOpening, PathsThatCannotBeAJournalAreNamed) {
  expect_error("", errc::bad_argument, "empty");
  expect_error(directory_.file("missing/journal.db"), errc::journal_failed, "does not exist");
  expect_error(directory_.path().string(), errc::journal_failed, "not a regular file");
  std::filesystem::create_symlink(directory_.file("nowhere"), directory_.file("link.db"));
  expect_error(directory_.file("link.db"), errc::journal_failed, "leads nowhere");
  const auto missing = error_of([&] { (void)open_journal_reader(options()); });
  EXPECT_EQ(missing.code(), errc::journal_failed);
  EXPECT_THAT(missing.what(), HasSubstr("there is no journal"));
  EXPECT_FALSE(std::filesystem::exists(directory_.file()));
  EXPECT_EQ(error_of([&] { (void)open_journal_reader({}); }).code(), errc::bad_argument);
}

TEST_F(SqliteOpening, SqlInAPathIsOnlyAName) {
  const auto odd = directory_.file("file:a'b?mode=memory%00.db");
  commit_one(*open_journal(at_path(odd)), append("a-1", event(1)));
  EXPECT_TRUE(std::filesystem::exists(odd));
}

struct note {
  std::string text{};
};
ENSEMBLE_MESSAGE(note, 1, text)

TEST_F(SqliteOpening, AMessageWithoutTextRefusesTheCommitBeforeAnythingIsWritten) {
  const auto own = open_journal(options());
  auto bad = event(2);
  bad.body = note{"\xFF"};
  const std::vector<append_request> requests{append("a-1", event(1)), append("b-1", bad)};
  const auto refused = error_of([&] { own->commit(requests, at(1)); });
  EXPECT_EQ(refused.code(), errc::bad_argument);
  EXPECT_THAT(refused.what(), HasSubstr("b-1"));
  EXPECT_EQ(own->open_reader()->head(), position{0});
  EXPECT_EQ(commit_one(*own, append("a-1", event(1))).state, status::appended);
}

TEST_F(SqliteOpening, AFormatThatNeverWasIsRefused) {
  (void)open_journal(options());
  run_sql(directory_.file(), "PRAGMA user_version = 0");
  expect_error(directory_.file(), errc::journal_foreign, "the unknown format version 0");
}

TEST_F(SqliteOpening, ALastTableThatIsMissingIsDamage) {
  (void)open_journal(options());
  run_sql(directory_.file(), "DROP INDEX streams_by_name");
  expect_error(directory_.file(), errc::journal_damaged, "streams_by_name");
}

TEST_F(SqliteOpening, ADirectoryThatIsAFileAndALockThatIsADirectoryAreNamed) {
  write_file(directory_.file("plain"), "text");
  expect_error(directory_.file("plain/journal.db"), errc::journal_failed, "does not exist");
  std::filesystem::create_directory(directory_.file("journal.db.lock"));
  expect_error(directory_.file(), errc::journal_failed, "cannot make the lock file");
}

TEST_F(SqliteOpening, AHolderThatHasNotNotedItsNameYetIsAnotherProcess) {
  const auto own = open_journal(options());
  std::filesystem::resize_file(directory_.file("journal.db.lock"), 0);
  expect_error(directory_.file(), errc::journal_locked, "is in use by another process");
}

// More than the adapter keeps in memory: what was let go of is found in the file again.
TEST_F(SqliteOpening, TenThousandStreamsKeepTheirLengths) {
  const auto own = open_journal(options());
  for (std::uint64_t round = 0; round < 2; ++round) {
    std::vector<append_request> requests;
    for (std::uint64_t s = 0; s < 10'000; ++s)
      requests.push_back(
          append("s-" + std::to_string(s), event(round + 1), expected_version::exactly(round)));
    std::uint64_t appended = 0;
    for (const auto& result : own->commit(requests, at(1)))
      appended += result.state == status::appended && result.lengths.front() == round + 1 ? 1 : 0;
    EXPECT_EQ(appended, 10'000U);
  }
}

} // namespace

} // namespace journal_tests
