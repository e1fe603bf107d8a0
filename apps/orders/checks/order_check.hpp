#pragma once

#include "orders/checks/findings.hpp"
#include "orders/domain/messages.hpp"

#include <ensemble/event.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

namespace orders {

/// Holds the promises of the shop against the events of a journal, in one pass:
///
/// D1  money: authorised - refunded = confirmed, for each order and in total
/// D2  stock, for each item, at every position: never below zero; initial = free + reserved +
///     shipped, with the free units that the item itself tells; an order moves all of its
///     reservation or nothing, and holds none when it has ended
/// D3  one last word an order
/// D4  an order is created once, and nothing happens to one that is not there
///
/// It keeps its own accounts; of an order only while that is open.
class order_check {
public:
  explicit order_check(findings& found) : found_(found) {}

  void feed(const ensemble::recorded_event& e);
  /// After the last event: the totals.
  void finish();

  [[nodiscard]] std::uint64_t created() const noexcept { return created_; }
  [[nodiscard]] std::uint64_t confirmed() const noexcept { return confirmed_; }
  /// Cancelled orders by cause: what stands before the colon in the reason.
  [[nodiscard]] const std::map<std::string, std::uint64_t>& cancelled() const noexcept {
    return cancelled_;
  }
  [[nodiscard]] std::uint64_t open() const noexcept { return open_.size(); }
  [[nodiscard]] money authorised_total() const noexcept { return authorised_; }
  [[nodiscard]] money refunded_total() const noexcept { return refunded_; }
  [[nodiscard]] money confirmed_total() const noexcept { return confirmed_money_; }
  [[nodiscard]] std::int64_t reserved_units() const noexcept { return reserved_units_; }
  [[nodiscard]] std::int64_t shipped_units() const noexcept { return shipped_units_; }

private:
  struct open_order {
    money total{};
    money authorised{};
    money refunded{};
    std::map<std::string, std::int64_t> reserved{};
    bool dispatched = false;
  };
  struct item_account {
    std::int64_t initial = 0;
    stock_level level{};
  };
  enum class movement { reserve, release, dispatch };

  void created(const order_created& e, const ensemble::recorded_event& at);
  void ended(const std::string& order_id, const order_confirmed* confirmed);
  void stocked(const item_stocked& e, const ensemble::recorded_event& at);
  template <class ItemMoved>
  void moved(const ItemMoved& e, movement how, bool last);
  void count(item_account& item, const stock_item& m, movement how, const std::string& order_id);
  void settle(open_order& order, const stock_item& m, movement how, const std::string& order_id);
  open_order* find(const std::string& order_id);
  void report(const char* rule, const std::string& order_id, const std::string& text);

  findings& found_;
  std::unordered_map<std::string, open_order> open_{};
  std::unordered_map<std::string, item_account> items_{};
  std::uint64_t created_ = 0;
  std::uint64_t confirmed_ = 0;
  std::map<std::string, std::uint64_t> cancelled_{};
  money authorised_{};
  money refunded_{};
  money confirmed_money_{};
  std::int64_t reserved_units_ = 0;
  std::int64_t shipped_units_ = 0;
};

} // namespace orders
