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

} // namespace
} // namespace ensemble::internal
