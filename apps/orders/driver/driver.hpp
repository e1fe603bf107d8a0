#pragma once

#include "orders/domain/messages.hpp"
#include "orders/driver/latencies.hpp"

#include <ensemble/history_file.hpp>
#include <ensemble/runtime.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace orders {

/// What became of the orders that a driver placed.
struct driver_counts {
  std::uint64_t placed = 0;   ///< receipts for new orders
  std::uint64_t repeated = 0; ///< receipts for orders that had been placed before
  std::uint64_t refused = 0;  ///< by the order service
  std::uint64_t ended = 0;    ///< completed or compensated
  std::uint64_t stuck = 0;
  std::uint64_t unknown = 0; ///< the runtime stopped first
  std::string trouble{};     ///< the first thing that went wrong
};

/// Places orders and keeps some in flight: an order is in flight from its sending until its
/// process has ended or is stuck. Nothing here waits for one order; the runtime calls back.
class driver {
public:
  /// The runtime must have been started, and must be stopped before the driver is destroyed.
  /// `evidence` may be null.
  driver(ensemble::runtime& runtime, std::size_t concurrency, ensemble::history_writer* evidence);
  ~driver();
  driver(const driver&) = delete;
  driver& operator=(const driver&) = delete;

  /// Waits until another order may be in flight, or for that long; tells which.
  [[nodiscard]] bool wait_for_room(std::chrono::milliseconds limit);
  /// Sends the order, under its id as the idempotency key. Call wait_for_room before.
  void place(place_order order);
  /// Waits until no order is in flight, or for that long; tells which.
  [[nodiscard]] bool wait_for_all(std::chrono::milliseconds limit);

  [[nodiscard]] driver_counts counts() const;
  /// From sending an order until its process has ended.
  [[nodiscard]] const latencies& times() const;

private:
  struct shared_state;
  std::shared_ptr<shared_state> state_; ///< with every callback that is still to come
};

} // namespace orders
