#include "orders/shop.hpp"

#include "orders/gateway/payment_by_gateway.hpp"

#include <map>
#include <utility>

namespace orders {

shop make_shop(std::int64_t units_an_item, const mishaps& m,
               const std::shared_ptr<payment_gateway>& gateway) {
  shop all;
  all.services.push_back(order_service(m));
  all.services.push_back(gateway ? payment_by_gateway(gateway, m) : payment_service(m));
  all.services.push_back(stock_service(units_an_item, m));
  all.services.push_back(shipping_service(m));
  all.process = order_fulfilment();
  return all;
}

void set_up(ensemble::runtime& runtime, shop all, ensemble::process_mode mode) {
  for (auto& service : all.services) runtime.host(std::move(service));
  if (mode == ensemble::process_mode::choreography)
    runtime.choreograph(std::move(all.process));
  else
    runtime.orchestrate(std::move(all.process));
}

ensemble::type_lookup message_types() {
  using types_by_name = std::map<std::string_view, const ensemble::message_type*>;
  auto types = std::make_shared<types_by_name>();
  const auto all = make_shop(0); // for its message types alone
  for (const auto& service : all.services)
    for (const auto* type : service.types) types->emplace(type->name, type);
  for (const auto* type : all.process.types) types->emplace(type->name, type);
  return [types](std::string_view name) -> const ensemble::message_type* {
    const auto found = types->find(name);
    return found == types->end() ? nullptr : found->second;
  };
}

std::unique_ptr<ensemble::journal_reader> open_shop_journal(const std::string& path) {
  ensemble::journal_options options;
  options.path = path;
  options.types = message_types();
  return ensemble::open_journal_reader(options);
}

} // namespace orders
