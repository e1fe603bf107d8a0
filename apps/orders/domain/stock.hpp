#pragma once

#include "orders/domain/mishaps.hpp"

#include <ensemble/service.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace orders {

struct stock_item {
  std::string sku{};
  std::int64_t quantity{};
};
ENSEMBLE_FIELDS(stock_item, sku, quantity)

/// Units of one item that moved, and how many are free afterwards.
struct stock_movement {
  std::string sku{};
  std::int64_t quantity{};
  std::int64_t free{};
};
ENSEMBLE_FIELDS(stock_movement, sku, quantity, free)

/// Fills a warehouse: so many units of whatever item is ever asked for.
struct open_warehouse {
  std::string warehouse{};
  std::int64_t units_an_item{};
};
ENSEMBLE_MESSAGE(open_warehouse, 1, warehouse, units_an_item)

struct warehouse_opened {
  std::string warehouse{};
  std::int64_t units_an_item{};
};
ENSEMBLE_MESSAGE(warehouse_opened, 1, warehouse, units_an_item)

struct reserve_stock {
  std::string warehouse{};
  std::string order_id{};
  std::vector<stock_item> items{};
};
ENSEMBLE_MESSAGE(reserve_stock, 1, warehouse, order_id, items)

struct stock_reserved {
  std::string order_id{};
  std::vector<stock_movement> moved{};
};
ENSEMBLE_MESSAGE(stock_reserved, 1, order_id, moved)

struct stock_rejected {
  std::string order_id{};
  std::string reason{};
};
ENSEMBLE_MESSAGE(stock_rejected, 1, order_id, reason)

struct release_stock {
  std::string warehouse{};
  std::string order_id{};
};
ENSEMBLE_MESSAGE(release_stock, 1, warehouse, order_id)

struct stock_released {
  std::string order_id{};
  std::vector<stock_movement> moved{};
};
ENSEMBLE_MESSAGE(stock_released, 1, order_id, moved)

/// The parcel has left: what was reserved for the order is no longer in the house.
struct dispatch_stock {
  std::string warehouse{};
  std::string order_id{};
};
ENSEMBLE_MESSAGE(dispatch_stock, 1, warehouse, order_id)

struct stock_dispatched {
  std::string order_id{};
  std::vector<stock_movement> moved{};
};
ENSEMBLE_MESSAGE(stock_dispatched, 1, order_id, moved)

/// Units of one item: free + reserved + shipped is what there was at first.
struct stock_level {
  std::int64_t free{};
  std::int64_t reserved{};
  std::int64_t shipped{};
};

/// What a warehouse remembers of its events: a level for each item that was ever asked for, and
/// the reservations that are open. So it does not grow with the orders that are done.
struct stock {
  std::optional<std::int64_t> units_an_item{}; ///< none: the warehouse is not open
  std::map<std::string, stock_level> levels{};
  std::map<std::string, std::vector<stock_item>> reservations{}; ///< by order

  [[nodiscard]] stock_level level(const std::string& sku) const;

  void apply(const warehouse_opened& e);
  void apply(const stock_reserved& e);
  void apply(const stock_rejected& e);
  void apply(const stock_released& e);
  void apply(const stock_dispatched& e);

private:
  stock_level& level_of(const std::string& sku);
};

/// Reserves all lines of an order at once or none. One entity a warehouse.
[[nodiscard]] ensemble::service_definition stock_service(const mishaps& m = {});

} // namespace orders
