#include "model/hash_index.hpp"
#include "model/recently_used.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <iterator>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

using ensemble::internal::hash_index;
using ensemble::internal::recently_used;

auto is(std::uint64_t wanted) {
  return [wanted](std::uint64_t place) { return place == wanted; };
}

TEST(HashIndex, FindsWhatWasAddedAndNothingElse) {
  hash_index<std::uint64_t> index;
  const auto hash = [](std::uint64_t n) { return n << 40U; }; // also 0, and with nothing below
  EXPECT_EQ(index.find(7, is(7)), nullptr);
  for (std::uint64_t n = 0; n < 1000; ++n) index.add(hash(n), n);
  for (std::uint64_t n = 0; n < 1000; ++n) {
    const auto* found = index.find(hash(n), is(n));
    ASSERT_NE(found, nullptr) << n;
    EXPECT_EQ(*found, n);
    EXPECT_EQ(index.find(hash(n), is(n + 1)), nullptr) << "the hash alone is not enough";
  }
  EXPECT_EQ(index.find(hash(1000), is(1000)), nullptr);
  index.clear();
  EXPECT_EQ(index.find(7, is(7)), nullptr);
}

// Few hashes, so that most places stand behind the slot of their own: what is erased must not hide
// what stands behind it.
TEST(HashIndex, ErasingHidesNothingWhateverTheOrder) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937_64 random(seed);
    hash_index<std::uint64_t> index;
    std::unordered_map<std::uint64_t, std::uint64_t> hashes; // of the places that are there
    for (std::uint64_t n = 0; n < 2000; ++n) {
      if (hashes.empty() || random() % 5 < 3) {
        const auto hash = random() % 40;
        hashes.emplace(n, hash);
        index.add(hash, n);
      } else {
        auto which = hashes.begin();
        std::advance(which, static_cast<std::ptrdiff_t>(random() % hashes.size()));
        index.erase(which->second, is(which->first));
        EXPECT_EQ(index.find(which->second, is(which->first)), nullptr);
        hashes.erase(which);
      }
    }
    for (const auto& [place, hash] : hashes) EXPECT_NE(index.find(hash, is(place)), nullptr);
    index.erase(41, is(0)); // not there: nothing changes
    for (const auto& [place, hash] : hashes) {
      index.erase(hash, is(place));
      EXPECT_EQ(index.find(hash, is(place)), nullptr);
    }
  }
}

struct named {
  std::string key{};
  int value = 0;
};

TEST(RecentlyUsed, KeepsTheOrderOfUseAndTheEntriesWhereTheyAre) {
  recently_used<named> entries;
  bool fresh = false;
  auto& one = entries.get("one", fresh);
  EXPECT_TRUE(fresh);
  one.value = 1;
  entries.get("two", fresh).value = 2;
  entries.get("three", fresh).value = 3;
  EXPECT_EQ(&entries.get("one", fresh), &one);
  EXPECT_FALSE(fresh);
  EXPECT_EQ(entries.find("two")->value, 2);
  EXPECT_EQ(entries.find("four"), nullptr);
  std::vector<std::string> keys;
  for (const auto& e : entries) keys.push_back(e.key);
  EXPECT_EQ(keys, (std::vector<std::string>{"one", "three", "two"})) << "find() is no use";
  entries.erase(std::prev(entries.end()));
  EXPECT_EQ(entries.find("two"), nullptr);
  EXPECT_EQ(entries.size(), 2U);
  entries.clear();
  EXPECT_TRUE(entries.empty());
  EXPECT_EQ(entries.find("one"), nullptr);
}

} // namespace
