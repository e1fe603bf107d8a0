// The shop on several nodes: each test is one process with several runtimes, which meet over TCP.

#include "orders/checks/verification.hpp"
#include "orders/commands/commands.hpp"
#include "orders/driver/driver.hpp"
#include "orders/input/order_generator.hpp"
#include "orders/shop.hpp"

#include <ensemble/control.hpp>

#include <gmock/gmock.h>

#include <unistd.h>

#include <filesystem>
#include <memory>
#include <sstream>
#include <thread>

namespace orders {
namespace {

using namespace ensemble;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

using service_names = std::vector<std::string>;

/// Until `holds`, or for half a minute; tells which.
template <class Condition>
bool becomes(Condition holds) {
  const auto deadline = std::chrono::steady_clock::now() + 30s;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

template <class F>
error error_of(F call) {
  try {
    call();
  } catch (const error& e) {
    return e;
  }
  return {errc::wrong_state, "nothing was thrown"};
}

class OrdersNodes : public testing::TestWithParam<process_mode> {
protected:
  OrdersNodes()
      : folder_(testing::TempDir() + "nodes-" + std::to_string(::getpid()) + "-" +
                std::to_string(number_++)) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }
  ~OrdersNodes() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string journal() const { return folder_ + "/orders.db"; }

  /// A runtime with the shop, that is a node; started.
  std::unique_ptr<runtime> node(runtime_options o, mishaps m = {}) {
    o.application = "orders";
    o.heartbeat = 100ms;
    o.silence = 1s;
    o.recovery_grace = 100ms;
    auto made = std::make_unique<runtime>(std::move(o));
    set_up(*made, make_shop(1'000'000, m), GetParam());
    made->start();
    return made;
  }
  /// With the journal, at the address where the last one was, if there was one.
  std::unique_ptr<runtime> keeper(service_names services, mishaps m = {}) {
    runtime_options o;
    o.journal = journal();
    o.durability = durability::relaxed;
    o.listen = address_.empty() ? "127.0.0.1:0" : address_;
    o.node_name = "journal";
    o.services = std::move(services);
    auto made = node(std::move(o), m);
    address_ = made->address();
    return made;
  }
  std::unique_ptr<runtime> worker(const std::string& name, service_names services, mishaps m = {}) {
    runtime_options o;
    o.join = address_;
    o.node_name = name;
    o.services = std::move(services);
    return node(std::move(o), m);
  }

  static void place(driver& placing, std::uint64_t from, std::uint64_t to) {
    const order_generator orders{7};
    for (auto n = from; n < to; ++n) {
      ASSERT_TRUE(becomes([&] { return placing.wait_for_room(10ms); }));
      placing.place(orders.make(n + 1));
    }
  }

  static void expect_whole(const runtime& at, std::uint64_t orders) {
    const auto report = verify_journal(*at.open_reader(), {}, false);
    std::ostringstream page;
    print(page, report);
    EXPECT_TRUE(report.holds()) << page.str();
    EXPECT_TRUE(report.all_terminal()) << page.str();
    EXPECT_EQ(report.orders, orders) << page.str();
  }

  std::string address_{};

private:
  static inline int number_ = 0;
  std::string folder_;
};

const mishaps some_fail{0.1, 0.1, 0.1};

TEST_P(OrdersNodes, ServicesRunWhereTheyAreConfigured) {
  const auto keeps = keeper({"order", "stock"}, some_fail);
  const auto works = worker("w1", {"payment", "shipping"}, some_fail);
  const auto client = worker("client", {});
  driver placing(*client, 50, nullptr);
  place(placing, 0, 200);
  EXPECT_TRUE(placing.wait_for_all(30s));
  EXPECT_EQ(placing.counts().ended, 200U) << placing.counts().trouble;
  expect_whole(*client, 200);

  const auto all = keeps->nodes().get();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].name, "journal");
  EXPECT_THAT(all[0].services, ElementsAre("order", "stock"));
  EXPECT_EQ(all[1].name, "client");
  EXPECT_TRUE(all[1].connected);
  EXPECT_EQ(all[2].name, "w1");
  EXPECT_THAT(all[2].services, ElementsAre("payment", "shipping"));
  EXPECT_LT(all[2].heard, 30s);
  EXPECT_EQ(control_client(journal()).nodes().size(), 3U) << "what `orders nodes` asks";
  client->stop();
}

TEST_P(OrdersNodes, EveryServiceMayRunElsewhere) {
  const auto keeps = keeper({});
  const auto one = worker("w1", {"order", "payment"});
  const auto other = worker("w2", {"stock", "shipping"});
  driver placing(*other, 50, nullptr);
  place(placing, 0, 100);
  EXPECT_TRUE(placing.wait_for_all(30s));
  EXPECT_EQ(placing.counts().ended, 100U) << placing.counts().trouble;
  expect_whole(*keeps, 100);
  other->stop();
}

TEST_P(OrdersNodes, WhatANodeHadInHandGoesOnWhenItsServicesAreBack) {
  const auto keeps = keeper({"order", "stock"}, some_fail);
  auto works = worker("w1", {"payment", "shipping"}, some_fail);
  driver placing(*keeps, 100, nullptr);
  for (std::uint64_t round = 0; round < 4; ++round) {
    place(placing, round * 60, round * 60 + 60);
    works.reset();
    std::this_thread::sleep_for(20ms);
    works = worker("w1", {"payment", "shipping"}, some_fail);
  }
  EXPECT_TRUE(placing.wait_for_all(30s));
  EXPECT_EQ(placing.counts().ended, 240U) << placing.counts().trouble;
  expect_whole(*keeps, 240);
  keeps->stop();
}

TEST_P(OrdersNodes, TheNodeWithTheJournalMayBeStartedAgain) {
  auto keeps = keeper({"stock"}, some_fail);
  const auto works = worker("w1", {"order", "payment", "shipping"}, some_fail);
  const auto client = worker("client", {});
  driver placing(*client, 100, nullptr);
  for (std::uint64_t round = 0; round < 3; ++round) {
    place(placing, round * 60, round * 60 + 60);
    keeps.reset();
    keeps = keeper({"stock"}, some_fail);
  }
  EXPECT_TRUE(placing.wait_for_all(60s));
  EXPECT_EQ(placing.counts().ended, 180U) << placing.counts().trouble;
  expect_whole(*keeps, 180);
  client->stop();
}

// The order service asks for an operator at the last word of each order, wherever it runs.
TEST_P(OrdersNodes, AnOrderThatIsStuckElsewhereIsTold) {
  const mishaps last_words_fail{0, 0, 0, 1, 1.0};
  const auto keeps = keeper({"stock"}, last_words_fail);
  const auto works = worker("w1", {"order", "payment", "shipping"}, last_words_fail);
  driver placing(*keeps, 10, nullptr);
  place(placing, 0, 5);
  EXPECT_TRUE(placing.wait_for_all(30s));
  EXPECT_EQ(placing.counts().stuck, 5U) << placing.counts().trouble;
  keeps->stop();
}

TEST_P(OrdersNodes, WhoDoesNotFitIsToldWhy) {
  const auto keeps = keeper({"order", "stock"});
  const auto works = worker("w1", {"payment", "shipping"});
  const auto refusal = [&](const service_names& services, process_mode mode) {
    runtime_options o;
    o.application = "orders";
    o.join = address_;
    o.services = services;
    o.join_within = 2s;
    runtime late(o);
    set_up(late, make_shop(10), mode);
    return error_of([&] { late.start(); });
  };
  const auto other_mode = GetParam() == process_mode::orchestration ? process_mode::choreography
                                                                    : process_mode::orchestration;
  const auto taken = refusal({"payment"}, GetParam());
  EXPECT_EQ(taken.code(), errc::not_running);
  EXPECT_THAT(taken.what(), HasSubstr("service 'payment' runs on node 'w1' already"));
  EXPECT_THAT(refusal({"stock"}, GetParam()).what(), HasSubstr("on node 'journal' already"));
  EXPECT_THAT(refusal({}, other_mode).what(), HasSubstr("ed there: all nodes run one version"));
  EXPECT_EQ(keeps->nodes().get().size(), 2U);
  address_ = "127.0.0.1:1";
  EXPECT_THAT(refusal({}, GetParam()).what(), HasSubstr("cannot_connect_to_node"));
}

INSTANTIATE_TEST_SUITE_P(Modes, OrdersNodes,
                         testing::Values(process_mode::orchestration, process_mode::choreography),
                         [](const auto& mode) {
                           return mode.param == process_mode::orchestration ? "Conducted"
                                                                            : "Danced";
                         });

TEST(NodeOptions, ThatDoNotFitTogetherAreRefused) {
  const auto refusal = [](const runtime_options& o) {
    runtime r(o);
    set_up(r, make_shop(10), process_mode::orchestration);
    return error_of([&] { r.start(); });
  };
  runtime_options both;
  both.listen = "127.0.0.1:0";
  both.join = "127.0.0.1:7700";
  EXPECT_THAT(refusal(both).what(), HasSubstr("not both"));
  runtime_options speculative;
  speculative.listen = "127.0.0.1:0";
  speculative.durability = durability::speculative;
  EXPECT_THAT(refusal(speculative).what(), HasSubstr("speculative"));
  runtime_options alone;
  alone.services = service_names{"order"};
  EXPECT_THAT(refusal(alone).what(), HasSubstr("listen or join"));
  runtime_options unknown;
  unknown.listen = "127.0.0.1:0";
  unknown.services = service_names{"delivery"};
  EXPECT_EQ(refusal(unknown).code(), errc::unknown_service);
  runtime_options open;
  open.listen = "0.0.0.0:7700";
  EXPECT_THAT(refusal(open).what(), HasSubstr("scripts/certificates"));
  runtime_options nowhere;
  nowhere.listen = "7700";
  EXPECT_THAT(refusal(nowhere).what(), HasSubstr("HOST:PORT"));
  runtime_options badly_named;
  badly_named.listen = "127.0.0.1:0";
  badly_named.node_name = "Node 1";
  EXPECT_EQ(refusal(badly_named).code(), errc::bad_argument);
}

TEST(NodeOptions, WhatOnlyAnotherNodeKnowsIsRefused) {
  runtime_options o;
  o.listen = "127.0.0.1:0";
  o.services = service_names{"order", "stock"};
  runtime r(o);
  set_up(r, make_shop(10), process_mode::orchestration);
  r.start();
  EXPECT_EQ(error_of([&] { (void)r.query<payment>("payment", "o-1").get(); }).code(),
            errc::unknown_service);
  runtime alone;
  set_up(alone, make_shop(10), process_mode::orchestration);
  alone.start();
  EXPECT_EQ(error_of([&] { (void)alone.nodes(); }).code(), errc::wrong_state);
  EXPECT_EQ(error_of([&] { (void)alone.address(); }).code(), errc::wrong_state);
}

} // namespace
} // namespace orders
