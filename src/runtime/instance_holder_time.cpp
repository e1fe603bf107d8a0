#include "runtime/instance_holder.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

// A holder's callers that wait for an outcome, its timers, and its book.

namespace ensemble::internal {

namespace {
constexpr auto book_every = std::chrono::seconds(1);
} // namespace

void instance_holder::await(const await_outcome& what) {
  const auto at = instances_.find(what.id);
  if (at != instances_.end() && is_known_stuck(at->second)) {
    tell(what.callback, stuck_outcome(what.id));
    return;
  }
  const auto number = next_waiter_++;
  waiting_.emplace(what.id, waiter{number, what.deadline, what.callback});
  timers_.insert({what.deadline, what.id, number});
  if (at != instances_.end() || start_of(what.id) > follower_.seen()) return;
  read_instance(what.id);
}

void instance_holder::answer(instance_id id, const outcome& result) {
  const auto [first, last] = waiting_.equal_range(id);
  for (auto at = first; at != last; ++at) {
    timers_.erase({at->second.deadline, id, at->second.number});
    tell(at->second.callback, result);
  }
  waiting_.erase(first, last);
}

void instance_holder::tell(std::shared_ptr<exactly_once<const outcome&>> callback,
                           const outcome& result) {
  env().gate.pass([callback = std::move(callback), result] { (*callback)(result); });
}

void instance_holder::wake_at(instance_id id, running& r, std::optional<timestamp> at) {
  if (r.wake) timers_.erase({*r.wake, id, 0});
  r.wake = at;
  if (at) timers_.insert({*at, id, 0});
}

void instance_holder::tick() {
  const auto time = now();
  if (follower_.live())
    while (!timers_.empty() && timers_.begin()->at <= time) fire(*timers_.begin());
  resume_some();
  if (time - last_book_ < book_every) return;
  last_book_ = time;
  count_outside_events();
  write_book();
}

void instance_holder::fire(timer due) {
  timers_.erase(due);
  if (due.number == 0) {
    auto& r = instances_.at(due.id);
    if (!r.active)
      to_resume_.push_front(due.id); // after a long pause there may be many
    else if (r.at_work())
      wake(r);
    return;
  }
  const auto [first, last] = waiting_.equal_range(due.id);
  const auto at = std::find_if(
      first, last, [&](const auto& entry) { return entry.second.number == due.number; });
  const auto late = std::move(at->second.callback);
  waiting_.erase(at);
  (*late)({outcome_kind::unknown, {}, due.id});
}

// Resending after a restart is paced, so that it does not drown new work.
void instance_holder::resume_some() {
  if (to_resume_.empty()) return;
  const auto rate = static_cast<double>(env().options.recovery_rate);
  resume_allowance_ += rate * std::chrono::duration<double>(tick_every).count();
  while (!to_resume_.empty() && (rate == 0 || resume_allowance_ >= 1)) {
    resume_allowance_ -= 1;
    const auto at = instances_.find(to_resume_.front());
    if (at != instances_.end() && !at->second.active) load(at->first, at->second);
    to_resume_.pop_front();
  }
}

void instance_holder::count_outside_events() {
  gauges_.outside_kept.set(outside_.kept_count());
  gauges_.outside_parked.set(outside_.parked_count());
  for (const auto at : outside_.take_forgotten())
    log().warn("the outside event at position {} is let go of: nobody awaited it, and more than {} "
               "are kept",
               at.value, env().options.kept_outside_events);
}

void instance_holder::write_book() {
  if (std::exchange(book_refused_, false) && unconfirmed_) send_book();
  if (unconfirmed_ || !follower_.live()) return;
  auto changes = book_.checkpoint(follower_.seen(), [this](instance_id id) { return row_of(id); });
  falling_asleep_.clear();
  for (const auto& change : outside_.take_changes()) {
    changes.books.push_back(make_change(change));
    if (change.open && !change.parked_because.empty())
      log().warn("the outside event at position {} is parked: {}", change.at.value,
                 change.parked_because);
  }
  if (changes.books.empty()) return;
  unconfirmed_ = std::move(changes);
  send_book();
}

void instance_holder::send_book() {
  auto job = std::make_shared<append_job>();
  job->request = *unconfirmed_;
  job->from = caf::actor_cast<caf::actor>(this);
  job->tag = book_tag;
  send(directory_->writer, append_to_journal{std::move(job)});
}

} // namespace ensemble::internal
