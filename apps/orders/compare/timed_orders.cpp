#include "orders/compare/timed_orders.hpp"

#include <utility>

namespace orders {

namespace {

constexpr std::chrono::hours patience{1};

} // namespace

timed_orders::timed_orders(ensemble::runtime& runtime, const order_generator& generator,
                           std::size_t count)
    : runtime_(runtime), generator_(generator), times_(count) {}

bool timed_orders::wait_for_room(std::size_t limit, std::chrono::milliseconds time) {
  ask_again();
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [&] { return in_flight_ < limit; });
}

void timed_orders::place(std::size_t n) {
  {
    const std::lock_guard lock(mutex_);
    ++in_flight_;
  }
  times_[n].sent = clock::now();
  send(n);
}

// Under one key however often, so a repeat places nothing.
void timed_orders::send(std::size_t n) {
  auto order = generator_.make(n + 1);
  ensemble::send_options options;
  options.idempotency_key = order.order_id;
  runtime_.send("order", std::move(order), options,
                [this, n](const ensemble::receipt* receipt, const ensemble::error* failure) {
                  if (receipt && receipt->refused())
                    return finish(n, "refused: " + *receipt->refusal);
                  if (receipt) return await(n, *receipt);
                  if (failure->code() == ensemble::errc::unknown_outcome)
                    return again(n, std::nullopt);
                  finish(n, failure->what());
                });
}

void timed_orders::await(std::size_t n, const ensemble::receipt& receipt) {
  runtime_.await(receipt, patience, [this, n, receipt](const ensemble::outcome& outcome) {
    switch (outcome.kind) {
    case ensemble::outcome_kind::completed:
    case ensemble::outcome_kind::compensated: return finish(n, {});
    case ensemble::outcome_kind::stuck: return finish(n, "stuck: " + outcome.reason);
    case ensemble::outcome_kind::unknown: return again(n, receipt);
    }
  });
}

void timed_orders::again(std::size_t n, std::optional<ensemble::receipt> receipt) {
  const std::lock_guard lock(mutex_);
  unanswered_.push_back({n, std::move(receipt)});
}

void timed_orders::finish(std::size_t n, const std::string& trouble) {
  times_[n].ended = clock::now();
  {
    const std::lock_guard lock(mutex_);
    --in_flight_;
    ++ended_;
    if (trouble_.empty()) trouble_ = trouble;
  }
  changed_.notify_all();
}

// By the placing thread: whoever is told by a dead actor may be told at once, again and again.
void timed_orders::ask_again() {
  std::vector<unanswered> now;
  {
    const std::lock_guard lock(mutex_);
    now.swap(unanswered_);
  }
  for (const auto& it : now)
    if (it.receipt)
      await(it.order, *it.receipt);
    else
      send(it.order);
}

std::size_t timed_orders::ended() const {
  const std::lock_guard lock(mutex_);
  return ended_;
}

std::string timed_orders::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

} // namespace orders
