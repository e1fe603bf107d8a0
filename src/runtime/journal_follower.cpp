#include "runtime/journal_follower.hpp"
#include "model/planted_bug.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace ensemble::internal {

void journal_follower::start(position seen, const directory& now) {
  seen_ = seen;
  read_on(now);
}

void journal_follower::start_live(position head, const directory& now) {
  seen_ = head;
  live_again(now);
}

void journal_follower::follow(const batch_ptr& batch, const directory& now) {
  if (paused_) return;
  const bool missed = batch->from.value > seen_.value + 1 && !ENSEMBLE_PLANTED(gap_not_read);
  if (state_ != state::live || missed) {
    kept_.push_back(batch);
    if (kept_.size() > most_kept) kept_.pop_front();
    if (state_ == state::live) read_on(now);
  } else if (batch->to > seen_) {
    take(batch);
  }
}

bool journal_follower::page_read(const journal_page& page, const directory& now) {
  if ((page.tag & own_tag) == 0) return false;
  if (state_ != state::reading || page.tag != asked_) return true; // of a reader that is gone
  if (!page.events->empty()) {
    auto batch = std::make_shared<committed_batch>();
    batch->events = *page.events;
    batch->from = batch->events.front().position;
    batch->to = batch->events.back().position;
    batch->types = types_of(batch->events);
    take(batch);
  }
  if (page.complete || paused_)
    live_again(now);
  else
    read_on(now);
  return true;
}

void journal_follower::resume(const directory& now) {
  if (!std::exchange(paused_, false) || state_ != state::live) return;
  read_on(now); // what came meanwhile was dropped
}

void journal_follower::reader_replaced(const directory& now) {
  if (state_ == state::reading) read_on(now);
}

void journal_follower::clear() {
  state_ = state::waiting;
  take_ = {};
  kept_.clear();
}

void journal_follower::take(const batch_ptr& batch) {
  take_(batch);
  seen_ = std::max(seen_, batch->to);
}

void journal_follower::read_on(const directory& now) {
  state_ = state::reading;
  asked_ = (asked_ + 1) | own_tag;
  auto range = std::make_shared<read_request>();
  range->what = read_request::kind::range;
  range->from = {seen_.value + 1};
  range->tag = asked_;
  self_->send(now.reader, read_journal{std::move(range), caf::actor_cast<caf::actor>(self_)});
}

void journal_follower::live_again(const directory& now) {
  state_ = state::live;
  for (const auto& batch : std::exchange(kept_, {})) follow(batch, now);
}

} // namespace ensemble::internal
