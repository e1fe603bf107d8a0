#pragma once

#include <ensemble/ensemble.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

// The reference order of all benchmarks: create, pay, reserve, ship, confirm; five events, each
// recorded before the next. An order that shipping turns down is compensated: what was reserved and
// paid is given back, and the order is cancelled.

namespace reference {

struct place_order {
  std::string order{};
  std::string item{};
  std::int64_t cents{};
  bool shippable{};
};
struct order_created {
  std::string order{};
  std::string item{};
  std::int64_t cents{};
  bool shippable{};
};
struct authorise_payment {
  std::string order{};
  std::int64_t cents{};
};
struct payment_authorised {
  std::string order{};
  std::int64_t cents{};
};
struct release_payment {
  std::string order{};
};
struct payment_released {
  std::string order{};
};
struct reserve_stock {
  std::string order{};
  std::string item{};
};
struct stock_reserved {
  std::string order{};
  std::string item{};
};
struct release_stock {
  std::string order{};
  std::string item{};
};
struct stock_released {
  std::string order{};
  std::string item{};
};
struct ship_parcel {
  std::string order{};
  bool shippable{};
};
struct parcel_shipped {
  std::string order{};
};
struct confirm_order {
  std::string order{};
};
struct order_confirmed {
  std::string order{};
};
struct cancel_order {
  std::string order{};
};
struct order_cancelled {
  std::string order{};
};
ENSEMBLE_MESSAGE(place_order, 1, order, item, cents, shippable)
ENSEMBLE_MESSAGE(order_created, 1, order, item, cents, shippable)
ENSEMBLE_MESSAGE(authorise_payment, 1, order, cents)
ENSEMBLE_MESSAGE(payment_authorised, 1, order, cents)
ENSEMBLE_MESSAGE(release_payment, 1, order)
ENSEMBLE_MESSAGE(payment_released, 1, order)
ENSEMBLE_MESSAGE(reserve_stock, 1, order, item)
ENSEMBLE_MESSAGE(stock_reserved, 1, order, item)
ENSEMBLE_MESSAGE(release_stock, 1, order, item)
ENSEMBLE_MESSAGE(stock_released, 1, order, item)
ENSEMBLE_MESSAGE(ship_parcel, 1, order, shippable)
ENSEMBLE_MESSAGE(parcel_shipped, 1, order)
ENSEMBLE_MESSAGE(confirm_order, 1, order)
ENSEMBLE_MESSAGE(order_confirmed, 1, order)
ENSEMBLE_MESSAGE(cancel_order, 1, order)
ENSEMBLE_MESSAGE(order_cancelled, 1, order)

struct count_one {
  std::string key{};
};
struct counted {
  std::string key{};
};
ENSEMBLE_MESSAGE(count_one, 1, key)
ENSEMBLE_MESSAGE(counted, 1, key)

/// How many commands an entity of that service has taken.
struct tally {
  std::uint64_t count{};
  void apply(const counted&) { ++count; }
};

/// A service that does the least that one can: one event for each command.
[[nodiscard]] ensemble::service_definition counting_service();

/// How an order is fulfilled: pay, reserve, ship, confirm.
[[nodiscard]] ensemble::process_definition order_fulfilment();

/// Hosts the four services, and the process conducted or danced.
void set_up(ensemble::runtime& r, bool danced);

/// The n-th order; `shippable` is false for one that will be compensated.
[[nodiscard]] place_order nth_order(std::uint64_t n, bool shippable);

} // namespace reference
