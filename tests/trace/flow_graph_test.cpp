#include "trace/forged_flows.hpp"

#include <ensemble/flow_graph.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

// Who reacts to what: every event counted once, percentiles within their stated error, and the same
// graph whether it is mined at once, fed live, or taken up again from its checkpoint.

namespace forged {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(SpanHistogram, PercentilesAreWithinAThirtySecondPartOfTheExactOnes) {
  constexpr std::uint64_t seed = 20261122;
  std::mt19937_64 random(seed);
  for (int round = 0; round < 50; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    std::lognormal_distribution<double> spread(4 + round % 24, 1 + round % 3);
    std::vector<std::int64_t> exact(1 + random() % 3000);
    span_histogram spans;
    for (auto& ns : exact) {
      ns = static_cast<std::int64_t>(std::min(spread(random), 9e18));
      spans.add(duration(ns));
    }
    std::ranges::sort(exact);
    ASSERT_EQ(spans.count(), exact.size());
    EXPECT_EQ(spans.max().count(), exact.back());
    for (const double share : {0.0, 0.01, 0.5, 0.9, 0.99, 0.999, 1.0}) {
      const auto rank = std::max(1.0, std::ceil(share * static_cast<double>(exact.size())));
      const auto right = exact[static_cast<std::size_t>(rank) - 1];
      const auto told = spans.quantile(share).count();
      EXPECT_GE(told, right) << share;
      EXPECT_LE(static_cast<double>(told), static_cast<double>(right) * (1 + 1.0 / 32)) << share;
    }
    EXPECT_EQ(span_histogram::of(spans.buckets(), spans.max()), spans);
  }
}

TEST(SpanHistogram, TakesAnySpan) {
  span_histogram spans;
  EXPECT_EQ(spans.quantile(0.5), 0ns);
  spans.add(-5ns);
  EXPECT_EQ(spans.quantile(1), 0ns);
  spans.add(duration::max());
  EXPECT_EQ(spans.quantile(1), duration::max());
  EXPECT_LE(spans.buckets().size() * sizeof(std::uint64_t), 15U * 1024);
}

class FlowGraph : public testing::Test {
protected:
  FlowGraph() {
    for (int n = 0; n < 30; ++n) {
      forged_sale(journal, "done" + std::to_string(n)).completes();
      forged_sale undone(journal, "undone" + std::to_string(n));
      undone.attempt_fails("line busy");
      undone.compensates_after_payment();
      forged_sale aborted(journal, "aborted" + std::to_string(n));
      aborted.word(operator_verb::abort);
      aborted.answers("till", "pay", direction::forward, engine::command_voided{});
      aborted.cancels();
    }
  }
  std::vector<recorded_event> all() {
    std::vector<recorded_event> events;
    while (true) {
      const auto page = journal.reader().read_all({events.size() + 1});
      if (page.empty()) return events;
      events.insert(events.end(), page.begin(), page.end());
    }
  }
  /// The count of the only such reaction; 0 if there is none.
  static flow_count count_of(const flow_graph& graph, const std::string& cause,
                             const std::string& outcome) {
    flow_count found;
    for (const auto& [reaction, counted] : graph.reactions())
      if (reaction.cause.event == cause && reaction.outcome.event == outcome) found = counted;
    return found;
  }
  static std::uint64_t sum_of(const flow_graph& graph) {
    std::uint64_t sum = 0;
    for (const auto& [reaction, counted] : graph.reactions()) sum += counted.count;
    return sum;
  }

  forged_journal journal;
};

TEST_F(FlowGraph, CountsEveryEventOnceWithItsCauseAndSpan) {
  const flow_graph graph(journal.reader());
  EXPECT_EQ(graph.events(), journal.reader().head().value);
  EXPECT_EQ(sum_of(graph), graph.events());
  EXPECT_EQ(graph.unexplained(), 0U);
  EXPECT_EQ(count_of(graph, "caller", "placed").count, 90U);
  EXPECT_EQ(count_of(graph, "caller", "approved").count, 30U);
  EXPECT_EQ(count_of(graph, "operator", "ensemble.abort_requested").count, 30U);
  EXPECT_EQ(count_of(graph, "placed", "ensemble.attempt_failed").count, 30U);
  EXPECT_EQ(count_of(graph, "approved", "ensemble.event_received").count, 30U);
  EXPECT_EQ(count_of(graph, "ensemble.abort_requested", "ensemble.command_voided").count, 30U);
  const auto paid = count_of(graph, "placed", "charged");
  EXPECT_EQ(paid.count, 60U);
  EXPECT_EQ(paid.spans.count(), 60U);
  EXPECT_EQ(paid.spans.max(), 2ms); // after an attempt that failed
  const auto timed_out = count_of(graph, "charged", "ensemble.step_timed_out");
  EXPECT_GE(timed_out.spans.quantile(0.5), 1h);
  EXPECT_EQ(count_of(graph, "caller", "placed").spans.count(), 0U);
}

TEST_F(FlowGraph, FedLiveOrWithoutAMemoryItIsTheSame) {
  const flow_graph mined(journal.reader());
  flow_graph live;
  for (const auto& e : all()) live.add(e);
  EXPECT_EQ(live, mined);
  for (const auto& e : all()) live.add(e); // what was counted already
  EXPECT_EQ(live, mined);
  EXPECT_EQ(flow_graph(journal.reader(), 3), mined);
  EXPECT_EQ(flow_graph(journal.reader(), 0), mined);
}

TEST_F(FlowGraph, WhatIsNeitherRememberedNorFoundIsUnexplained) {
  flow_graph forgetful(0);
  for (const auto& e : all()) forgetful.add(e);
  EXPECT_EQ(forgetful.events(), journal.reader().head().value);
  EXPECT_EQ(sum_of(forgetful), forgetful.events()) << "nothing is lost";
  EXPECT_GT(forgetful.unexplained(), 0U);
  EXPECT_THAT(forgetful.text(), Not(HasSubstr(", 0 unexplained")));
}

// Each event is caused by the one so many positions before it; nothing is looked up.
std::uint64_t unexplained_of_causes_before(std::uint64_t distance) {
  constexpr std::uint64_t remembered = 1024;
  constexpr std::uint64_t events = 20 * remembered;
  const auto id_at = [](std::uint64_t n) {
    return make_event_id(
        make_command_id(make_instance_id({n}, "sale"), "pay", direction::forward, 0), 0);
  };
  flow_graph graph(remembered);
  for (std::uint64_t n = 1; n <= events; ++n) {
    recorded_event e;
    e.position = {n};
    e.stream = "till-1";
    e.time = timestamp(std::chrono::seconds(n));
    e.id = id_at(n);
    e.body = message::opaque("charged", 1, "{}");
    if (n > distance) {
      e.origin.instance = make_instance_id({n}, "sale");
      e.origin.causation = id_at(n - distance);
    }
    graph.add(e);
  }
  EXPECT_EQ(graph.events(), events);
  return graph.unexplained();
}

TEST(FlowGraphMemory, HoldsTheLatestCausesAndLetsGoOfTheOldest) {
  EXPECT_EQ(unexplained_of_causes_before(1), 0U);
  EXPECT_LE(unexplained_of_causes_before(128), 5U);
  EXPECT_LE(unexplained_of_causes_before(256), 20U);
  constexpr std::uint64_t old = 16 * 1024;
  EXPECT_EQ(unexplained_of_causes_before(old), 20 * 1024 - old) << "it is bounded";
}

TEST_F(FlowGraph, GoesOnFromItsCheckpointInTheMiddleOfFlows) {
  const flow_graph mined(journal.reader());
  const auto events = all();
  const auto look_up = [&](const recorded_event& e) { return find_cause(journal.reader(), e); };
  for (const std::size_t cut : {std::size_t{0}, std::size_t{7}, events.size() / 2, events.size()}) {
    flow_graph first;
    for (std::size_t n = 0; n < cut; ++n) first.add(events[n]);
    auto second = flow_graph::decode(first.encode());
    EXPECT_EQ(second, first);
    EXPECT_EQ(second.last().value, cut);
    for (const auto& e : events) second.add(e, look_up);
    EXPECT_EQ(second, mined) << "cut at " << cut;
  }
}

TEST_F(FlowGraph, MergedPartsAreTheWhole) {
  const auto events = all();
  flow_graph first;
  for (std::size_t n = 0; n < 100; ++n) first.add(events[n]);
  auto rest = flow_graph::decode(flow_graph().encode());
  const auto look_up = [&](const recorded_event& e) { return find_cause(journal.reader(), e); };
  for (std::size_t n = 100; n < events.size(); ++n) rest.add(events[n], look_up);
  first.merge(rest);
  EXPECT_EQ(first, flow_graph(journal.reader()));
}

TEST_F(FlowGraph, RefusesWhatItDidNotWrite) {
  const auto good = flow_graph(journal.reader()).encode();
  const auto changed = [&](const std::string& from, const std::string& to) {
    auto text = good;
    return text.replace(text.find(from), from.size(), to);
  };
  for (const auto& bad :
       {std::string(), std::string("{}"), good.substr(1), changed("\"form\":1", "\"form\":2"),
        changed("\"form\":1", "\"form\":1e300"), changed("\"last\":", "\"last\":-"),
        changed("\"events\":", "\"events\":0.5,\"was\":"),
        changed("\"kind\":\"caller\"", "\"kind\":\"nobody\""),
        changed("\"direction\":0", "\"direction\":9"), changed("\"count\":30", "\"count\":31"),
        changed("\"spans\":[[", "\"spans\":[[9999999,1],[")}) {
    try {
      (void)flow_graph::decode(bad);
      ADD_FAILURE() << "taken: " << bad.substr(0, 80);
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::bad_message);
    }
  }
}

TEST_F(FlowGraph, ReactionsBeyondTheLimitAreCountedTogether) {
  flow_graph graph;
  recorded_event e;
  for (std::uint64_t n = 1; n <= flow_graph::most_reactions + 100; ++n) {
    e.position.value = n;
    e.id = event_id::of(n, 1);
    e.stream = "service" + std::to_string(n) + "-1";
    e.body = message::opaque("happened", 1, "{}");
    graph.add(e);
  }
  EXPECT_EQ(count_of(graph, "(others)", "(others)").count, 100U);
  EXPECT_EQ(sum_of(graph), flow_graph::most_reactions + 100);
  EXPECT_EQ(flow_graph::decode(graph.encode()), graph);
}

TEST_F(FlowGraph, PicturesNameServicesEventsStepsAndCounts) {
  flow_graph graph(journal.reader());
  const auto text = graph.text();
  EXPECT_THAT(text, HasSubstr("shop: placed"));
  EXPECT_THAT(text, HasSubstr("do pay"));
  EXPECT_THAT(text, HasSubstr("480 events, 0 unexplained")) << text;
  EXPECT_THAT(graph.dot(), HasSubstr("[label=\"caller\", shape=ellipse]"));
  EXPECT_THAT(graph.dot(),
              HasSubstr("[label=\"undo pay\\n30, p50 1.00 ms, p99 1.00 ms\", style=dashed]"))
      << graph.dot();
  EXPECT_THAT(graph.mermaid(), HasSubstr("([\"caller\"])"));
  EXPECT_THAT(graph.mermaid(), HasSubstr(" -. \"undo pay<br/>30, p50 1.00 ms")) << graph.mermaid();
}

TEST_F(FlowGraph, SeveralProcessesAreToldApart) {
  flow_graph graph(journal.reader());
  recorded_event e;
  e.position.value = graph.last().value + 1;
  e.stream = "till-1";
  e.origin.instance = make_instance_id({1}, "another");
  e.origin.step = "pay";
  e.origin.direction = direction::forward;
  e.origin.causation = event_id::of(901, 1);
  e.body = message::opaque("charged", 1, "{}");
  graph.add(e);
  graph.name_process("selling");
  EXPECT_THAT(graph.text(), HasSubstr("selling: do pay"));
  EXPECT_THAT(graph.text(), HasSubstr(std::to_string(process_number("another")) + ": do pay"));
}

} // namespace
} // namespace forged
