#pragma once

#include "orders/checks/verification.hpp"
#include "orders/domain/fulfilment.hpp"

#include <ensemble/event.hpp>

#include <functional>
#include <string>
#include <vector>

namespace orders {

/// Writes journals by hand, right ones and wrong ones, to try the checks.
class forged_journal {
public:
  std::vector<ensemble::recorded_event> events{};

  forged_journal() {
    add("stock-a", item_stocked{"a", 100}, {}, {}, "", ensemble::direction::none);
    events.back().origin.causation = ensemble::event_id::of(1, 1); // no caller asked for it
  }

  /// An order of 3 units of `a` at 1.00; returns its instance.
  ensemble::instance_id created(const std::string& id) {
    const auto at = add("order-" + id, order_created{id, {}, {{"a", 3, money{100}}}, money{300}},
                        {}, {}, "", ensemble::direction::none);
    return ensemble::make_instance_id(at, "order_fulfilment");
  }
  void authorised(ensemble::instance_id i, const std::string& id, money amount = money{300}) {
    forward(i, "payment", "payment-" + id, payment_authorised{id, "pay-" + id, amount});
  }
  void declined(ensemble::instance_id i, const std::string& id) {
    forward(i, "payment", "payment-" + id, payment_declined{id, "payment declined"});
  }
  void refunded(ensemble::instance_id i, const std::string& id, money amount = money{300}) {
    undo(i, "payment", "payment-" + id, payment_refunded{id, "pay-" + id, amount});
  }
  void reserved(ensemble::instance_id i, const std::string& id) {
    free_ -= 3;
    forward(i, "stock", "stock-a", item_reserved{id, "a", 3, free_});
  }
  void released(ensemble::instance_id i, const std::string& id) {
    free_ += 3;
    undo(i, "stock", "stock-a", item_released{id, "a", 3, free_});
  }
  void shipped(ensemble::instance_id i, const std::string& id) {
    forward(i, "shipping", "shipping-" + id, order_shipped{id, "parcel-" + id});
  }
  void shipping_refused(ensemble::instance_id i, const std::string& id) {
    forward(i, "shipping", "shipping-" + id, shipping_failed{id, "no carrier took it"});
  }
  void dispatched(ensemble::instance_id i, const std::string& id) {
    forward(i, "dispatch", "stock-a", item_dispatched{id, "a", 3, free_});
  }
  void confirmed(ensemble::instance_id i, const std::string& id, money total = money{300}) {
    add("order-" + id, order_confirmed{id, total}, command(i, "", ensemble::direction::complete), i,
        "", ensemble::direction::complete);
  }
  void cancelled(ensemble::instance_id i, const std::string& id, const std::string& reason) {
    add("order-" + id, order_cancelled{id, reason}, command(i, "", ensemble::direction::abort), i,
        "", ensemble::direction::abort);
  }
  void voided(ensemble::instance_id i, const std::string& step, const std::string& stream) {
    forward(i, step, stream, ensemble::message::opaque("ensemble.command_voided", 1, "{}"));
  }
  void noted(ensemble::instance_id i, const std::string& name) {
    add("order_fulfilment-" + to_string(i), ensemble::message::opaque(name, 1, "{}"), {}, i, "",
        ensemble::direction::none);
  }

  /// An order that is fulfilled, and one that fails at its shipping.
  void fulfilled(const std::string& id) {
    const auto i = created(id);
    authorised(i, id);
    reserved(i, id);
    shipped(i, id);
    dispatched(i, id);
    confirmed(i, id);
  }
  void compensated(const std::string& id) {
    const auto i = created(id);
    authorised(i, id);
    reserved(i, id);
    shipping_refused(i, id);
    released(i, id);
    refunded(i, id);
    cancelled(i, id, "no carrier took it");
  }

  void forward(ensemble::instance_id i, const std::string& step, const std::string& stream,
               ensemble::message body, std::uint32_t round = 0) {
    add(stream, std::move(body), command(i, step, ensemble::direction::forward, round), i, step,
        ensemble::direction::forward, round);
  }
  void undo(ensemble::instance_id i, const std::string& step, const std::string& stream,
            ensemble::message body) {
    add(stream, std::move(body), command(i, step, ensemble::direction::undo), i, step,
        ensemble::direction::undo);
  }
  static ensemble::command_id command(ensemble::instance_id i, const std::string& step,
                                      ensemble::direction d, std::uint32_t round = 0) {
    return ensemble::make_command_id(i, step, d, round);
  }
  ensemble::position add(const std::string& stream, ensemble::message body,
                         ensemble::command_id from, ensemble::instance_id i,
                         const std::string& step, ensemble::direction d, std::uint32_t round = 0) {
    ensemble::recorded_event e;
    e.position.value = events.size() + 1;
    e.stream = stream;
    for (const auto& before : events) e.version.value += before.stream == stream ? 1 : 0;
    e.time = ensemble::timestamp(std::chrono::seconds(events.size()));
    // Callers' commands have ids of their own.
    e.id = from ? ensemble::make_event_id(from, 0) : ensemble::event_id::of(events.size() + 1, 9);
    e.origin.instance = i;
    e.origin.step = step;
    e.origin.direction = d;
    e.origin.round = round;
    e.body = std::move(body);
    events.push_back(e);
    return e.position;
  }

  [[nodiscard]] verification_report report(const evidence& files = {}) const {
    verification all(files);
    for (const auto& e : events) all.feed(e);
    return all.finish();
  }
  /// The rules that are broken, as in `D1 G4`.
  [[nodiscard]] std::string broken(const evidence& files = {}) const {
    std::string rules;
    const auto all = report(files);
    for (const auto& [rule, count] : all.found.counts()) rules += (rules.empty() ? "" : " ") + rule;
    return rules;
  }

private:
  std::int64_t free_ = 100;
};

} // namespace orders
