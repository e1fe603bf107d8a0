#include "orders/commands/commands.hpp"

#include <ensemble/error.hpp>

#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <thread>

// Orders that are stuck, and what operators do about them: while orders run, and while none do.

namespace orders {
namespace {

class OrdersOperators : public testing::Test {
protected:
  OrdersOperators()
      : folder_(testing::TempDir() + "operators-" + std::to_string(::getpid()) + "-" +
                testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    std::cerr.rdbuf(nowhere_.rdbuf());
  }
  ~OrdersOperators() override {
    std::cerr.rdbuf(terminal_);
    std::filesystem::remove_all(folder_);
  }

  [[nodiscard]] std::string journal() const { return folder_ + "/orders.db"; }
  /// A run in which every third order gets stuck, on its way there or back.
  [[nodiscard]] run_options flags(std::uint64_t orders) const {
    run_options o;
    o.orders = orders;
    o.journal = journal();
    o.failures = {0.2, 0.1, 0.1, 1, 0.3};
    o.log = "off";
    return o;
  }
  int list(const std::string& state, std::uint64_t limit = 0) {
    read_options o;
    o.journal = journal();
    o.state = state;
    o.limit = limit;
    return call([&](std::ostream& out) { return list_orders(o, out); });
  }
  int show(const std::string& order) {
    read_options o;
    o.journal = journal();
    o.order = order;
    return call([&](std::ostream& out) { return show_order(o, out); });
  }
  int verify() {
    read_options o;
    o.journal = journal();
    return call([&](std::ostream& out) { return verify_orders(o, out); });
  }
  int run(const run_options& o) {
    return call([&](std::ostream& out) { return run_orders(o, out); });
  }
  int operate(command verb, operator_options o) {
    o.journal = journal();
    o.reason = "mended";
    return call([&](std::ostream& out) { return operate_order(verb, o, out); });
  }
  static operator_options on(const std::string& order) {
    operator_options o;
    o.order = order;
    return o;
  }
  static operator_options everything() {
    operator_options o;
    o.all = true;
    return o;
  }

  template <class Command>
  int call(const Command& command) {
    std::ostringstream out;
    const int code = command(out);
    said = out.str();
    return code;
  }
  [[nodiscard]] bool says(const std::string& text) const {
    return said.find(text) != std::string::npos;
  }
  /// The orders of the list that was told last.
  [[nodiscard]] std::vector<std::string> ids() const {
    std::istringstream in(said);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line.substr(0, line.find('\t')));
    return all;
  }

  std::string folder_;
  std::ostringstream nowhere_{};
  std::streambuf* terminal_ = std::cerr.rdbuf();
  std::string said;
};

TEST_F(OrdersOperators, StuckOrdersAreListedShownAndHealedByARetry) {
  EXPECT_EQ(run(flags(60)), 1) << said;
  EXPECT_EQ(list("stuck"), 0);
  const auto stuck = ids();
  ASSERT_GT(stuck.size(), 3U);
  EXPECT_TRUE(says("last_word_postponed")) << said;
  EXPECT_EQ(list("open"), 0);
  EXPECT_TRUE(ids().empty()) << said;
  EXPECT_EQ(show(stuck[0]), 0);
  EXPECT_TRUE(says("stuck since ")) << said;

  EXPECT_EQ(operate(command::retry, on(stuck[0])), 0) << said;
  EXPECT_TRUE(says("when orders are run next")) << said;
  EXPECT_EQ(operate(command::retry, on(stuck[0])), 1);
  EXPECT_TRUE(says("refused: nothing of it is stuck")) << said;
  EXPECT_EQ(operate(command::retry, everything()), 0);
  EXPECT_TRUE(says(std::to_string(stuck.size() - 1) + " retried")) << said;
  EXPECT_EQ(list("stuck"), 0);
  EXPECT_TRUE(ids().empty()) << said;

  auto resume = flags(60);
  resume.resume_only = true;
  EXPECT_EQ(run(resume), 0) << said;
  EXPECT_EQ(verify(), 0) << said;
  EXPECT_EQ(list("completed"), 0);
  EXPECT_FALSE(ids().empty());
  EXPECT_EQ(list("compensated"), 0);
  EXPECT_FALSE(ids().empty());
}

TEST_F(OrdersOperators, WhichOrdersGetStuckDependsOnTheOrdersAlone) {
  EXPECT_EQ(run(flags(80)), 1);
  EXPECT_EQ(list("stuck"), 0);
  const auto first = ids();
  std::filesystem::remove_all(folder_);
  std::filesystem::create_directory(folder_);
  auto slow = flags(80);
  slow.concurrency = 2;
  EXPECT_EQ(run(slow), 1);
  EXPECT_EQ(list("stuck"), 0);
  EXPECT_EQ(ids(), first);
}

TEST_F(OrdersOperators, ARetryReachesTheProgramThatRuns) {
  std::atomic<bool> ended = false;
  std::ostringstream told;
  auto endless = flags(1'000'000);
  endless.failures.last_word_failure_rate = 0.01;
  std::thread program([&] {
    EXPECT_EQ(run_orders(endless, told), 1);
    ended = true;
  });
  const auto next_stuck = [&] {
    do { // until the journal is there, and an order stuck
      try {
        list("stuck", 1);
      } catch (const ensemble::error&) {
        said.clear();
      }
      std::this_thread::yield();
    } while (ids().empty() && !ended);
    return ids().empty() ? std::string() : ids()[0];
  };
  for (int n = 0; n < 5 && !ended; ++n) {
    const auto order = next_stuck();
    EXPECT_EQ(operate(command::retry, on(order)), 0) << said;
    EXPECT_TRUE(says("it goes on\n")) << said;
    do show(order);
    while (!says(": completed after ") && !says(": compensated after ") && !ended);
  }
  EXPECT_EQ(operate(command::retry, everything()), 0) << said;
  ::kill(::getpid(), SIGINT);
  program.join();
}

TEST_F(OrdersOperators, AnAbortIsRefusedAfterTheShipping) {
  EXPECT_EQ(run(flags(60)), 1);
  list("stuck");
  const auto stuck = ids();
  for (const auto& order : stuck) {
    EXPECT_EQ(operate(command::abort, on(order)), 1);
    EXPECT_TRUE(says("refused: ")) << said;
  }
  auto skip = on(stuck.at(0));
  skip.step = "gift_wrap";
  EXPECT_EQ(operate(command::skip, skip), 1);
  EXPECT_TRUE(says("no step 'gift_wrap': its steps are 'payment', 'stock'")) << said;
}

TEST_F(OrdersOperators, AnOrderOrAllMustBeNamed) {
  EXPECT_EQ(run(flags(5)), run(flags(5)));
  EXPECT_THROW(operate(command::retry, {}), ensemble::error);
  EXPECT_THROW(operate(command::retry, on("nobody's")), ensemble::error);
}

} // namespace
} // namespace orders
