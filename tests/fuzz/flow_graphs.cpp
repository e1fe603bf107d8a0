#include "fuzz/fuzz.hpp"

#include <ensemble/flow_graph.hpp>

#include <optional>

namespace fuzz {

using namespace ensemble;

/// The stored form of a flow graph, from a journal's book.
void flow_graphs(input in) {
  std::optional<flow_graph> graph;
  if (refused({errc::bad_message}, [&] { graph = flow_graph::decode(in.rest()); })) return;
  const auto stored = graph->encode();
  const auto back = flow_graph::decode(stored);
  claim(back.encode() == stored, "what was stored reads back as the same graph");
  (void)graph->text();
  (void)graph->dot();
  (void)graph->mermaid();
  (void)graph->unexplained();
  for (const auto& [reaction, counted] : graph->reactions()) {
    claim(counted.spans.quantile(0.5) <= counted.spans.quantile(0.99), "quantiles rise");
    claim(counted.spans.quantile(1) <= counted.spans.max(), "no quantile is above the longest");
  }
  auto twice = *graph;
  twice.merge(back);
}

} // namespace fuzz
