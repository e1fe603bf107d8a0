#pragma once

#include <ensemble/ensemble.hpp>

#include <atomic>
#include <string>

// A small process for the runtime's tests: a purchase is paid, packed and confirmed; what happens
// on the way follows from its id ("declined-7", "unpackable-7", ...).

namespace bookshop {

struct buy {
  std::string id{};
  int price{};
};
struct bought {
  std::string id{};
  int price{};
};
struct confirm {
  std::string id{};
};
struct confirmed {
  std::string id{};
};
struct cancel {
  std::string id{};
  std::string why{};
};
struct cancelled {
  std::string id{};
  std::string why{};
};
struct charge {
  std::string id{};
  int price{};
};
struct charged {
  std::string id{};
};
struct declined {
  std::string id{};
};
struct refund {
  std::string id{};
};
struct refunded {
  std::string id{};
};
struct pack {
  std::string id{};
};
struct packed {
  std::string id{};
};
struct unpackable {
  std::string id{};
};

ENSEMBLE_MESSAGE(buy, 1, id, price)
ENSEMBLE_MESSAGE(bought, 1, id, price)
ENSEMBLE_MESSAGE(confirm, 1, id)
ENSEMBLE_MESSAGE(confirmed, 1, id)
ENSEMBLE_MESSAGE(cancel, 1, id, why)
ENSEMBLE_MESSAGE(cancelled, 1, id, why)
ENSEMBLE_MESSAGE(charge, 1, id, price)
ENSEMBLE_MESSAGE(charged, 1, id)
ENSEMBLE_MESSAGE(declined, 1, id)
ENSEMBLE_MESSAGE(refund, 1, id)
ENSEMBLE_MESSAGE(refunded, 1, id)
ENSEMBLE_MESSAGE(pack, 1, id)
ENSEMBLE_MESSAGE(packed, 1, id)
ENSEMBLE_MESSAGE(unpackable, 1, id)

struct purchase {
  int price{};
  bool exists = false;
  bool is_confirmed = false;
  bool is_cancelled = false;
  void apply(const bought& e) {
    exists = true;
    price = e.price;
  }
  void apply(const confirmed&) { is_confirmed = true; }
  void apply(const cancelled&) { is_cancelled = true; }
};

/// Takes purchases with a positive price, once each.
ensemble::service_definition shop();

struct till_state {
  int charges = 0;
  int refunds = 0;
  void apply(const charged&) { ++charges; }
  void apply(const declined&) {}
  void apply(const refunded&) { ++refunds; }
};

/// A till that a test may watch and disturb.
struct till_switches {
  std::atomic<int> calls{0};
  std::atomic<int> throws{0}; ///< so many calls throw first
  std::atomic<bool> refuses_refunds{false};
};
ensemble::service_definition till(till_switches* switches = nullptr);
/// Keeps no state; one stream for all purchases.
ensemble::service_definition packing_table();

struct sale {
  std::string id{};
  int price{};
  std::string why{};
};
ensemble::process_definition selling(ensemble::retry_policy retries = {});

/// A runtime with all of it, in memory unless told otherwise.
ensemble::runtime_options in_memory();
void set_up(ensemble::runtime& r, till_switches* switches = nullptr,
            ensemble::retry_policy retries = {});

} // namespace bookshop
