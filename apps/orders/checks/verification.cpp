#include "orders/checks/verification.hpp"

#include "orders/domain/fulfilment.hpp"

#include <ensemble/mode_agreement.hpp>

namespace orders {

verification::verification(const evidence& files)
    : orders_(found_), sagas_(order_fulfilment(), found_) {
  if (!files.gateway.empty()) ledger_ = std::make_unique<ledger_check>(files.gateway, found_);
  if (!files.acknowledged.empty())
    acknowledged_ = std::make_unique<acknowledged_check>(files.acknowledged, found_);
}

void verification::feed(const ensemble::recorded_event& e) {
  if (e.position.value != last_.value + 1)
    found_.add("S5", "position " + std::to_string(e.position.value) + " follows " +
                         std::to_string(last_.value));
  if (e.time < last_time_)
    found_.add("S5", "the time falls at position " + std::to_string(e.position.value));
  last_ = e.position;
  last_time_ = e.time;
  orders_.feed(e);
  sagas_.feed(e);
  if (ledger_) ledger_->feed(e);
  if (acknowledged_) acknowledged_->feed(e);
}

verification_report verification::finish() {
  orders_.finish();
  verification_report r;
  r.events = last_.value;
  r.orders = orders_.created();
  r.confirmed = orders_.confirmed();
  r.cancelled = orders_.cancelled();
  r.open = orders_.open();
  for (const auto& [id, trace] : sagas_.open()) {
    if (r.open_examples.size() == 5) break;
    r.open_examples.push_back("instance " + to_string(id) + ": " + trace.describe());
  }
  r.authorised = orders_.authorised_total();
  r.refunded = orders_.refunded_total();
  r.confirmed_money = orders_.confirmed_total();
  r.reserved_units = orders_.reserved_units();
  r.shipped_units = orders_.shipped_units();
  r.instances = sagas_.started();
  r.completed = sagas_.completed();
  r.compensated = sagas_.compensated();
  if (sagas_.open().size() != r.open)
    found_.add("G1", std::to_string(r.open) + " orders are open, but " +
                         std::to_string(sagas_.open().size()) + " instances");
  if (ledger_) {
    ledger_->finish(r.open == 0);
    r.with_gateway = true;
    r.gateway_operations = ledger_->operations();
  }
  if (acknowledged_) {
    acknowledged_->finish();
    r.with_acknowledged = true;
    r.acknowledged = acknowledged_->acknowledged();
  }
  r.found = found_;
  return r;
}

verification_report verify_journal(ensemble::journal_reader& journal, const evidence& files,
                                   bool storage, const verification_progress& progress) {
  verification all(files);
  const auto head = journal.head();
  if (storage) journal.verify([&](const std::string& fault) { all.add("S4", fault); });
  // Up to the head that was there at first: behind a live owner the rest is another day's work.
  for (ensemble::position from{1}; from <= head;) {
    const auto events = journal.read_all(from);
    for (const auto& e : events)
      if (e.position <= head) all.feed(e);
    if (events.empty()) {
      all.add("S5", "the journal ends before its head");
      break;
    }
    from.value = events.back().position.value + 1;
    if (progress) progress(std::min(from.value, head.value), head.value);
  }
  std::uint64_t prefixes = 0;
  if (storage) {
    const auto modes = ensemble::verify_modes(journal, {order_fulfilment()});
    for (const auto& difference : modes.first) all.add("G12", difference.text);
    prefixes = modes.prefixes;
  }
  auto report = all.finish();
  report.prefixes = prefixes;
  return report;
}

} // namespace orders
