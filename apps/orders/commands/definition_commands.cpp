#include "orders/commands/commands.hpp"
#include "orders/domain/fulfilment.hpp"
#include "orders/shop.hpp"

#include <ensemble/check.hpp>
#include <ensemble/diagram.hpp>

#include <ostream>

namespace orders {

int check_process(const definition_options& asked, std::ostream& out) {
  const auto all = make_shop(0); // of the services only their structure matters
  ensemble::check_options options;
  options.mode = asked.mode;
  for (const auto& service : all.services) options.services.push_back(&service);
  const auto report = ensemble::check(all.process, options);
  out << report.text();
  return report.verdict == ensemble::check_verdict::proven ? 0 : 1;
}

int draw_process(const definition_options& options, std::ostream& out) {
  out << ensemble::diagram(order_fulfilment(), options.mode, options.format);
  return 0;
}

} // namespace orders
