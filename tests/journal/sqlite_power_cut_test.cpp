// The power is cut, at every operation on the disk: what was acknowledged is there again.

#include "journal/disk_recorder.hpp"
#include "journal/sqlite_journal.hpp"
#include "journal/support.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <set>

namespace journal_tests {

namespace {

std::uint64_t seeds_per_operation() {
  const char* scale = std::getenv("ENSEMBLE_TEST_SCALE");
  return scale != nullptr ? std::max(1UL, std::strtoul(scale, nullptr, 10)) : 1;
}

// Request n: a stream that grows, one of its own, and a row of a book that counts.
append_request numbered(std::uint64_t n) {
  auto made = append("a-" + std::to_string(n % 3), run(n, static_cast<std::uint32_t>(1 + n % 3)));
  for (auto& e : made.streams[0].events) {
    e.last = false;
    e.origin.instance = instance_id::of(n % 5 + 1, 1);
  }
  auto second = event(n, "{\"pad\":\"" + std::string(n * 397 % 6000, 'x') + "\"}");
  second.index = static_cast<std::uint32_t>(made.streams[0].events.size());
  made.streams.push_back({"b-" + std::to_string(n), expected_version::none(), {second}});
  made.books.push_back({"count", "n", std::to_string(n)});
  return made;
}

// What was asked and acknowledged, by the number of operations that the disk had seen; without the
// requests that found no space.
struct session_log {
  std::vector<disk_operation> operations{};
  std::vector<std::uint64_t> requests{};
  std::vector<std::size_t> asked{};        ///< when each request was
  std::vector<std::size_t> acknowledged{}; ///< likewise
  int refused = 0;

  static std::uint64_t up_to(const std::vector<std::size_t>& all, std::size_t operation) {
    return static_cast<std::uint64_t>(std::ranges::upper_bound(all, operation) - all.begin());
  }
};

class SqlitePowerCut : public testing::Test {
protected:
  std::unique_ptr<journal> open(durability chosen) {
    journal_options options;
    options.path = directory_.file();
    options.durability = chosen;
    storage::sqlite_settings settings;
    settings.frames_between_checkpoints = 40; // so that a short run has many
    return storage::make_sqlite_journal(options, std::move(settings));
  }

  // Three lives of a journal, each ended by closing it, with commits of one to three requests.
  session_log run_workload(durability chosen) {
    session_log log;
    std::uint64_t n = 0;
    const auto now = [&] { return disk_.operations.size(); };
    for (int life = 0; life < 3; ++life) {
      const auto own = open(chosen);
      for (int commits = 0; commits < 14; ++commits) {
        std::vector<append_request> requests;
        for (int i = 0; i <= commits % 3; ++i)
          requests.push_back(numbered(n + 1 + requests.size()));
        const auto asked = now();
        for (const auto& result : own->commit(requests, at(1))) {
          ++n;
          if (result.state == status::no_space) {
            ++log.refused;
            continue;
          }
          EXPECT_EQ(result.state, status::appended);
          log.requests.push_back(n);
          log.asked.push_back(asked);
          log.acknowledged.push_back(now());
        }
      }
    }
    log.operations = disk_.operations;
    return log;
  }

  void put(const disk_files& files) const {
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})
      std::filesystem::remove(directory_.file() + suffix);
    for (const auto& [name, bytes] : files)
      std::ofstream(directory_.file(name), std::ios::binary) << bytes;
  }

  // How many requests are there, whole and in order, with nothing behind them (S2 to S5).
  static std::uint64_t requests_in(journal_reader& reader,
                                   const std::vector<std::uint64_t>& requests) {
    EXPECT_THAT(faults(reader), testing::IsEmpty());
    std::vector<recorded_event> all;
    for (auto page = reader.read_all({1}); !page.empty();
         page = reader.read_all({all.back().position.value + 1}))
      std::ranges::move(page, std::back_inserter(all));
    std::uint64_t n = 0;
    for (std::size_t place = 0; place < all.size();) {
      if (n == requests.size()) {
        ADD_FAILURE() << "nobody asked for event " << place + 1 << ", or it was refused";
        return n;
      }
      const auto asked = numbered(requests[n++]);
      for (const auto& part : asked.streams)
        for (const auto& wanted : part.events) {
          if (place == all.size()) {
            ADD_FAILURE() << "request " << n << " is there in part";
            return n;
          }
          const auto& found = all[place++];
          EXPECT_EQ(found.stream, part.stream);
          EXPECT_EQ(found.id, wanted.id);
          EXPECT_EQ(found.body, wanted.body);
          EXPECT_EQ(found.origin.instance, wanted.origin.instance);
        }
    }
    const auto book = reader.read_book("count");
    EXPECT_EQ(book.empty() ? "0" : book.at(0).value, std::to_string(n == 0 ? 0 : requests[n - 1]));
    return n;
  }

  struct tally {
    int refused = 0;
    std::uint64_t cuts = 0;
    std::uint64_t with_loss = 0; ///< an acknowledged request was gone
  };

  // Cuts the power before each operation, and behind the last.
  tally cut_everywhere(durability chosen) {
    const auto log = run_workload(chosen);
    disk_.recording = false;
    disk_.writes_between_full = 0;
    simulated_disk disk;
    tally counted{log.refused, 0, 0};
    for (std::size_t k = 0; k <= log.operations.size(); ++k) {
      const auto asked = session_log::up_to(log.asked, k);
      const auto acknowledged = session_log::up_to(log.acknowledged, k);
      for (std::uint64_t s = 1; s <= seeds_per_operation(); ++s) {
        const auto seed = s * 1'000'003 + k;
        SCOPED_TRACE("cut at operation " + std::to_string(k) + ", seed " + std::to_string(seed));
        put(disk.after_cut(seed));
        const auto own = open(chosen);
        const auto found = requests_in(*own->open_reader(), log.requests);
        EXPECT_LE(found, asked) << "nobody asked for that";
        ++counted.cuts;
        if (found < acknowledged) ++counted.with_loss;
        EXPECT_EQ(commit_one(*own, numbered(1'000'000)).state, status::appended);
        if (HasFailure()) return counted;
      }
      if (k < log.operations.size()) disk.apply(log.operations[k]);
    }
    return counted;
  }

  temporary_directory directory_;
  disk_recorder disk_{directory_.path()};
};

void print(const char* mode, std::uint64_t cuts, std::uint64_t lost) {
  std::cout << "power cuts with synchronous=" << mode << ": " << lost << " of " << cuts
            << " lost acknowledged events\n";
}

TEST_F(SqlitePowerCut, DurableNeverLosesWhatWasAcknowledged) {
  const auto counted = cut_everywhere(durability::durable);
  print("FULL", counted.cuts, counted.with_loss);
  EXPECT_EQ(counted.with_loss, 0U);
  EXPECT_GT(counted.cuts, 500U);
}

TEST_F(SqlitePowerCut, WhatFoundNoSpaceIsNotThereAndWhatWasAcknowledgedIs) {
  disk_.writes_between_full = 31;
  const auto counted = cut_everywhere(durability::durable);
  EXPECT_EQ(counted.with_loss, 0U);
  EXPECT_GT(counted.refused, 10);
}

// Nothing is acknowledged yet, and whatever is left is no obstacle.
TEST_F(SqlitePowerCut, AFileWhoseMakingWasCutShortIsMadeAnew) {
  (void)open(durability::durable);
  disk_.recording = false;
  simulated_disk disk;
  for (const auto& operation : disk_.operations) {
    for (std::uint64_t seed = 1; seed <= 32; ++seed) {
      put(disk.after_cut(seed));
      EXPECT_EQ(commit_one(*open(durability::durable), numbered(1)).state, status::appended);
    }
    disk.apply(operation);
  }
}

// Relaxed promises less, and shows that these tests can find a missing sync.
TEST_F(SqlitePowerCut, RelaxedLosesTheNewestCommitsAndStaysWhole) {
  const auto counted = cut_everywhere(durability::relaxed);
  print("NORMAL", counted.cuts, counted.with_loss);
  EXPECT_GT(counted.with_loss, counted.cuts / 10);
}

TEST_F(SqlitePowerCut, TheSimulatedDiskHoldsWhatTheFilesHold) {
  const auto log = run_workload(durability::durable);
  simulated_disk disk;
  for (const auto& operation : log.operations) disk.apply(operation);
  const auto files = disk.now();
  std::ifstream file(directory_.file(), std::ios::binary);
  EXPECT_EQ(files.at("journal.db"), std::string(std::istreambuf_iterator<char>(file), {}));
  EXPECT_EQ(files.contains("journal.db-wal"),
            std::filesystem::exists(directory_.file("journal.db-wal")));
}

TEST(SimulatedDisk, WhatWasSyncedStaysAndTheRestIsKeptLostOrTorn) {
  using kind = disk_operation::kind;
  simulated_disk disk;
  disk.apply({kind::create, "a", 0, {}});
  disk.apply({kind::write, "a", 0, std::string(1024, '1')});
  disk.apply({kind::sync, "a", 0, {}});
  int nameless = 0; // synced, but its name was not
  for (std::uint64_t seed = 0; seed < 100; ++seed) nameless += disk.after_cut(seed).empty() ? 1 : 0;
  EXPECT_GT(nameless, 0);
  disk.apply({kind::sync_directory, {}, 0, {}});
  disk.apply({kind::write, "a", 512, std::string(1024, '2')});
  std::set<std::string> seen;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    const auto file = disk.after_cut(seed).at("a");
    EXPECT_EQ(file.substr(0, 512), std::string(512, '1'));
    seen.insert(file);
  }
  const std::string ones(512, '1');
  const std::string twos(512, '2');
  EXPECT_TRUE(seen.contains(ones + ones)) << "lost";
  EXPECT_TRUE(seen.contains(ones + twos + twos)) << "kept";
  EXPECT_TRUE(seen.contains(ones + ones + twos)) << "reordered";
  EXPECT_TRUE(seen.contains(ones + twos)) << "the end is lost";
  EXPECT_GT(seen.size(), 20U) << "torn";
}

} // namespace

} // namespace journal_tests
