#include "orders/driver/driver.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace orders {

using std::chrono::steady_clock;

struct driver::shared_state {
  shared_state(ensemble::runtime& r, std::size_t limit, ensemble::history_writer* file)
      : runtime(r), concurrency(limit), evidence(file) {}

  ensemble::runtime& runtime;
  const std::size_t concurrency;
  ensemble::history_writer* const evidence;
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

/// One order's command, as the evidence tells of it.
class noted_command {
public:
  /// Notes that it is about to be given. `evidence` may be null.
  noted_command(ensemble::history_writer* evidence, const std::string& order_id)
      : evidence_(evidence) {
    if (!evidence_) return;
    command_.service = "order";
    command_.command = ensemble::type_of<place_order>().name;
    command_.idempotency_key = order_id;
    command_.id = ensemble::caller_command_id(command_.service, order_id);
    number_ = evidence_->asked(command_);
  }
  void told(const ensemble::receipt* receipt, const ensemble::error* failure) {
    if (!evidence_) return;
    ensemble::note_answer(command_, receipt, failure, 0); // the line's place says when
    evidence_->told(number_, command_);
  }

private:
  ensemble::history_writer* evidence_;
  ensemble::asked_command command_{};
  std::uint64_t number_ = 0;
};

} // namespace

driver::driver(ensemble::runtime& runtime, std::size_t concurrency,
               ensemble::history_writer* evidence)
    : state_(std::make_shared<shared_state>(runtime, concurrency, evidence)) {}

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
  const auto noted = std::make_shared<noted_command>(state_->evidence, order.order_id);
  const auto answered = [s = state_, ended, noted, id = order.order_id](
                            const ensemble::receipt* receipt, const ensemble::error* failure) {
    try {
      noted->told(receipt, failure);
    } catch (const std::exception& e) {
      return s->leave(&driver_counts::unknown, e.what());
    }
    if (failure)
      return s->leave(&driver_counts::unknown,
                      failure->code() == ensemble::errc::unknown_outcome ? "" : failure->what());
    if (receipt->refused())
      return s->leave(&driver_counts::refused, "order " + id + " refused: " + *receipt->refusal);
    try {
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
    noted->told(nullptr, &e);
    state_->leave(&driver_counts::unknown, e.what());
  }
}

driver_counts driver::counts() const {
  const std::lock_guard lock(state_->mutex);
  return state_->counts;
}

const latencies& driver::times() const { return state_->times; }

} // namespace orders
