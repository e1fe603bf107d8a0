// Every allocation fails in its turn, while a journal is opened, written and read: an error and
// nothing else, no leak, and nothing acknowledged is lost.

#include "allocation/failing_allocations.hpp"
#include "journal/sqlite_journal.hpp"
#include "journal/support.hpp"
#include "model/recently_used.hpp"

#include <gmock/gmock.h>

#include <cstdlib>
#include <new>

namespace journal_tests {

namespace {

using testing::IsEmpty;

struct sweep {
  bool in_memory = false;
  bool for_ever = false;
};

const auto flow = correlation_id::of(1, 7);
const auto instance = instance_id::of(1, 8);

append_request numbered(std::uint64_t n) {
  auto made = append("a-" + std::to_string(n % 2), run(n, 2));
  auto second = event(n, "{\"pad\":\"" + std::string(n * 397 % 3000, 'x') + "\"}");
  second.index = 2;
  second.origin.instance = instance;
  made.streams.front().events.back().last = false;
  made.streams.push_back({"b-" + std::to_string(n), expected_version::none(), {second}});
  made.books.push_back({"count", "n", std::to_string(n)});
  return made;
}
constexpr std::uint64_t events_a_commit = 3;

class Allocation : public testing::TestWithParam<sweep> {
protected:
  std::unique_ptr<journal> open() const {
    journal_options options;
    options.path = GetParam().in_memory ? "memory:" : directory_.file();
    if (GetParam().in_memory) return open_journal(options);
    storage::sqlite_settings settings;
    settings.frames_between_checkpoints = 10;
    return storage::make_sqlite_journal(options, std::move(settings));
  }
  void forget() const {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})
      std::filesystem::remove(directory_.file() + suffix);
  }

  // The nth allocation fails in `what`, which may fail with an error. False: it has none so far.
  template <class What>
  static bool fails_at(std::uint64_t nth, What what) {
    allocations::fail_at(nth, GetParam().for_ever);
    try {
      what();
    } catch (const error&) {
    } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): either will do
    }
    return allocations::heal();
  }

  // Runs `round` for allocations 1, 2, ... until it has no more; a part of them in a quick run.
  template <class Round>
  static void for_each_allocation(Round round) {
    const char* scale = std::getenv("ENSEMBLE_TEST_SCALE");
    const auto step = static_cast<std::uint64_t>(17 / (scale != nullptr ? std::atof(scale) : 1.0));
    std::int64_t held = 0;
    std::uint64_t count = 0;
    for (std::uint64_t nth = 1;; nth += nth < 40 ? 1 : std::max<std::uint64_t>(step, 1)) {
      SCOPED_TRACE("allocation " + std::to_string(nth));
      if (!round(nth)) break;
      if (HasFailure()) return;
      // The first rounds may leave something behind for the later ones.
      if (++count == 3) held = allocations::held();
      if (count > 3) {
        ASSERT_LE(allocations::held(), held) << "a leak";
      }
    }
    std::cout << count << " allocations failed\n";
    EXPECT_GT(count, 1U);
  }

  static void expect_prefix(journal& own, std::uint64_t acknowledged, std::uint64_t asked) {
    const auto reader = own.open_reader();
    EXPECT_THAT(faults(*reader), IsEmpty());
    const auto head = reader->head().value;
    EXPECT_EQ(head % events_a_commit, 0U);
    EXPECT_GE(head, acknowledged * events_a_commit);
    EXPECT_LE(head, asked * events_a_commit);
    EXPECT_EQ(reader->read_all({1}).size(), head);
    const auto book = reader->read_book("count");
    EXPECT_EQ(book.empty() ? "0" : book.at(0).value, std::to_string(head / events_a_commit));
  }

  temporary_directory directory_;
};

TEST_P(Allocation, FailsWhileTheJournalIsMadeAndOpened) {
  for (const bool exists : {false, true})
    for_each_allocation([&](std::uint64_t nth) {
      forget();
      if (exists) (void)commit_one(*open(), numbered(1));
      const bool struck = fails_at(nth, [&] { (void)open(); });
      const auto own = open();
      if (!GetParam().in_memory) expect_prefix(*own, exists ? 1 : 0, 1);
      return struck;
    });
}

TEST_P(Allocation, FailsInCommitsAndNothingAcknowledgedIsLost) {
  for_each_allocation([&](std::uint64_t nth) {
    forget();
    constexpr std::uint64_t commits = 6;
    std::vector<append_request> requests;
    for (std::uint64_t n = 1; n <= commits; ++n) requests.push_back(numbered(n));
    auto own = open();
    std::uint64_t acknowledged = 0;
    bool failed = false;
    const auto commit_the_rest = [&] {
      while (acknowledged < commits) {
        const auto result = own->commit({&requests[acknowledged], 1}, at(1)).at(0);
        EXPECT_EQ(result.state, status::appended);
        EXPECT_FALSE(failed) << "acknowledged after a failure";
        ++acknowledged;
      }
    };
    const bool struck = fails_at(nth, commit_the_rest);
    if (struck) {
      // It is a failure, or nothing was recorded: it never half goes on.
      try {
        (void)own->commit({&requests[acknowledged], 1}, at(1));
        ++acknowledged;
      } catch (const error& failure) {
        EXPECT_EQ(failure.code(), errc::journal_failed);
      }
    }
    if (GetParam().in_memory) return struck; // nothing of it outlives it
    own.reset();
    own = open();
    expect_prefix(*own, acknowledged, std::min(acknowledged + 1, commits));
    return struck;
  });
}

TEST_P(Allocation, FailsInReadsAndTheSameReaderGoesOn) {
  for_each_allocation([&](std::uint64_t nth) {
    forget(); // a journal in memory sorts its events when it is first asked for a flow
    const auto own = open();
    for (std::uint64_t n = 1; n <= 3; ++n) commit_one(*own, numbered(n));
    const auto reader = own->open_reader();
    const bool struck = fails_at(nth, [&] {
      (void)reader->read_all({1});
      (void)reader->read_stream("a-1", {0});
      (void)reader->read_correlation(flow, {});
      (void)reader->read_instance(instance, {});
      (void)reader->find("a-1", id(1));
      (void)reader->stream_names("b", {});
      (void)reader->message_names();
      (void)reader->read_book("count");
      (void)reader->verify([](const std::string&) {});
    });
    const auto all = reader->read_all({1});
    EXPECT_EQ(all.size(), 3 * events_a_commit);
    const auto of_flow = [&](const recorded_event& e) { return e.origin.correlation == flow; };
    const auto of_run = [&](const recorded_event& e) { return e.origin.instance == instance; };
    EXPECT_EQ(std::ssize(reader->read_correlation(flow, {})), std::ranges::count_if(all, of_flow));
    EXPECT_EQ(std::ssize(reader->read_instance(instance, {})), std::ranges::count_if(all, of_run));
    EXPECT_THAT(faults(*reader), IsEmpty());
    return struck;
  });
}

TEST(RecentlyUsedAllocation, AddsAnEntryWholeOrNotAtAll) {
  struct named {
    std::string key{};
  };
  const auto key = [](int n) {
    return "a key that is too long to stand in place " + std::to_string(n);
  };
  std::uint64_t nth = 1;
  for (bool struck = true; struck; ++nth) {
    SCOPED_TRACE("allocation " + std::to_string(nth));
    internal::recently_used<named> entries;
    bool fresh = false;
    for (int n = 0; n < 8; ++n)
      (void)entries.get(key(n), fresh); // the next one lets its table grow
    const auto ninth = key(8);
    allocations::fail_at(nth, false);
    try {
      (void)entries.get(ninth, fresh);
    } catch (const std::bad_alloc&) { // NOLINT(bugprone-empty-catch): looked at below
    }
    struck = allocations::heal();
    EXPECT_EQ(entries.size(), struck ? 8U : 9U);
    for (auto& e : entries) EXPECT_EQ(entries.find(e.key), &e) << e.key;
  }
  EXPECT_GE(nth, 5U) << "an entry, its key and the table";
}

INSTANTIATE_TEST_SUITE_P(Sweeps, Allocation,
                         testing::Values(sweep{false, false}, sweep{false, true},
                                         sweep{true, false}, sweep{true, true}),
                         [](const auto& of) {
                           return std::string(of.param.in_memory ? "memory" : "sqlite") +
                                  (of.param.for_ever ? "_for_ever" : "_once");
                         });

} // namespace

} // namespace journal_tests
