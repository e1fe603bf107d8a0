#include "runtime/bookshop.hpp"
#include "runtime/leave.hpp"
#include "runtime/temporary_folder.hpp"
#include "runtime/tested_mode.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <future>
#include <set>
#include <vector>

namespace {

using namespace bookshop;
using namespace std::chrono_literals;
using ensemble::outcome_kind;

ensemble::retry_policy patient() {
  return {.attempts = 1'000'000, .attempt_within = 1h, .first_delay = 1ms, .max_delay = 2ms};
}

TEST(Recovery, OpenInstancesResumeAfterARestart) {
  const temporary_folder folder;
  auto options = in_memory();
  options.journal = folder.file("j.db");
  std::vector<ensemble::receipt> receipts;
  {
    till_switches jammed;
    jammed.throws = 1'000'000'000;
    ensemble::runtime r(options);
    set_up(r, &jammed, patient());
    r.start();
    for (int n = 0; n < 100; ++n)
      receipts.push_back(r.send("shop", buy{"b-" + std::to_string(n), 20}).get());
    EXPECT_EQ(r.stats().instances_completed, 0U);
  }
  ensemble::runtime r(options);
  set_up(r, nullptr, patient());
  r.start();
  for (const auto& receipt : receipts)
    EXPECT_EQ(r.await(receipt, 30s).kind, outcome_kind::completed);
  EXPECT_EQ(r.stats().instances_recovered, 100U);
  EXPECT_EQ(r.stats().instances_started, 0U);
}

TEST(Recovery, ResumingIsPaced) {
  const temporary_folder folder;
  auto options = in_memory();
  options.journal = folder.file("j.db");
  {
    till_switches jammed;
    jammed.throws = 1'000'000'000;
    ensemble::runtime r(options);
    set_up(r, &jammed, patient());
    r.start();
    for (int n = 0; n < 20; ++n) (void)r.send("shop", buy{"b-" + std::to_string(n), 20}).get();
  }
  options.recovery_rate = 1; // a second
  ensemble::runtime r(options);
  set_up(r, nullptr, patient());
  r.start();
  EXPECT_EQ(r.stats().instances_open, 20U) << "all are known at once";
  EXPECT_LT(r.stats().instances_recovered, 20U) << "and resumed by and by";
  // New work does not wait behind it.
  EXPECT_EQ(r.await(r.send("shop", buy{"new", 20}).get(), 10s).kind, outcome_kind::completed);
}

TEST(Recovery, WhatEndedIsNotResumed) {
  const temporary_folder folder;
  auto options = in_memory();
  options.journal = folder.file("j.db");
  for (int round = 0; round < 3; ++round) {
    ensemble::runtime r(options);
    set_up(r);
    r.start();
    EXPECT_EQ(r.stats().instances_open, 0U);
    const auto receipt = r.send("shop", buy{"b-" + std::to_string(round), 20}).get();
    EXPECT_EQ(r.await(receipt, 10s).kind, outcome_kind::completed);
  }
}

// Stops at a random moment, over and over: in the end every purchase has one charge.
TEST(Recovery, StopsAtAnyMomentLoseAndDoubleNothing) {
  const temporary_folder folder;
  auto options = in_memory();
  options.journal = folder.file("j.db");
  options.recovery_grace = 1ms;
  std::set<std::string> placed;
  for (int round = 0; round < 15; ++round) {
    ensemble::runtime r(options);
    set_up(r);
    r.start();
    std::vector<std::future<ensemble::receipt>> sent;
    for (int n = 0; n < 40; ++n) {
      const auto id =
          (n % 5 == 0 ? "unpackable-" : "b-") + std::to_string(round) + "-" + std::to_string(n);
      sent.push_back(r.send("shop", buy{id, 20}, {.idempotency_key = id}));
      placed.insert(id);
    }
    for (int n = 0; n <= round * 2; ++n) (void)sent[static_cast<std::size_t>(n)].get();
    r.stop(); // in the middle of it
  }
  ensemble::runtime r(options);
  set_up(r);
  r.start();
  for (const auto& id : placed) {
    const auto receipt = r.send("shop", buy{id, 20}, {.idempotency_key = id}).get();
    const auto kind = r.await(receipt, 30s).kind;
    const bool fails = id[0] == 'u';
    EXPECT_EQ(kind, fails ? outcome_kind::compensated : outcome_kind::completed) << id;
    const auto till = r.query<till_state>("till", id).get();
    EXPECT_EQ(till.charges, 1) << id;
    EXPECT_EQ(till.refunds, fails ? 1 : 0) << id;
  }
}

// Rows of the book as an unlucky kill leaves them.
void write_book(const ensemble::runtime_options& options,
                std::vector<ensemble::book_change> changes) {
  ensemble::append_request request;
  request.books = std::move(changes);
  const auto journal = ensemble::open_journal({options.journal, options.durability, {}});
  (void)journal->commit({&request, 1}, {});
}

std::vector<ensemble::book_row> rows_of(const ensemble::runtime_options& options) {
  const auto journal = ensemble::open_journal({options.journal, options.durability, {}});
  return journal->open_reader()->read_book("ensemble.open_instances");
}

class Book : public testing::Test {
protected:
  Book() { options_.journal = folder_.file("j.db"); }

  /// Starts a purchase that cannot be paid yet, and stops once its row is written.
  ensemble::receipt open_one() {
    till_switches jammed;
    jammed.throws = 1'000'000'000;
    ensemble::runtime r(options_);
    set_up(r, &jammed, patient());
    r.start();
    const auto before = r.stats().commits;
    auto receipt = r.send("shop", buy{"b-1", 20}).get();
    EXPECT_TRUE(leave::eventually([&] { return r.stats().commits > before + 10; }));
    EXPECT_TRUE(leave::eventually([&] {
      const auto reader = ensemble::open_journal_reader({options_.journal, {}, {}});
      return !reader->read_book("ensemble.open_instances").empty();
    }));
    return receipt;
  }
  void completes(const ensemble::receipt& receipt) {
    ensemble::runtime r(options_);
    set_up(r, nullptr, patient());
    r.start();
    EXPECT_EQ(r.await(receipt, 30s).kind, outcome_kind::completed);
    EXPECT_TRUE(leave::eventually([&] {
      const auto reader = ensemble::open_journal_reader({options_.journal, {}, {}});
      return reader->read_book("ensemble.open_instances").empty();
    })) << "its row goes";
  }

  const temporary_folder folder_;
  ensemble::runtime_options options_ = in_memory();
};

TEST_F(Book, RowOfAnInstanceThatBeganBehindTheCheckpointGoesWithIt) {
  const auto receipt = open_one();
  write_book(options_, {{"ensemble.open_instances_checkpoints", "selling", "0"}});
  completes(receipt);
  EXPECT_TRUE(rows_of(options_).empty());
}

TEST_F(Book, InstancesOutliveARunWithoutTheirProcess) {
  const auto receipt = open_one();
  std::vector<ensemble::book_change> lost{{"ensemble.open_instances_checkpoints", "selling", "0"}};
  for (const auto& row : rows_of(options_))
    lost.push_back({"ensemble.open_instances", row.key, {}});
  write_book(options_, lost);
  {
    ensemble::runtime r(options_);
    r.host(shop()).host(till()).host(packing_table());
    auto other = selling();
    other.name = "selling_otherwise"; // something that writes the book
    add_process(r, std::move(other));
    r.start();
    const auto bought = r.send("shop", buy{"b-2", 20}).get();
    EXPECT_EQ(r.await(bought, 30s).kind, outcome_kind::completed);
    EXPECT_TRUE(leave::eventually([&] {
      const auto reader = ensemble::open_journal_reader({options_.journal, {}, {}});
      const auto rows = reader->read_book("ensemble.open_instances_checkpoints");
      return std::ranges::any_of(rows, [](const auto& row) { return row.key != "selling"; });
    }));
  }
  completes(receipt);
}

TEST_F(Book, TheFormerCheckpointOfAllProcessesIsPassedOver) {
  const auto receipt = open_one();
  write_book(options_, {{"ensemble.open_instances", "checkpoint", "1"},
                        {"ensemble.open_instances_checkpoints", "selling", {}}});
  ensemble::runtime r(options_);
  set_up(r, nullptr, patient());
  r.start();
  EXPECT_EQ(r.await(receipt, 30s).kind, outcome_kind::completed);
}

} // namespace
