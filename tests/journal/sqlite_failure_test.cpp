// A write or sync that fails: nothing is acknowledged any more, and a restart recovers.

#include "journal/sqlite_faults.hpp"
#include "journal/support.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <optional>

namespace journal_tests {

namespace {

using testing::HasSubstr;
using testing::IsEmpty;

struct fault {
  const char* name;
  file_kind file;
  file_operation operation;
  storage_faults::how way = storage_faults::how::io_error;
};

class SqliteFailStop : public testing::TestWithParam<fault> {
protected:
  journal_options options() const {
    journal_options made;
    made.path = directory_.file();
    return made;
  }

  temporary_directory directory_;
  storage_faults faults_;
};

std::vector<append_request> numbered(std::uint64_t n) {
  return {append("a-1", run(n, 3)), append("b-" + std::to_string(n), event(n))};
}
constexpr std::uint64_t events_a_commit = 4;

// Commits until one fails; the number of those acknowledged.
std::uint64_t commit_until_failure(journal& to, std::uint64_t most) {
  for (std::uint64_t n = 1; n <= most; ++n) {
    try {
      to.commit(numbered(n), at(1));
    } catch (const error& failed) {
      EXPECT_EQ(failed.code(), errc::journal_failed);
      EXPECT_THAT(failed.what(), HasSubstr("SQLite"));
      return n - 1;
    }
  }
  return most;
}

TEST_P(SqliteFailStop, AfterTheFirstFailureNothingIsAcknowledgedUntilAReopen) {
  for (int nth = 1; nth < 12; ++nth) {
    std::filesystem::remove(directory_.file());
    std::uint64_t acknowledged = 0;
    {
      const auto own = open_journal(options());
      faults_.fail(GetParam().file, GetParam().operation, nth, GetParam().way);
      acknowledged = commit_until_failure(*own, 6);
      if (acknowledged == 6) {
        EXPECT_FALSE(faults_.struck());
        break; // the sweep is beyond the last operation of that kind
      }
      // The storage works again: that must not tempt it.
      const auto calls = faults_.calls();
      const auto refused = error_of([&] { own->commit(numbered(50), at(1)); });
      EXPECT_EQ(refused.code(), errc::journal_failed);
      EXPECT_EQ(faults_.calls(), calls);
    }
    const auto again = open_journal(options());
    const auto reader = again->open_reader();
    EXPECT_THAT(faults(*reader), IsEmpty());
    const auto head = reader->head().value;
    EXPECT_EQ(head % events_a_commit, 0U);
    EXPECT_GE(head, acknowledged * events_a_commit);
    EXPECT_LE(head, (acknowledged + 1) * events_a_commit);
    for (std::uint64_t n = 1; n <= acknowledged; ++n)
      EXPECT_EQ(reader->read_stream("b-" + std::to_string(n), {0}).size(), 1U);
    EXPECT_EQ(again->commit(numbered(50), at(1)).at(0).state, status::appended);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Faults, SqliteFailStop,
    testing::Values(fault{"LogWrite", file_kind::log, file_operation::write},
                    fault{"ShortLogWrite", file_kind::log, file_operation::write,
                          storage_faults::how::short_write},
                    fault{"LogSync", file_kind::log, file_operation::sync}),
    [](const testing::TestParamInfo<fault>& tested) { return std::string(tested.param.name); });

// SQLite's own checkpoints hide their errors: a sync that failed there would be repeated, and
// taken for a success.
TEST(SqliteCheckpoint, AFailedSyncOfTheFileStopsTheJournalToo) {
  const temporary_directory directory;
  storage_faults layer;
  journal_options options;
  options.path = directory.file();
  std::uint64_t acknowledged = 0;
  {
    const auto own = open_journal(options);
    layer.fail(file_kind::main, file_operation::sync, 1);
    const std::string large(900'000, 'x');
    std::optional<error> failure;
    for (std::uint64_t n = 1; n <= 40 && !failure; ++n) {
      try {
        commit_one(*own, append("a-1", event(n, large)));
        ++acknowledged;
      } catch (const error& failed) {
        failure = failed;
      }
    }
    ASSERT_TRUE(failure);
    EXPECT_THAT(failure->what(), HasSubstr("checkpoint"));
    EXPECT_EQ(error_of([&] { commit_one(*own, append("a-1", event(99))); }).code(),
              errc::journal_failed);
  }
  EXPECT_EQ(layer.calls(), 1) << "closing synced again";
  const auto again = open_journal(options);
  EXPECT_EQ(again->open_reader()->head().value, acknowledged);
}

TEST(SqliteCheckpoint, TheLogStaysSmallBesideReaders) {
  const temporary_directory directory;
  journal_options options;
  options.path = directory.file();
  const auto own = open_journal(options);
  const auto reader = own->open_reader();
  const std::string large(500'000, 'x');
  std::uintmax_t longest = 0;
  for (std::uint64_t n = 1; n <= 120; ++n) {
    commit_one(*own, append("a-1", event(n, large)));
    EXPECT_EQ(reader->read_all({n}).size(), 1U);
    longest = std::max(longest, std::filesystem::file_size(directory.file("journal.db-wal")));
  }
  EXPECT_LT(longest, 24U << 20);
}

TEST(SqliteCreation, AFailureWhileTheFileIsMadeLeavesOneThatCanBeOpened) {
  for (const auto operation : {file_operation::write, file_operation::sync}) {
    for (const auto file : {file_kind::main, file_kind::log}) {
      for (int nth = 1; nth < 10; ++nth) {
        const temporary_directory directory;
        journal_options options;
        options.path = directory.file();
        {
          storage_faults layer;
          layer.fail(file, operation, nth);
          try {
            (void)open_journal(options);
          } catch (const error& failed) {
            EXPECT_EQ(failed.code(), errc::journal_failed);
          }
        }
        const auto again = open_journal(options);
        EXPECT_EQ(commit_one(*again, append("a-1", event(1))).state, status::appended);
      }
    }
  }
}

} // namespace

} // namespace journal_tests
