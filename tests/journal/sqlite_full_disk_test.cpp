// A full disk: new work is refused, what was accepted goes on as long as it can, and all resumes.

#include "journal/sqlite_faults.hpp"
#include "journal/sqlite_journal.hpp"
#include "journal/support.hpp"

#include <gmock/gmock.h>

namespace journal_tests {

namespace {

using how = storage_faults::how;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

append_request essential(append_request request) {
  request.essential = true;
  return request;
}

std::string stream_of(std::uint64_t n) { return "b-" + std::to_string(n); }

// Two requests, the second of which may use the headroom.
std::vector<append_request> numbered(std::uint64_t n) {
  return {append("a-1", run(n, 3)), essential(append(stream_of(n), event(n)))};
}

std::vector<status> states(const std::vector<append_result>& results) {
  std::vector<status> found;
  for (const auto& result : results) found.push_back(result.state);
  return found;
}

class SqliteFullDisk : public testing::Test {
protected:
  std::unique_ptr<journal> open(int frames_between_checkpoints = 4096) {
    journal_options options;
    options.path = directory_.file();
    options.headroom = 1000;
    storage::sqlite_settings settings;
    settings.free_space = [this](const std::filesystem::path&) { return free_; };
    settings.frames_between_checkpoints = frames_between_checkpoints;
    return storage::make_sqlite_journal(options, std::move(settings));
  }

  // Commits numbers from..to, and notes what was recorded, and what was not.
  void commit_all(journal& to, std::uint64_t from, std::uint64_t last) {
    for (auto n = from; n <= last; ++n) {
      const auto results = to.commit(numbered(n), at(1));
      if (results[0].state == status::appended) runs_.push_back(n);
      if (results[1].state == status::appended) singles_.push_back(n);
      refused_ += static_cast<int>(std::ranges::count(states(results), status::no_space));
    }
  }

  void expect_what_was_acknowledged_and_nothing_else(journal& of) {
    const auto reader = of.open_reader();
    EXPECT_THAT(faults(*reader), IsEmpty());
    const auto all = reader->read_stream("a-1", {0}, 100'000);
    ASSERT_EQ(all.size(), runs_.size() * 3);
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i].id, id(runs_[i / 3], i % 3 + 1));
    for (const auto n : singles_) EXPECT_EQ(reader->read_stream(stream_of(n), {0}).size(), 1U);
    EXPECT_EQ(reader->head().value, runs_.size() * 3 + singles_.size());
  }

  temporary_directory directory_;
  storage_faults disk_;
  std::uint64_t free_ = 1'000'000;
  std::vector<std::uint64_t> runs_;
  std::vector<std::uint64_t> singles_;
  int refused_ = 0;
};

TEST_F(SqliteFullDisk, TheHeadroomIsKeptForEssentialRequests) {
  const auto own = open();
  commit_one(*own, append("a-1", event(1)));
  free_ = 999;
  const std::vector<append_request> requests{
      append("a-1", event(2)),
      book("open", "k", "v"),
      essential(append("a-1", event(3), expected_version::exactly(1))),
      essential(book("open", "e", "v")),
      append("a-1", event(1)),
      append("a-1", event(4), expected_version::none()),
  };
  const auto results = own->commit(requests, at(1));
  EXPECT_THAT(states(results), ElementsAre(status::no_space, status::no_space, status::appended,
                                           status::appended, status::repeated, status::conflict));
  EXPECT_THAT(results[0].lengths, IsEmpty());
  const auto reader = own->open_reader();
  EXPECT_EQ(reader->head(), position{2});
  EXPECT_THAT(reader->read_book("open"), ElementsAre(book_row{"e", "v"}));
  free_ = 1000;
  EXPECT_EQ(commit_one(*own, append("a-1", event(2))).state, status::appended);
}

TEST_F(SqliteFullDisk, AWriteThatFindsNoSpaceRefusesAndTheJournalGoesOn) {
  int swept = 0;
  for (const int times : {1, 2, storage_faults::for_ever}) {
    for (int nth = 1; nth < 60; ++nth, ++swept) {
      std::filesystem::remove(directory_.file());
      runs_.clear();
      singles_.clear();
      refused_ = 0;
      bool struck = false;
      {
        const auto own = open();
        disk_.fail(file_kind::log, file_operation::write, nth, how::disk_full, times);
        commit_all(*own, 1, 3);
        struck = disk_.struck();
        EXPECT_EQ(refused_ > 0, struck);
        disk_.heal();
        commit_all(*own, 4, 5);
        expect_what_was_acknowledged_and_nothing_else(*own);
      }
      EXPECT_EQ(runs_.back(), 5U);
      expect_what_was_acknowledged_and_nothing_else(*open());
      if (!struck) break;
    }
  }
  EXPECT_GT(swept, 30);
}

TEST_F(SqliteFullDisk, OneWriteThatFindsNoSpaceRefusesOnlyWhatIsNotEssential) {
  const auto own = open();
  commit_all(*own, 1, 1);
  disk_.fail(file_kind::log, file_operation::write, 1, how::disk_full);
  EXPECT_THAT(states(own->commit(numbered(2), at(1))),
              ElementsAre(status::no_space, status::appended));
}

TEST_F(SqliteFullDisk, WithoutSpaceRepeatsAndConflictsAreStillTold) {
  const auto own = open();
  commit_all(*own, 1, 1);
  disk_.fail(file_kind::log, file_operation::write, 1, how::disk_full, storage_faults::for_ever);
  const std::vector<append_request> requests{
      essential(append("a-1", run(1, 3))), append(stream_of(1), event(9), expected_version::none()),
      essential(append("a-1", event(3)))};
  EXPECT_THAT(states(own->commit(requests, at(1))),
              ElementsAre(status::repeated, status::conflict, status::no_space));
}

TEST_F(SqliteFullDisk, ACheckpointWithoutSpaceLosesNothing) {
  int swept = 0;
  for (int nth = 1; nth < 200; nth += 3, ++swept) {
    std::filesystem::remove(directory_.file());
    runs_.clear();
    singles_.clear();
    bool struck = false;
    {
      const auto own = open(10);
      disk_.fail(file_kind::main, file_operation::write, nth, how::disk_full, 5);
      commit_all(*own, 1, 30);
      struck = disk_.struck();
      EXPECT_EQ(refused_, 0);
      expect_what_was_acknowledged_and_nothing_else(*own);
    }
    disk_.heal();
    EXPECT_EQ(runs_.size(), 30U);
    expect_what_was_acknowledged_and_nothing_else(*open());
    if (!struck) break;
  }
  EXPECT_GT(swept, 5);
}

TEST_F(SqliteFullDisk, ADiskThatFillsUpRefusesAndResumes) {
  {
    const auto own = open(20);
    disk_.leave_free(400'000);
    std::uint64_t n = 0;
    while (refused_ == 0 && n < 5000) commit_all(*own, n + 1, n + 1), ++n;
    EXPECT_GT(refused_, 0);
    EXPECT_GT(runs_.size(), 20U);
    disk_.leave_free(5'000'000);
    refused_ = 0;
    commit_all(*own, 5001, 5050);
    EXPECT_EQ(refused_, 0);
    disk_.leave_free(0);
  }
  // Closed and opened without a byte to spare.
  expect_what_was_acknowledged_and_nothing_else(*open());
  disk_.heal();
  const auto own = open();
  commit_all(*own, 6000, 6000);
  expect_what_was_acknowledged_and_nothing_else(*own);
}

TEST_F(SqliteFullDisk, AJournalThatCannotBeMadeForWantOfSpaceSaysSo) {
  disk_.leave_free(10'000);
  EXPECT_EQ(error_of([&] { open(); }).code(), errc::journal_full);
  disk_.heal();
  EXPECT_EQ(commit_one(*open(), append("a-1", event(1))).state, status::appended);
}

// Where SQLite writes behind a commit, that may stand in the log although the write failed.
TEST_F(SqliteFullDisk, ItIsAFailureWhereTheCommitMayBeInTheLog) {
  disk_.sectors_may_tear();
  int unknown = 0;
  for (int nth = 1; nth < 60; ++nth) {
    std::filesystem::remove(directory_.file());
    bool failed = false;
    {
      const auto own = open();
      commit_one(*own, append("a-1", event(1)));
      disk_.fail(file_kind::log, file_operation::write, nth, how::disk_full, 3);
      try {
        commit_one(*own, append("a-1", event(2)));
      } catch (const error& failure) {
        failed = true;
        EXPECT_EQ(failure.code(), errc::journal_failed);
        EXPECT_THAT(failure.what(), HasSubstr("unknown"));
      }
      if (!disk_.struck()) break;
      disk_.heal();
    }
    EXPECT_TRUE(failed);
    unknown += open()->open_reader()->head() == position{2} ? 1 : 0;
  }
  EXPECT_GT(unknown, 0);
}

} // namespace

} // namespace journal_tests
