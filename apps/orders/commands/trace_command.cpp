#include "orders/commands/commands.hpp"
#include "orders/commands/story.hpp"
#include "orders/domain/fulfilment.hpp"
#include "orders/shop.hpp"
#include "orders/text.hpp"

#include <ensemble/causation.hpp>
#include <ensemble/conformance.hpp>
#include <ensemble/flow_graph.hpp>

#include <ostream>

namespace orders {

namespace {

int count_all(ensemble::journal_reader& journal, std::ostream& out) {
  const auto all = ensemble::count_causes(journal);
  out << grouped(all.flows) << " flows, " << grouped(all.events) << " events in their traces, "
      << grouped(all.journal) << " events in the journal, " << grouped(all.unexplained)
      << " unexplained\n";
  return all.complete() ? 0 : 1;
}

} // namespace

int trace_order(const trace_options& options, std::ostream& out) {
  const auto journal = open_shop_journal(options.journal);
  if (options.all) return count_all(*journal, out);
  const auto flow = flow_of(*journal, options.order);
  const auto tree = ensemble::causation(*journal, flow, {order_fulfilment()});
  switch (options.format) {
  case trace_format::json: out << tree.json(); break;
  case trace_format::mermaid: out << tree.mermaid(); break;
  default: out << tree.text(); break;
  }
  return tree.unexplained() == 0 ? 0 : 1;
}

int draw_graph(const trace_options& options, std::ostream& out) {
  const auto journal = open_shop_journal(options.journal);
  const ensemble::flow_graph graph(*journal);
  switch (options.format) {
  case trace_format::dot: out << graph.dot(); break;
  case trace_format::mermaid: out << graph.mermaid(); break;
  default: out << graph.text(); break;
  }
  return 0;
}

int hold_conformance(const trace_options& options, std::ostream& out) {
  const auto journal = open_shop_journal(options.journal);
  const auto all = make_shop(0); // of the services only their structure matters
  ensemble::conformance_options declared;
  declared.processes = {all.process};
  for (const auto& service : all.services) declared.services.push_back(&service);
  const auto report = ensemble::conformance(*journal, declared);
  out << (options.format == trace_format::json ? report.json() : report.text());
  return report.conforms() ? 0 : 1;
}

} // namespace orders
