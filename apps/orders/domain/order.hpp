#pragma once

#include "orders/domain/mishaps.hpp"
#include "orders/domain/money.hpp"

#include <ensemble/service.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orders {

struct order_line {
  std::string sku{};
  std::int64_t quantity{};
  money price{}; ///< of one unit
};
ENSEMBLE_FIELDS(order_line, sku, quantity, price)

struct place_order {
  std::string order_id{};
  std::optional<std::string> customer{};
  std::vector<order_line> lines{};
};
ENSEMBLE_MESSAGE(place_order, 1, order_id, customer, lines)

struct order_created {
  std::string order_id{};
  std::optional<std::string> customer{};
  std::vector<order_line> lines{};
  money total{};
};
ENSEMBLE_MESSAGE(order_created, 1, order_id, customer, lines, total)

struct confirm_order {
  std::string order_id{};
};
ENSEMBLE_MESSAGE(confirm_order, 1, order_id)

struct order_confirmed {
  std::string order_id{};
  money total{};
};
ENSEMBLE_MESSAGE(order_confirmed, 1, order_id, total)

struct cancel_order {
  std::string order_id{};
  std::string reason{};
};
ENSEMBLE_MESSAGE(cancel_order, 1, order_id, reason)

struct order_cancelled {
  std::string order_id{};
  std::string reason{};
};
ENSEMBLE_MESSAGE(order_cancelled, 1, order_id, reason)

/// The order could be neither confirmed nor cancelled for now. The process does not expect this,
/// and leaves it to an operator.
struct last_word_postponed {
  std::string order_id{};
  std::string reason{};
};
ENSEMBLE_MESSAGE(last_word_postponed, 1, order_id, reason)

enum class order_status { none, placed, confirmed, cancelled };

/// What an order remembers of its events.
struct order {
  order_status status{};
  money total{};
  std::string reason{}; ///< why it was cancelled
  bool postponed{};     ///< its last word failed once

  void apply(const order_created& e);
  void apply(const order_confirmed& e);
  void apply(const order_cancelled& e);
  void apply(const last_word_postponed& e);
};

/// The most lines that an order may have: so many items can be reserved at once.
inline constexpr std::size_t most_lines = ensemble::most_keys;

/// Takes orders, and says the last word about them. One entity an order.
[[nodiscard]] ensemble::service_definition order_service(const mishaps& m = {});

} // namespace orders
