#include "orders/commands/commands.hpp"
#include "orders/domain/fulfilment.hpp"
#include "orders/driver/driver.hpp"
#include "orders/input/order_generator.hpp"
#include "orders/shop.hpp"

#include <ensemble/causation.hpp>
#include <ensemble/journal.hpp>
#include <ensemble/runtime.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <sstream>

// What the demo tells of its flows, on the journal of one run for all tests.

namespace orders {
namespace {

class OrdersTrace : public testing::Test {
protected:
  static void SetUpTestSuite() {
    folder = testing::TempDir() + "trace-" + std::to_string(::getpid());
    std::filesystem::remove_all(folder);
    std::filesystem::create_directory(folder);
    run_options o;
    o.orders = 120;
    o.lines = 2;
    o.journal = folder + "/orders.db";
    o.failures = {0.1, 0.1, 0.1, 1, 0.1};
    o.log = "off";
    std::ostringstream nowhere;
    auto* terminal = std::cerr.rdbuf(nowhere.rdbuf());
    run_orders(o, nowhere);
    std::cerr.rdbuf(terminal);
  }
  static void TearDownTestSuite() { std::filesystem::remove_all(folder); }

  static trace_options reading() {
    trace_options o;
    o.journal = folder + "/orders.db";
    return o;
  }
  static std::string order_in(const std::string& state) {
    read_options o;
    o.journal = folder + "/orders.db";
    o.state = state;
    o.limit = 1;
    std::ostringstream out;
    list_orders(o, out);
    return out.str().substr(0, out.str().find('\t'));
  }
  int call(int (*command)(const trace_options&, std::ostream&), const trace_options& o) {
    std::ostringstream out;
    const int code = command(o, out);
    said = out.str();
    return code;
  }
  [[nodiscard]] bool says(const std::string& text) const {
    return said.find(text) != std::string::npos;
  }

  static inline std::string folder{};
  std::string said;
};

TEST_F(OrdersTrace, ACompensatedOrderIsToldFromItsCreationToItsCancellation) {
  auto o = reading();
  o.order = order_in("cancelled");
  EXPECT_EQ(call(trace_order, o), 0) << said;
  EXPECT_TRUE(says("order_created")) << said;
  EXPECT_TRUE(says("a caller's command")) << said;
  EXPECT_TRUE(says("abort: cancel_order")) << said;
  EXPECT_TRUE(says("(version 2): compensated after ")) << said;
  o.format = trace_format::json;
  EXPECT_EQ(call(trace_order, o), 0);
  const auto json = nlohmann::json::parse(said);
  EXPECT_EQ(json["instances"][0]["phase"], "compensated");
  EXPECT_EQ(json["unexplained"], 0);
  EXPECT_EQ(json["events"].back()["name"], "order_cancelled");
  o.format = trace_format::mermaid;
  EXPECT_EQ(call(trace_order, o), 0);
  EXPECT_EQ(said.rfind("sequenceDiagram\n", 0), 0U) << said;
}

TEST_F(OrdersTrace, AStuckOrderTellsForWhomItWaits) {
  auto o = reading();
  o.order = order_in("stuck");
  EXPECT_EQ(call(trace_order, o), 0);
  EXPECT_TRUE(says("stuck, waits for an operator: ")) << said;
  EXPECT_TRUE(says("last_word_postponed")) << said;
}

TEST_F(OrdersTrace, TheTracesOfARunHoldEveryEventOfItsJournal) {
  auto o = reading();
  o.all = true;
  EXPECT_EQ(call(trace_order, o), 0) << said;
  EXPECT_TRUE(says("120 flows, ")) << said;
  EXPECT_TRUE(says(" events in the journal, 0 unexplained")) << said;
}

TEST_F(OrdersTrace, TheGraphCountsEveryReactionOfTheRun) {
  auto o = reading();
  EXPECT_EQ(call(draw_graph, o), 0);
  EXPECT_TRUE(says("order: order_created         payment: payment_authorised  do payment")) << said;
  EXPECT_TRUE(says(" events, 0 unexplained\n")) << said;
  o.format = trace_format::dot;
  EXPECT_EQ(call(draw_graph, o), 0);
  EXPECT_EQ(said.rfind("digraph flows {\n", 0), 0U);
  o.format = trace_format::mermaid;
  EXPECT_EQ(call(draw_graph, o), 0);
  EXPECT_EQ(said.rfind("flowchart LR\n", 0), 0U);
}

TEST_F(OrdersTrace, ARunConformsToItsDefinitions) {
  auto o = reading();
  EXPECT_EQ(call(hold_conformance, o), 0) << said;
  EXPECT_TRUE(says("120 instances replayed\n")) << said;
  EXPECT_TRUE(says("undeclared reaction: 0\n")) << said;
  EXPECT_TRUE(says("outside the language: 0\nconforms\n")) << said;
  o.format = trace_format::json;
  EXPECT_EQ(call(hold_conformance, o), 0);
  EXPECT_EQ(nlohmann::json::parse(said)["conforms"], true);
}

TEST_F(OrdersTrace, SomebodyElsesWritingDoesNotConform) {
  auto o = reading();
  o.journal = folder + "/written-to.db";
  std::filesystem::copy_file(reading().journal, o.journal);
  {
    const auto journal = ensemble::open_journal({o.journal});
    ensemble::append_request request;
    request.streams.push_back({"order-1-00000001", ensemble::expected_version::any(), {}});
    auto& events = request.streams.back().events;
    events.emplace_back();
    events.back().id = ensemble::event_id::of(1, 1);
    events.back().origin.correlation = ensemble::correlation_id::of(1, 1);
    events.back().origin.causation = ensemble::event_id::of(2, 2);
    events.back().origin.instance = ensemble::make_instance_id({1}, order_fulfilment().name);
    events.back().origin.direction = ensemble::direction::abort;
    events.back().body = order_cancelled{"1-00000001", "because I can"};
    journal->commit({&request, 1}, ensemble::timestamp(std::chrono::hours(500'000)));
  }
  EXPECT_EQ(call(hold_conformance, o), 1) << said;
  EXPECT_TRUE(says("undeclared reaction: 1\n")) << said;
  EXPECT_TRUE(says("DOES NOT CONFORM\n")) << said;
  o.all = true;
  EXPECT_EQ(call(trace_order, o), 1) << said;
}

/// Places orders, one after the other, in that mode, with failures on the way.
void run_in(ensemble::process_mode mode, const std::string& journal) {
  ensemble::runtime_options o;
  o.journal = journal;
  o.durability = ensemble::durability::relaxed;
  ensemble::runtime runtime(o);
  auto all = make_shop(1000, {0.2, 0.2, 0.2, 1});
  for (auto& service : all.services) runtime.host(std::move(service));
  if (mode == ensemble::process_mode::choreography)
    runtime.choreograph(std::move(all.process));
  else
    runtime.orchestrate(std::move(all.process));
  runtime.start();
  driver placing(runtime, 1, nullptr);
  for (std::uint64_t n = 1; n <= 30; ++n) {
    ASSERT_TRUE(placing.wait_for_room(std::chrono::seconds(30)));
    placing.place(order_generator{7, 2}.make(n));
    ASSERT_TRUE(placing.wait_for_all(std::chrono::seconds(30)));
  }
  runtime.stop();
}

TEST_F(OrdersTrace, BothModesLeaveTheSameIdsAndCauses) {
  using ensemble::process_mode;
  std::map<process_mode, std::vector<std::string>> told;
  for (const auto mode : {process_mode::orchestration, process_mode::choreography}) {
    auto o = reading();
    o.journal = folder + "/" + std::string(to_string(mode)) + ".db";
    run_in(mode, o.journal);
    const auto journal = open_shop_journal(o.journal);
    for (std::uint64_t n = 1; n <= 30; ++n) {
      const auto order = order_generator{7, 2}.make(n).order_id;
      const auto first = journal->read_stream("order-" + order, {0}, 1).front();
      const auto tree =
          ensemble::causation(*journal, first.origin.correlation, {order_fulfilment()});
      for (const auto& node : tree.events)
        told[mode].push_back(to_string(node.event.id) + " " + std::string(node.event.body.name()) +
                             " because of " + node.cause_name + " " +
                             to_string(node.event.origin.causation) + ", " + node.command);
      told[mode].push_back(tree.instances.at(0).phase);
    }
    o.all = true;
    EXPECT_EQ(call(trace_order, o), 0) << said;
    EXPECT_EQ(call(hold_conformance, o), 0) << said;
  }
  EXPECT_EQ(told[process_mode::orchestration], told[process_mode::choreography]);
  EXPECT_NE(std::ranges::count(told[process_mode::choreography], "compensated"), 0);
  EXPECT_NE(std::ranges::count(told[process_mode::choreography], "completed"), 0);
}

TEST_F(OrdersTrace, AnUnknownOrderIsAnError) {
  auto o = reading();
  o.order = "nobody";
  EXPECT_THROW(call(trace_order, o), ensemble::error);
}

} // namespace
} // namespace orders
