#include "runtime/bookshop.hpp"
#include "runtime/leave.hpp"
#include "runtime/runtime_access.hpp"
#include "runtime/temporary_folder.hpp"

#include <gtest/gtest.h>

// The flow graph that a runtime keeps up to date, held against the one made of the whole journal.

namespace {

using namespace bookshop;
using namespace std::chrono_literals;

ensemble::flow_graph of_file(const ensemble::runtime_options& options) {
  ensemble::journal_options read;
  read.path = options.journal;
  return ensemble::flow_graph(*ensemble::open_journal_reader(read));
}

void buy_some(ensemble::runtime& r, const std::string& prefix) {
  std::vector<ensemble::receipt> receipts;
  for (int n = 0; n < 30; ++n) {
    const auto id = (n % 3 == 0 ? "unpackable-" : "b-") + prefix + std::to_string(n);
    receipts.push_back(r.send("shop", buy{id, 20}).get());
  }
  for (const auto& receipt : receipts) (void)r.await(receipt, 30s);
}

bool catches_up(ensemble::runtime& r, const ensemble::runtime_options& options) {
  const auto whole = of_file(options);
  return leave::eventually([&] {
    try {
      return r.flows().get() == whole;
    } catch (const ensemble::error&) { // it was just being replaced
      return false;
    }
  });
}

TEST(Flows, AreCountedLiveAcrossDeathsAndRestarts) {
  const temporary_folder folder;
  auto options = in_memory();
  options.journal = folder.file("j.db");
  options.deaths_borne = 1'000;
  for (int round = 0; round < 3; ++round) {
    std::uint64_t before = 0;
    {
      ensemble::runtime r(options);
      set_up(r);
      r.start();
      before = r.flows().get().events();
      for (int n = 0; n < 3; ++n) {
        buy_some(r, std::to_string(round) + "-" + std::to_string(n) + "-");
        ensemble::runtime_access::kill(r, n == 0 ? "journal reader" : "flow watcher");
      }
      EXPECT_TRUE(catches_up(r, options));
      const auto live = r.flows().get();
      EXPECT_EQ(live.unexplained(), 0U);
      EXPECT_GT(live.events(), before);
    }
  }
}

TEST(Flows, GoOnFromTheirCheckpoint) {
  const temporary_folder folder;
  auto options = in_memory();
  options.journal = folder.file("j.db");
  {
    ensemble::runtime r(options);
    set_up(r);
    r.start();
    buy_some(r, "x");
    EXPECT_TRUE(catches_up(r, options));
  } // the stop saves it
  auto kept =
      ensemble::open_journal_reader({options.journal, {}, {}})->read_book("ensemble.flow_graph");
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_TRUE(ensemble::flow_graph::decode(kept.front().value) == of_file(options));
  ensemble::runtime r(options);
  set_up(r);
  r.start();
  buy_some(r, "y");
  EXPECT_TRUE(catches_up(r, options));
}

} // namespace
