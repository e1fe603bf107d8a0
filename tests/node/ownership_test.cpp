// The owner of a shard stands in the journal, and who was replaced records nothing any more.

#include "journal/support.hpp"
#include "node/racing_owners.hpp"

#include <gmock/gmock.h>

namespace node_tests {

using namespace ensemble;
using journal_tests::temporary_directory;
using status = append_result::status;

namespace {

const auto one_start = node::incarnation_id::of(1, 1);
const auto next_start = node::incarnation_id::of(2, 2);

TEST(Ownership, EachChangeOfOwnersIsAnEpoch) {
  const auto journal = open_journal({});
  const auto owner = [&] { return node::owner_of(*journal->open_reader(), "stock-1"); };
  const auto take = [&](const std::optional<node::ownership>& before, const std::string& by,
                        node::incarnation_id start = one_start) {
    const auto request = node::claim("stock-1", before, node::next_owner(before, by, start));
    return journal->commit({&request, 1}, timestamp{}).front().state;
  };
  EXPECT_EQ(owner(), std::nullopt);
  EXPECT_EQ(take({}, "anna"), status::appended);
  const auto anna = owner();
  EXPECT_EQ(anna->by, (node::owner{"anna", to_string(one_start), 1}));
  EXPECT_EQ(take({}, "berta"), status::fenced) << "somebody was first";
  EXPECT_EQ(take(anna, "berta"), status::appended);
  EXPECT_EQ(take(anna, "anna"), status::fenced);
  EXPECT_EQ(take(owner(), "berta", next_start), status::appended)
      << "a restarted node has another epoch";
  EXPECT_EQ(owner()->by, (node::owner{"berta", to_string(next_start), 3}));
}

TEST(Ownership, OfTwoStartsOfANodeOneHasTheShard) {
  const auto journal = open_journal({});
  const auto claimed = [&](node::incarnation_id start) {
    const auto next = node::next_owner({}, "w1", start);
    const auto request = node::claim("stock-1", {}, next);
    (void)journal->commit({&request, 1}, timestamp{}); // the answer is lost
    return node::owner_of(*journal->open_reader(), "stock-1") == next;
  };
  EXPECT_TRUE(claimed(one_start));
  EXPECT_FALSE(claimed(next_start)) << "its row looks otherwise, and it knows";
  EXPECT_TRUE(claimed(one_start)) << "asked again, it is still its own";
}

// Whoever wrote it: a later release may write more.
TEST(Ownership, ARowIsComparedAsItStandsThere) {
  const auto journal = open_journal({});
  append_request row;
  row.books = {{std::string(node::owners_book), "stock-1",
                R"({"epoch": 4, "node": "anna", "incarnation": "07", "since": 12})"}};
  (void)journal->commit({&row, 1}, timestamp{});
  const auto anna = node::owner_of(*journal->open_reader(), "stock-1");
  EXPECT_EQ(anna->by, (node::owner{"anna", "07", 4}));
  const auto request = node::claim("stock-1", anna, node::next_owner(anna, "berta", one_start));
  EXPECT_EQ(journal->commit({&request, 1}, timestamp{}).front().state, status::appended);
}

TEST(Ownership, IsFoundAmongManyShards) {
  const auto journal = open_journal({});
  const auto anna = node::next_owner({}, "anna", one_start);
  std::vector<append_request> all;
  for (int n = 0; n < 3'000; ++n)
    all.push_back(node::claim("shard-" + std::to_string(n), {}, anna));
  (void)journal->commit(all, timestamp{});
  const auto reader = journal->open_reader();
  for (const auto* shard : {"shard-0", "shard-1", "shard-1234", "shard-999", "shard-2999"})
    EXPECT_EQ(node::owner_of(*reader, shard), anna) << shard;
  for (const auto* shard : {"s", "shard-", "shard-3000", "shard-99x", "z"})
    EXPECT_EQ(node::owner_of(*reader, shard), std::nullopt) << shard;
  EXPECT_THROW((void)node::owner_of(*reader, ""), error);
}

TEST(Ownership, ARowThatSaysNothingIsDamage) {
  const auto journal = open_journal({});
  append_request row;
  row.books = {{std::string(node::owners_book), "stock-1", "anna"}};
  (void)journal->commit({&row, 1}, timestamp{});
  try {
    (void)node::owner_of(*journal->open_reader(), "stock-1");
    FAIL();
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::journal_damaged);
    EXPECT_THAT(e.what(), testing::HasSubstr("owners"));
  }
}

TEST(Ownership, WhoWasReplacedRecordsNothingAnyMore) {
  std::uint64_t fenced = 0;
  std::uint64_t taken = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto journal = open_journal({});
    racing_owners race(seed);
    race.go_on(*journal);
    EXPECT_EQ(race.violation(*journal->open_reader()), "") << "seed " << seed;
    fenced += race.fenced();
    taken += race.taken();
  }
  EXPECT_GT(fenced, 1'000U);
  EXPECT_GT(taken, 1'000U);
}

TEST(Ownership, HoldsAcrossRestartsOfTheJournal) {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const temporary_directory directory;
    journal_options options;
    options.path = directory.file();
    options.durability = durability::relaxed;
    racing_owners race(seed);
    for (int restart = 0; restart < 4; ++restart) race.go_on(*open_journal(options));
    EXPECT_EQ(race.violation(*open_journal(options)->open_reader()), "") << "seed " << seed;
    EXPECT_GT(race.fenced(), 0U);
  }
}

} // namespace

} // namespace node_tests
