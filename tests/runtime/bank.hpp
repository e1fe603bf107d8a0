#pragma once

#include <ensemble/ensemble.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

// A service for the runtime's tests whose commands concern several entities: a bank.

namespace bank {

/// The first account pays each of the others.
struct pay_all {
  std::vector<std::string> accounts{};
  int amount{};
};
/// All but the first account get something.
struct give_all {
  std::vector<std::string> accounts{};
  int amount{};
};
/// The first account gets as much as the poorest of the others has.
struct match_poorest {
  std::vector<std::string> accounts{};
};
struct booked {
  std::string account{};
  int amount{};
};
ENSEMBLE_MESSAGE(pay_all, 1, accounts, amount)
ENSEMBLE_MESSAGE(give_all, 1, accounts, amount)
ENSEMBLE_MESSAGE(match_poorest, 1, accounts)
ENSEMBLE_MESSAGE(booked, 1, account, amount)

struct account {
  int balance = 100;
  void apply(const booked& e) { balance += e.amount; }
};

using all_booked = ensemble::decision_on_all<booked>;

inline all_booked pay(const ensemble::entities<account>& all, const pay_all& c) {
  const auto others = static_cast<int>(all.size()) - 1;
  if (all.home().balance < c.amount * others) return ensemble::reject("too poor");
  if (c.amount == 0) return {};
  all_booked made = booked{c.accounts.front(), -c.amount * others};
  for (std::size_t n = 1; n < c.accounts.size(); ++n)
    made.add(ensemble::on(c.accounts[n], booked{c.accounts[n], c.amount}));
  return made;
}

inline all_booked give(const ensemble::entities<account>&, const give_all& c) {
  all_booked made;
  for (std::size_t n = 1; n < c.accounts.size(); ++n)
    made.add(ensemble::on(c.accounts[n], booked{c.accounts[n], c.amount}));
  if (c.amount < 0) made.add(ensemble::on("of nobody here", booked{}));
  if (c.amount == 13) throw std::runtime_error("superstition");
  return made;
}

inline all_booked match(const ensemble::entities<account>& all, const match_poorest& c) {
  int least = 1'000'000;
  for (std::size_t n = 1; n < c.accounts.size(); ++n)
    least = std::min(least, all.at(c.accounts[n]).balance);
  return booked{c.accounts.front(), least};
}

inline ensemble::service_definition service() {
  return ensemble::service<account>("bank")
      .on_all<pay_all>(&pay_all::accounts, pay)
      .on_all<give_all>(&give_all::accounts, give)
      .on_all<match_poorest>(&match_poorest::accounts, match);
}

} // namespace bank
