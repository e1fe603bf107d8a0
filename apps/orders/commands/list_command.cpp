#include "orders/commands/commands.hpp"
#include "orders/shop.hpp"
#include "orders/text.hpp"

#include <ensemble/control.hpp>

#include <ostream>

namespace orders {

namespace {

struct listed_order {
  order folded{};
  ensemble::position created{};
};

/// Folds an order's stream by the order service's own definition.
listed_order fold(ensemble::journal_reader& journal, const ensemble::service_definition& service,
                  const std::string& stream) {
  auto state = service.initial();
  const auto events = journal.read_stream(stream, {0});
  for (const auto& e : events) service.fold(state, e.body);
  return {std::any_cast<order>(state), events.front().position};
}

std::string state_of(const order& o) {
  switch (o.status) {
  case order_status::none: return "refused";
  case order_status::placed: return "open";
  case order_status::confirmed: return "confirmed";
  case order_status::cancelled: return "cancelled";
  }
  return "";
}

/// As the order itself and its process have it.
std::string wanted(const std::string& state) {
  if (state == "completed") return "confirmed";
  return state == "compensated" ? "cancelled" : state;
}

} // namespace

int list_orders(const read_options& options, std::ostream& out) {
  const auto journal = open_shop_journal(options.journal);
  const auto service = order_service();
  const auto process = order_fulfilment();
  ensemble::instance_reader instances(options.journal, {process});
  const auto only = wanted(options.state);
  const std::string prefix = service.name + "-";
  std::uint64_t listed = 0;
  std::string last;
  for (;;) {
    const auto streams = journal->stream_names(service.name, last);
    if (streams.empty() || !out) return 0;
    for (const auto& stream : streams) {
      auto [o, created] = fold(*journal, service, stream);
      auto state = state_of(o);
      if (state == "open" && (only.empty() || only == "open" || only == "stuck")) {
        const auto report = instances.inspect(ensemble::make_instance_id(created, process.name));
        if (!report.stuck.empty()) {
          state = "stuck";
          o.reason = report.stuck + ", since " + to_text(report.since);
        }
      }
      if (!only.empty() && state != only) continue;
      out << stream.substr(prefix.size()) << '\t' << state << '\t' << to_text(o.total) << '\t'
          << o.reason << '\n';
      if (++listed == options.limit) return 0;
    }
    last = streams.back();
  }
}

} // namespace orders
