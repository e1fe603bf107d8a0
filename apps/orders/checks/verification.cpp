#include "orders/checks/verification.hpp"

#include "orders/domain/fulfilment.hpp"

#include <ensemble/mode_agreement.hpp>

namespace orders {

namespace {

ensemble::history_file read(const std::string& path) {
  return path.empty() ? ensemble::history_file{} : ensemble::read_history(path);
}

/// Without a history nobody knows what was asked for.
ensemble::history_options judged(bool with_history) {
  ensemble::history_options options;
  options.complete = with_history;
  return options;
}

} // namespace

verification::verification(const evidence& files)
    : orders_(found_),
      sagas_(order_fulfilment(), found_),
      told_(read(files.history)),
      with_history_(!files.history.empty()),
      history_(told_.told, judged(with_history_)) {
  if (!files.gateway.empty()) ledger_ = std::make_unique<ledger_check>(files.gateway, found_);
}

void verification::feed(const ensemble::recorded_event& e) {
  ++events_;
  history_.take(e);
  orders_.feed(e);
  sagas_.feed(e);
  if (ledger_) ledger_->feed(e);
}

verification_report verification::finish() {
  orders_.finish();
  verification_report r;
  r.events = events_;
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
  const auto held = history_.finish();
  found_.add(held.found);
  if (with_history_) {
    r.with_history = true;
    r.acknowledged = held.acknowledged;
    r.unknown = held.unknown;
    r.torn = told_.torn;
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
