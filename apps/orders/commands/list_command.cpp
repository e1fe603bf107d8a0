#include "orders/commands/commands.hpp"
#include "orders/shop.hpp"

#include <ostream>

namespace orders {

namespace {

/// Folds an order's stream by the order service's own definition.
order fold(ensemble::journal_reader& journal, const ensemble::service_definition& service,
           const std::string& stream) {
  auto state = service.initial();
  for (const auto& e : journal.read_stream(stream, {0})) service.fold(state, e.body);
  return std::any_cast<order>(state);
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

} // namespace

int list_orders(const read_options& options, std::ostream& out) {
  const auto journal = open_shop_journal(options.journal);
  const auto service = order_service();
  const std::string prefix = service.name + "-";
  std::uint64_t listed = 0;
  std::string last;
  for (;;) {
    const auto streams = journal->stream_names(service.name, last);
    if (streams.empty() || !out) return 0;
    for (const auto& stream : streams) {
      const auto o = fold(*journal, service, stream);
      const auto state = state_of(o);
      if (!options.state.empty() && state != options.state) continue;
      out << stream.substr(prefix.size()) << '\t' << state << '\t' << to_text(o.total) << '\t'
          << o.reason << '\n';
      if (++listed == options.limit) return 0;
    }
    last = streams.back();
  }
}

} // namespace orders
