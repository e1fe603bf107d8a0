#include "orders/driver/driver.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace orders {

using std::chrono::steady_clock;

struct driver::shared_state {
  shared_state(ensemble::runtime& r, std::size_t limit, acknowledged_file* file)
      : runtime(r), concurrency(limit), acknowledged(file) {}

  ensemble::runtime& runtime;
  const std::size_t concurrency;
  acknowledged_file* const acknowledged;
  latencies times{};

  std::mutex mutex{};
  std::condition_variable changed{};
  std::size_t in_flight = 0;
  driver_counts counts{};

  /// Counts an order that is no longer in flight.
  void leave(std::uint64_t driver_counts::*as, const std::string& trouble = {}) {
    {
      const std::lock_guard lock(mutex);
      ++(counts.*as);
      --in_flight;
      if (counts.trouble.empty()) counts.trouble = trouble;
    }
    changed.notify_all();
  }

  void count(std::uint64_t driver_counts::*as) {
    const std::lock_guard lock(mutex);
    ++(counts.*as);
  }
};

namespace {

constexpr std::chrono::hours patience{24 * 365};

} // namespace

driver::driver(ensemble::runtime& runtime, std::size_t concurrency, acknowledged_file* acknowledged)
    : state_(std::make_shared<shared_state>(runtime, concurrency, acknowledged)) {}

driver::~driver() = default;

bool driver::wait_for_room(std::chrono::milliseconds limit) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, limit,
                                  [&] { return state_->in_flight < state_->concurrency; });
}

bool driver::wait_for_all(std::chrono::milliseconds limit) {
  std::unique_lock lock(state_->mutex);
  return state_->changed.wait_for(lock, limit, [&] { return state_->in_flight == 0; });
}

void driver::place(place_order order) {
  {
    const std::lock_guard lock(state_->mutex);
    ++state_->in_flight;
  }
  const auto began = steady_clock::now();
  const auto ended = [s = state_, began](const ensemble::outcome& outcome) {
    switch (outcome.kind) {
    case ensemble::outcome_kind::completed:
    case ensemble::outcome_kind::compensated:
      s->times.add(steady_clock::now() - began);
      return s->leave(&driver_counts::ended);
    case ensemble::outcome_kind::stuck: return s->leave(&driver_counts::stuck, outcome.reason);
    case ensemble::outcome_kind::unknown: return s->leave(&driver_counts::unknown);
    }
  };
  const auto answered = [s = state_, ended, id = order.order_id](const ensemble::receipt* receipt,
                                                                 const ensemble::error* failure) {
    if (failure)
      return s->leave(&driver_counts::unknown,
                      failure->code() == ensemble::errc::unknown_outcome ? "" : failure->what());
    if (receipt->refused())
      return s->leave(&driver_counts::refused, "order " + id + " refused: " + *receipt->refusal);
    try {
      if (s->acknowledged) s->acknowledged->add(id, receipt->events.at(0).position);
      s->count(receipt->repeated ? &driver_counts::repeated : &driver_counts::placed);
      s->runtime.await(*receipt, patience, ended);
    } catch (const std::exception& e) {
      s->leave(&driver_counts::unknown, e.what());
    }
  };
  ensemble::send_options options;
  options.idempotency_key = order.order_id;
  try {
    state_->runtime.send("order", std::move(order), options, answered);
  } catch (const ensemble::error& e) {
    state_->leave(&driver_counts::unknown, e.what());
  }
}

driver_counts driver::counts() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counts;
}

const latencies& driver::times() const { return state_->times; }

} // namespace orders
