#include "journal/sqlite_faults.hpp"
#include "journal/support.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

// A journal that is synced behind its commits.

namespace journal_tests {

namespace {

class SqliteSpeculative : public testing::Test {
protected:
  void open() {
    journal_options options;
    options.path = directory_.file();
    options.durability = durability::speculative;
    own_ = open_journal(options);
  }
  void commit(std::uint64_t n, const std::string& text = "{}") {
    commit_one(*own_, append("a-1", event(n, text)));
  }
  errc code_of_sync() {
    return error_of([&] { own_->sync(); }).code();
  }
  /// From now on counts syncs of the log.
  void count_syncs() {
    layer_.fail(file_kind::log, file_operation::sync, storage_faults::for_ever);
  }

  temporary_directory directory_;
  storage_faults layer_;
  std::unique_ptr<journal> own_;
};

TEST_F(SqliteSpeculative, SyncsWhenItIsTold) {
  open();
  commit(1); // which begins the log anew, and syncs its header
  count_syncs();
  commit(2);
  commit(3);
  EXPECT_EQ(layer_.calls(), 0);
  own_->sync();
  EXPECT_EQ(layer_.calls(), 1);
  EXPECT_EQ(own_->open_reader()->head().value, 3U);
}

// There a commit could spoil the one before it, which is durable.
TEST_F(SqliteSpeculative, SyncsEachCommitWhereAWriteMaySpoilItsNeighbours) {
  layer_.sectors_may_tear();
  open();
  commit(1);
  count_syncs();
  commit(2);
  EXPECT_EQ(layer_.calls(), 1);
  own_->sync();
  EXPECT_EQ(layer_.calls(), 1);
}

TEST_F(SqliteSpeculative, AFailedSyncIsTheEnd) {
  open();
  commit(1);
  layer_.fail(file_kind::log, file_operation::sync, 1);
  EXPECT_EQ(code_of_sync(), errc::journal_failed);
  EXPECT_EQ(code_of_sync(), errc::journal_failed) << "it was tried again";
  EXPECT_EQ(error_of([&] { commit(2); }).code(), errc::journal_failed);
  own_.reset();
  EXPECT_EQ(layer_.calls(), 1) << "closing synced again";
}

// What had failed there may have lost what this sync would call durable.
TEST_F(SqliteSpeculative, NothingIsSyncedBehindAFailedCheckpoint) {
  open();
  layer_.fail(file_kind::main, file_operation::sync, 1);
  std::optional<error> failure;
  for (std::uint64_t n = 1; n <= 40 && !failure; ++n) {
    try {
      commit(n, std::string(900'000, 'x'));
    } catch (const error& failed) {
      failure = failed;
    }
  }
  ASSERT_TRUE(failure);
  EXPECT_EQ(code_of_sync(), errc::journal_failed);
}

} // namespace

} // namespace journal_tests
