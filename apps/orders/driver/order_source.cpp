#include "orders/driver/order_source.hpp"

#include "orders/input/order_generator.hpp"
#include "orders/input/retail_orders.hpp"
#include "orders/text.hpp"

#include <memory>
#include <ostream>

namespace orders {

order_source make_order_source(const run_options& options, std::ostream& out) {
  if (options.resume_only) return {};
  if (options.csv.empty()) {
    const order_generator generator{options.failures.seed, options.lines};
    return {options.orders, [generator](std::uint64_t n) { return generator.make(n + 1); }};
  }
  const auto read = std::make_shared<const retail_orders>(read_retail_orders(options.csv));
  for (const auto& refused : read->refused)
    out << "refused     invoice " << refused.invoice << ", line " << refused.line << ": "
        << refused.reason << '\n';
  out << "invoices    " << grouped(read->accepted.size()) << " accepted + "
      << grouped(read->refused.size()) << " refused = " << grouped(read->invoices()) << '\n';
  return {read->accepted.size(), [read](std::uint64_t n) { return read->accepted.at(n); }};
}

std::unordered_set<std::string> placed_orders(ensemble::journal_reader& journal) {
  std::unordered_set<std::string> placed;
  const std::string category = "order";
  std::string last;
  for (;;) {
    const auto streams = journal.stream_names(category, last);
    if (streams.empty()) return placed;
    for (const auto& stream : streams) placed.insert(stream.substr(category.size() + 1));
    last = streams.back();
  }
}

} // namespace orders
