#include "runtime/entity_cache.hpp"

#include <gtest/gtest.h>

#include <string>

namespace ensemble::internal {
namespace {

entity& ready(entity_cache& cache, const std::string& key) {
  bool fresh = false;
  auto& e = cache.get(key, fresh);
  e.at = entity::phase::ready;
  return e;
}

TEST(EntityCache, LetsGoOfTheLongestUnusedBeyondItsNumber) {
  entity_cache cache(2);
  for (const auto* key : {"a", "b", "c"}) (void)ready(cache, key);
  (void)ready(cache, "a"); // used again
  cache.shrink();
  EXPECT_NE(cache.find("a"), nullptr);
  EXPECT_EQ(cache.find("b"), nullptr);
  EXPECT_NE(cache.find("c"), nullptr);
  bool fresh = false;
  (void)cache.get("b", fresh);
  EXPECT_TRUE(fresh);
}

TEST(EntityCache, KeepsThoseInUseHoweverMany) {
  entity_cache cache(0);
  ready(cache, "at work").at_work = 1;
  ready(cache, "queried").queries.push_back({});
  ready(cache, "asked").unasked.push_back(nullptr);
  ready(cache, "settling").at = entity::phase::settling;
  (void)ready(cache, "idle");
  cache.shrink();
  for (const auto* key : {"at work", "queried", "asked", "settling"})
    EXPECT_NE(cache.find(key), nullptr) << key;
  EXPECT_EQ(cache.find("idle"), nullptr);
  cache.find("queried")->queries.clear(); // as when the query was answered
  cache.shrink();
  EXPECT_EQ(cache.find("queried"), nullptr);
}

// Each call would otherwise look at all of them: with 100,000 outside calls under way, at each
// message.
TEST(EntityCache, WhatIsFoundInUseIsOutOfTheWayOfTheNextCalls) {
  entity_cache cache(2);
  ready(cache, "at work").at_work = 1;
  for (const auto* key : {"b", "c"}) (void)ready(cache, key);
  cache.shrink();
  EXPECT_EQ(cache.find("b"), nullptr);
  cache.find("at work")->at_work = 0;
  (void)ready(cache, "d");
  cache.shrink();
  EXPECT_NE(cache.find("at work"), nullptr) << "it was used later than c";
  EXPECT_EQ(cache.find("c"), nullptr);
}

TEST(EntityCache, LetsGoInTheEndOfAllThatWereInUse) {
  entity_cache cache(10);
  for (int n = 0; n < 1000; ++n) ready(cache, std::to_string(n)).at_work = 1;
  cache.shrink();
  for (int n = 0; n < 1000; ++n) {
    auto* e = cache.find(std::to_string(n));
    ASSERT_NE(e, nullptr) << n;
    e->at_work = 0;
  }
  cache.shrink();
  int kept = 0;
  for (int n = 0; n < 1000; ++n) kept += cache.find(std::to_string(n)) != nullptr;
  EXPECT_EQ(kept, 10);
}

} // namespace
} // namespace ensemble::internal
