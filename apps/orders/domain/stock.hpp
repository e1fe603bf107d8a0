#pragma once

#include "orders/domain/mishaps.hpp"

#include <ensemble/service.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace orders {

struct stock_item {
  std::string sku{};
  std::int64_t quantity{};
};
ENSEMBLE_FIELDS(stock_item, sku, quantity)

/// Before anything of an item moves: how many units of it there are to begin with.
struct item_stocked {
  std::string sku{};
  std::int64_t units{};
};
ENSEMBLE_MESSAGE(item_stocked, 1, sku, units)

/// Reserves all items of an order, or none. Names each item once.
struct reserve_stock {
  std::string order_id{};
  std::vector<stock_item> items{};
};
ENSEMBLE_MESSAGE(reserve_stock, 1, order_id, items)

/// Units of one item are set aside for an order; so many are free afterwards.
struct item_reserved {
  std::string order_id{};
  std::string sku{};
  std::int64_t quantity{};
  std::int64_t free{};
};
ENSEMBLE_MESSAGE(item_reserved, 1, order_id, sku, quantity, free)

struct stock_rejected {
  std::string order_id{};
  std::string reason{};
};
ENSEMBLE_MESSAGE(stock_rejected, 1, order_id, reason)

/// Frees what was reserved for the order, of all its items.
struct release_stock {
  std::string order_id{};
  std::vector<std::string> skus{};
};
ENSEMBLE_MESSAGE(release_stock, 1, order_id, skus)

struct item_released {
  std::string order_id{};
  std::string sku{};
  std::int64_t quantity{};
  std::int64_t free{};
};
ENSEMBLE_MESSAGE(item_released, 1, order_id, sku, quantity, free)

/// The parcel has left: what was reserved for the order is no longer in the house.
struct dispatch_stock {
  std::string order_id{};
  std::vector<std::string> skus{};
};
ENSEMBLE_MESSAGE(dispatch_stock, 1, order_id, skus)

struct item_dispatched {
  std::string order_id{};
  std::string sku{};
  std::int64_t quantity{};
  std::int64_t free{};
};
ENSEMBLE_MESSAGE(item_dispatched, 1, order_id, sku, quantity, free)

/// Units of one item: free + reserved + shipped is what there was at first.
struct stock_level {
  std::int64_t free{};
  std::int64_t reserved{};
  std::int64_t shipped{};
};

/// What one item remembers of its events: its level, and the reservations that are open. So it does
/// not grow with the orders that are done.
struct stock {
  bool stocked = false; ///< until then there is what the service was told of
  stock_level level{};
  std::map<std::string, std::int64_t> reservations{}; ///< units, by order

  void apply(const item_stocked& e);
  void apply(const item_reserved& e);
  void apply(const stock_rejected& e);
  void apply(const item_released& e);
  void apply(const item_dispatched& e);
};

/// The stock of the shop: one entity an item. A command concerns all items of an order, and moves
/// all or none. An item is stocked, with so many units, by the first order that reserves it.
[[nodiscard]] ensemble::service_definition stock_service(std::int64_t units_an_item,
                                                         const mishaps& m = {});

} // namespace orders
