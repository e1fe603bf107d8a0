#include "orders/checks/ledger_check.hpp"

#include "orders/domain/payment.hpp"

namespace orders {

ledger_check::ledger_check(const std::string& path, findings& found) : found_(found) {
  read_gateway_file(path, [&](gateway_entry entry) {
    ++operations_;
    auto [at, fresh] = accounts_.try_emplace(entry.key);
    auto& it = at->second;
    if (entry.operation == gateway_operation::cancel) {
      it.cancelled = true;
      return;
    }
    if (!fresh)
      found_.add("G3", "gateway: a second operation under key " + entry.key +
                           (it.cancelled ? ", after it was cancelled" : ""));
    it.operation = entry.operation;
    it.order_id = std::move(entry.order_id);
    it.amount = entry.amount;
  });
}

void ledger_check::feed(const ensemble::recorded_event& e) {
  if (const auto* paid = e.body.get_if<payment_authorised>()) {
    expect(e, gateway_operation::charge, paid->order_id, paid->amount);
  } else if (const auto* back = e.body.get_if<payment_refunded>()) {
    expect(e, gateway_operation::refund, back->order_id, back->amount);
  } else if (e.body.name() == "ensemble.command_voided" &&
             ensemble::category_of(e.stream) == "payment") {
    const auto it = accounts_.find(to_string(e.command()));
    if (it == accounts_.end())
      found_.add("G4", "gateway: " + e.stream + " was voided, but its key is not blocked");
    else if (!it->second.cancelled)
      found_.add("G4", "gateway: " + e.stream + " was voided, but its charge stands");
    else
      it->second.known = true;
  }
}

void ledger_check::expect(const ensemble::recorded_event& e, gateway_operation operation,
                          const std::string& order_id, money amount) {
  const auto it = accounts_.find(to_string(e.command()));
  const auto what = "gateway: '" + std::string(e.body.name()) + "' of order " + order_id;
  if (it == accounts_.end()) {
    found_.add("G3", what + " stands in the journal, but not in the gateway's file");
    return;
  }
  auto& there = it->second;
  if (there.operation != operation || there.order_id != order_id || there.amount != amount)
    found_.add("G3", what + " differs from the gateway's " + to_text(there.amount) + " for order " +
                         there.order_id);
  if (there.cancelled) found_.add("G4", what + " was cancelled at the gateway");
  if (there.known) found_.add("G3", what + " shares its key with another event");
  there.known = true;
}

void ledger_check::finish(bool quiet) {
  if (!quiet) return;
  for (const auto& [key, it] : accounts_)
    if (!it.known && !it.cancelled)
      found_.add("G3", "gateway: " + std::string(ensemble_enum_name(it.operation)) + " of " +
                           to_text(it.amount) + " for order " + it.order_id +
                           " has no outcome in the journal");
}

} // namespace orders
