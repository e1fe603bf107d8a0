#include <ensemble/ensemble.hpp>

#include <gtest/gtest.h>

#include <future>
#include <vector>

// Rule 13: one entity that everybody wants. It decides on its pending tail, so a commit carries
// many of its commands, and never more is handed out than there is.

namespace hot {

struct take {
  int n{};
};
struct taken {
  int n{};
};
ENSEMBLE_MESSAGE(take, 1, n)
ENSEMBLE_MESSAGE(taken, 1, n)

struct shelf {
  int left = 300;
  void apply(const taken&) { --left; }
};

ensemble::service_definition shelf_service() {
  return ensemble::service<shelf>("shelf").on<take>(
      [](const take&) { return std::string("only"); },
      [](const shelf& s, const take& t) -> ensemble::decision<taken> {
        if (s.left == 0) return ensemble::reject("empty");
        return taken{t.n};
      });
}

TEST(HotEntity, DecidesOnItsPendingTailAndNeverHandsOutTooMuch) {
  ensemble::runtime r;
  r.host(shelf_service());
  r.start();
  std::vector<std::future<ensemble::receipt>> all;
  for (int n = 0; n < 1'000; ++n) all.push_back(r.send("shelf", take{n}));
  int got = 0;
  std::vector<bool> position_seen(1'001, false);
  for (auto& one : all) {
    const auto receipt = one.get();
    got += receipt.refused() ? 0 : 1;
    ASSERT_LE(receipt.stream_length, 1'000U);
    EXPECT_FALSE(position_seen[receipt.stream_length]) << "two outcomes at one version";
    position_seen[receipt.stream_length] = true;
  }
  EXPECT_EQ(got, 300);
  EXPECT_EQ(r.query<shelf>("shelf", "only").get().left, 0);
  EXPECT_LT(r.stats().commits, 1'000U) << "one commit a command";
}

} // namespace hot
