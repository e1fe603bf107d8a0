#include "runtime/subscription_progress.hpp"

#include "model/instance.hpp"
#include "model/planted_bug.hpp"
#include "runtime/subscription_book.hpp"

#include <algorithm>

namespace ensemble::internal {

std::string order_key_of(const recorded_event& event, order_key by) {
  if (ENSEMBLE_PLANTED(order_key_ignored)) return to_string(event.id);
  if (by == order_key::correlation && event.origin.correlation)
    return to_string(event.origin.correlation);
  return event.stream;
}

void subscription_progress::restore(position checkpoint) {
  seen_ = checkpoint_ = checkpoint_in_flight_ = checkpoint;
}

void subscription_progress::restore(const parked_event& row) {
  auto& in = line_of(row.order_key);
  in.parked.insert(row.position);
  parked_[row.position] = {&in, row.attempts};
  restored_to_ = std::max(restored_to_, row.position);
}

subscription_progress::line& subscription_progress::line_of(const std::string& key) {
  const auto [at, fresh] = lines_.try_emplace(key);
  if (fresh) at->second.key = key;
  return at->second;
}

void subscription_progress::take(const recorded_event& event, timestamp now) {
  // Parked before a crash, behind one that was still open.
  if (event.position <= seen_ || parked_.contains(event.position)) return;
  auto& in = line_of(order_key_of(event, settings_.ordered_by));
  open_[event.position].event = std::make_shared<recorded_event>(event);
  in.waiting.push_back(event.position);
  if (!in.redriving) park_behind(in, now);
  queue(in);
}

void subscription_progress::looked_at(position to) {
  seen_ = std::max(seen_, to);
  if (!taken_again()) return;
  for (const auto& [of, callback] : std::exchange(early_redrives_, {})) redrive(of, callback);
}

// --- who is next ---

bool subscription_progress::parked_first(const line& of) {
  // One before it was handled already when it is taken again after a crash.
  return !of.parked.empty() && (of.waiting.empty() || *of.parked.begin() < of.waiting.front());
}

void subscription_progress::queue(line& of) {
  if (of.at_work || of.queued) return;
  if (of.parked.empty() && of.waiting.empty()) {
    lines_.erase(std::string(of.key)); // a copy: the key goes with the line
  } else if (of.redriving || !parked_first(of)) {
    of.queued = true;
    ready_.push_back(&of);
  }
}

std::optional<assignment> subscription_progress::next(timestamp now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    ready_.push_back(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
  }
  if (ready_.empty() || running_.size() >= settings_.workers) return std::nullopt;
  auto& of = *ready_.front();
  ready_.pop_front();
  of.queued = false;
  of.at_work = true;
  assignment made;
  made.order_key = of.key;
  if (parked_first(of)) {
    made.position = *of.parked.begin();
    made.attempt = parked_.at(made.position).attempts + of.failed_again + 1;
  } else {
    const auto& front = open_.at(made.position = of.waiting.front());
    made.attempt = front.failed_attempts + 1;
    made.event = front.event;
  }
  running_[made.position.value] = &of;
  return made;
}

std::optional<timestamp> subscription_progress::wake() const {
  if (delayed_.empty()) return std::nullopt;
  return delayed_.begin()->first;
}

void subscription_progress::handled(position at) {
  auto& of = *running_.extract(at.value).mapped();
  of.at_work = false;
  ++handled_;
  open_.erase(at); // a parked one is there until its row was written
  if (parked_.erase(at) > 0) {
    of.parked.erase(at);
    of.failed_again = 0;
    changes_[at] = std::nullopt;
    for (const auto& run : of.runs) ++run->report.handled;
    if (of.parked.empty()) end_redrive(of);
  } else {
    of.waiting.pop_front();
  }
  queue(of);
}

void subscription_progress::failed(const recorded_event& event, const std::string& cause,
                                   timestamp now) {
  if (ENSEMBLE_PLANTED(poison_dropped)) return handled(event.position);
  auto& of = *running_.extract(event.position.value).mapped();
  of.at_work = false;
  const auto parked = parked_.find(event.position);
  const bool again = parked != parked_.end();
  const int before = again ? parked->second.attempts : 0;
  const int n = again ? ++of.failed_again : ++open_.at(event.position).failed_attempts;
  if (n < settings_.retries.attempts) {
    delay(of, event, n, now);
    return;
  }
  if (!again) of.waiting.pop_front();
  park(of, event, before + n, cause, now);
  end_redrive(of);
  park_behind(of, now);
}

void subscription_progress::delay(line& of, const recorded_event& event, int failed_attempts,
                                  timestamp now) {
  ++retried_;
  of.queued = true;
  const auto id = command_id::of(event.id.head(), event.id.tail());
  delayed_.emplace(now + retry_delay(settings_.retries, failed_attempts, id), &of);
}

// --- what is parked ---

void subscription_progress::park(line& in, const recorded_event& event, int attempts,
                                 const std::string& cause, timestamp now) {
  in.parked.insert(event.position);
  parked_[event.position] = {&in, attempts};
  changes_[event.position] = parked_event{
      event.position, std::string(event.body.name()), event.stream, in.key, cause, attempts, now};
  if (const auto at = open_.find(event.position); at != open_.end()) at->second.parked = true;
}

void subscription_progress::park_behind(line& in, timestamp now) {
  if (in.parked.empty()) return;
  const auto first = *in.parked.begin();
  const auto behind = std::ranges::upper_bound(in.waiting, first);
  const auto cause = "behind position " + std::to_string(first.value);
  for (auto at = behind; at != in.waiting.end(); ++at)
    park(in, *open_.at(*at).event, 0, cause, now);
  in.waiting.erase(behind, in.waiting.end());
}

void subscription_progress::redrive(position of,
                                    const std::shared_ptr<redrive_callback>& callback) {
  if (!taken_again()) {
    early_redrives_.emplace_back(of, callback);
    return;
  }
  auto run = std::make_shared<redrive_run>();
  run->callback = callback;
  std::vector<line*> chosen;
  if (const auto at = parked_.find(of); at != parked_.end()) {
    chosen.push_back(at->second.of);
  } else if (of == position{}) {
    for (const auto& [position, entry] : parked_)
      if (*entry.of->parked.begin() == position) chosen.push_back(entry.of);
  }
  run->open_lines = chosen.size();
  if (chosen.empty()) ended_.push_back(run);
  for (auto* in : chosen) {
    in->runs.push_back(run);
    in->redriving = true;
    queue(*in);
  }
}

void subscription_progress::end_redrive(line& in) {
  in.redriving = false;
  in.failed_again = 0;
  for (const auto& run : in.runs) {
    run->report.still_parked += in.parked.size();
    if (--run->open_lines == 0) ended_.push_back(run);
  }
  in.runs.clear();
}

void subscription_progress::drop_redrives() {
  early_redrives_.clear();
  for (auto& [key, in] : lines_)
    for (const auto& run : in.runs) run->callback.reset();
  ended_.clear();
  ended_in_flight_.clear();
}

// --- what is recorded ---

position subscription_progress::done() const noexcept {
  return open_.empty() ? seen_ : position{open_.begin()->first.value - 1};
}

std::vector<book_change> subscription_progress::changes() {
  std::vector<book_change> made;
  const auto open = std::ranges::find_if(open_, [](auto& e) { return !e.second.parked; });
  const auto up_to = open == open_.end() || ENSEMBLE_PLANTED(checkpoint_before_effect)
                         ? seen_
                         : position{open->first.value - 1};
  // Never back: what was parked behind an open one is not taken again.
  checkpoint_in_flight_ = std::max(up_to, checkpoint_);
  rows_in_flight_.clear();
  for (const auto& [at, row] : changes_) {
    made.push_back(row ? make_change(settings_.name, *row) : make_end(settings_.name, at));
    if (row) rows_in_flight_.push_back(at);
  }
  changes_.clear();
  ended_in_flight_ = std::exchange(ended_, {});
  if (!made.empty() || checkpoint_in_flight_ != checkpoint_)
    made.push_back(make_subscription_checkpoint(settings_.name, checkpoint_in_flight_));
  if (made.empty()) written(); // who asked for nothing is answered
  return made;
}

void subscription_progress::written() {
  checkpoint_ = checkpoint_in_flight_;
  for (const auto at : std::exchange(rows_in_flight_, {})) {
    const auto open = open_.find(at);
    if (open != open_.end() && open->second.parked) open_.erase(open);
  }
  for (const auto& run : std::exchange(ended_in_flight_, {}))
    if (run->callback) (*run->callback)(&run->report, nullptr);
}

} // namespace ensemble::internal
