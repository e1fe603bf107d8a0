#pragma once

#include "orders/checks/findings.hpp"
#include "orders/gateway/gateway_file.hpp"

#include <ensemble/event.hpp>

#include <cstdint>
#include <string>
#include <unordered_map>

namespace orders {

/// Holds the gateway's file against the journal: two books of the same money, kept apart (rule G3,
/// for effects outside). Every authorised payment has one charge under its command's id, every
/// refund one refund; a voided one took nothing; and when no order is open, no charge is left that
/// the journal does not know. Keeps the whole file in memory.
class ledger_check {
public:
  /// Throws as read_gateway_file does.
  ledger_check(const std::string& path, findings& found);

  void feed(const ensemble::recorded_event& e);
  /// After the last event. `quiet`: no order is open, so every operation must have its outcome.
  void finish(bool quiet);
  [[nodiscard]] std::uint64_t operations() const noexcept { return operations_; }

private:
  struct account {
    gateway_operation operation = gateway_operation::cancel;
    std::string order_id{};
    money amount{};
    bool cancelled = false;
    bool known = false; ///< its outcome stands in the journal
  };
  void expect(const ensemble::recorded_event& e, gateway_operation operation,
              const std::string& order_id, money amount);

  findings& found_;
  std::unordered_map<std::string, account> accounts_{}; ///< by key
  std::uint64_t operations_ = 0;
};

} // namespace orders
