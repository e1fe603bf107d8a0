// The small parts by themselves: a message's text and back, the fold of an order's process and what
// is due after each of its events, an append in memory, an event counted by the flow graph.
//
//   bench_steps [Google Benchmark's flags]

#include "common/order_process.hpp"
#include "model/instance.hpp"

#include <ensemble/flow_graph.hpp>
#include <ensemble/journal.hpp>

#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <vector>

namespace {

using namespace ensemble;

/// The events of one order that went well, as the runtime recorded them: but for the first, with
/// which its process began, each is an outcome of a step.
const std::vector<recorded_event>& events_of_an_order() {
  static const std::vector<recorded_event> events = [] {
    std::vector<recorded_event> seen;
    std::promise<void> all;
    runtime r;
    reference::set_up(r, false);
    r.start();
    r.observe({1}, [&](const recorded_event& e) {
      seen.push_back(e);
      if (e.body.is<reference::order_confirmed>()) all.set_value();
    });
    (void)r.send("order", reference::nth_order(1, true)).get();
    all.get_future().wait();
    r.stop();
    return seen;
  }();
  return events;
}

void message_to_text(benchmark::State& state) {
  const auto order = reference::nth_order(1, true);
  for (auto _ : state) {
    const message made = order;
    benchmark::DoNotOptimize(made.text().data());
  }
}
BENCHMARK(message_to_text);

void message_from_text(benchmark::State& state) {
  const message made = reference::nth_order(1, true);
  const std::string text(made.text());
  for (auto _ : state) {
    const auto read = message::decode(*made.type(), text);
    benchmark::DoNotOptimize(read.get_if<reference::place_order>());
  }
}
BENCHMARK(message_from_text);

void fold_and_due(benchmark::State& state) {
  const auto& events = events_of_an_order();
  const auto definition =
      std::make_shared<const process_definition>(reference::order_fulfilment());
  for (auto _ : state) {
    auto i = begin_instance(definition, events.front());
    benchmark::DoNotOptimize(due(i).size());
    for (std::size_t n = 1; n < events.size(); ++n) {
      evolve(i, events[n]);
      benchmark::DoNotOptimize(due(i).size());
    }
    if (!i.terminal()) state.SkipWithError("the order did not end");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * events.size()));
}
BENCHMARK(fold_and_due);

void append_in_memory(benchmark::State& state) {
  const auto to = open_journal({});
  std::uint64_t n = 0;
  for (auto _ : state) {
    append_request request;
    request.streams.push_back({"order-" + std::to_string(++n), expected_version::none(), {}});
    auto& event = request.streams.back().events.emplace_back();
    event.id = event_id::of(n, n);
    event.last = true;
    event.body = reference::order_confirmed{"order"};
    benchmark::DoNotOptimize(to->commit({&request, 1}, {}).size());
  }
}
BENCHMARK(append_in_memory);

void flow_graph_of_an_order(benchmark::State& state) {
  auto events = events_of_an_order();
  flow_graph graph;
  for (auto _ : state) {
    for (auto& e : events) {
      graph.add(e);
      e.position.value += events.size(); // the next order's
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * events.size()));
}
BENCHMARK(flow_graph_of_an_order);

} // namespace

BENCHMARK_MAIN();
