#pragma once

#include "orders/checks/verification.hpp"
#include "orders/input/order_generator.hpp"
#include "orders/shop.hpp"

#include <ensemble/simulation.hpp>

// The demo's order process as a scenario: some orders fail by themselves, and at the end money and
// stock must add up.

namespace scenarios {

/// A mailer that is told of every order's end.
inline ensemble::subscription_definition mailer() {
  return ensemble::subscription("mailer")
      .on<orders::order_confirmed>([](const orders::order_confirmed&) {})
      .on<orders::order_cancelled>([](const orders::order_cancelled&) {})
      .ordered_by(ensemble::order_key::correlation);
}

inline ensemble::simulation::scenario order_scenario(std::uint64_t seed, std::size_t requests) {
  ensemble::simulation::scenario s;
  orders::mishaps m{0.1, 0.1, 0.1, seed, 0.1};
  auto shop = orders::make_shop(1'000'000, m);
  s.services = std::move(shop.services);
  s.processes.push_back(std::move(shop.process));
  s.subscriptions.push_back(mailer());
  const orders::order_generator orders{seed, 3};
  for (std::uint64_t n = 1; n <= requests; ++n) s.requests.push_back({"order", orders.make(n)});
  s.check = [](ensemble::journal_reader& journal,
               const ensemble::simulation::tell_violation& tell) {
    const auto report = orders::verify_journal(journal, {}, false);
    for (const auto& [rule, count] : report.found.counts())
      if (count > 0) tell(rule + ": broken " + std::to_string(count) + " times");
    if (!report.all_terminal()) tell("G1: " + std::to_string(report.open) + " orders are open");
  };
  return s;
}

} // namespace scenarios
