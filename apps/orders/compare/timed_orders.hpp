#pragma once

#include "orders/input/order_generator.hpp"

#include <ensemble/runtime.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace orders {

/// Places orders and notes when each was sent and when it ended. Whoever is told that an outcome
/// is unknown, since an actor died, asks again: a caller would do the same. One thread places; the
/// runtime calls back on others.
class timed_orders {
public:
  using clock = std::chrono::steady_clock;

  /// The runtime must be stopped before this is destroyed.
  timed_orders(ensemble::runtime& runtime, const order_generator& generator, std::size_t count);

  /// Waits until fewer than `limit` are in flight, or for that long; tells which. Asks again.
  [[nodiscard]] bool wait_for_room(std::size_t limit, std::chrono::milliseconds time);
  /// Sends the n-th, from 0.
  void place(std::size_t n);

  [[nodiscard]] std::size_t ended() const;
  /// The first thing that no caller could do anything about, or empty.
  [[nodiscard]] std::string trouble() const;

  struct times {
    clock::time_point sent{};
    clock::time_point ended{};
  };
  /// Of each order; call it when all have ended.
  [[nodiscard]] const std::vector<times>& all() const noexcept { return times_; }

private:
  /// An order to ask about again: its receipt, if it has one.
  struct unanswered {
    std::size_t order = 0;
    std::optional<ensemble::receipt> receipt{};
  };

  void send(std::size_t n);
  void await(std::size_t n, const ensemble::receipt& receipt);
  void again(std::size_t n, std::optional<ensemble::receipt> receipt);
  void finish(std::size_t n, const std::string& trouble);
  void ask_again();

  ensemble::runtime& runtime_;
  const order_generator generator_;
  std::vector<times> times_;
  mutable std::mutex mutex_{};
  std::condition_variable changed_{};
  std::size_t in_flight_ = 0;
  std::size_t ended_ = 0;
  std::vector<unanswered> unanswered_{};
  std::string trouble_{};
};

} // namespace orders
