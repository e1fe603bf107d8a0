#include "model/executor.hpp"

#include "model/planted_bug.hpp"

#include <algorithm>

namespace ensemble {

namespace {

/// How long a recorded deadline may take to come back as an event before it is recorded again.
constexpr duration record_again = std::chrono::seconds(5);
/// Closes are repeated for ever (an unknown outcome is never given up), at growing distances.
constexpr duration longest_close_delay = std::chrono::seconds(60);

void wake_at(executor_actions& out, timestamp at) {
  if (!out.wake || at < *out.wake) out.wake = at;
}

duration answer_limit(const instance& i, const due_command& c, int resent) {
  auto limit = attempt_limit(*i.definition, c.step);
  if (c.direction != direction::close) return limit;
  for (int n = 0; n < resent && limit < longest_close_delay; ++n) limit *= 2;
  return std::min(limit, longest_close_delay);
}

} // namespace

executor_actions executor::act(const instance& i, timestamp now) {
  executor_actions out;
  // Resending is paced: the grace runs from here, where everything is given again.
  if (recovered_at_ && !acted_) recovered_at_ = std::max(*recovered_at_, now);
  acted_ = true;
  const auto commands = due(i);
  std::erase_if(given_, [&](const given& g) {
    return std::ranges::none_of(commands, [&](const due_command& c) { return c.id == g.id; });
  });
  others_at_work_ = false;
  for (const auto& c : commands)
    if (!role_->acts_for || role_->acts_for(c.service))
      act_on(i, c, now, out);
    else
      leave_to_others(c, now, out);
  if (role_->keeps_deadlines) fire_deadlines(i, now, out);
  return out;
}

void executor::leave_to_others(const due_command& c, timestamp now, executor_actions& out) {
  const bool delayed = c.not_before > now && c.failed_attempts == c.forgiven_attempts;
  if (delayed)
    wake_at(out, c.not_before);
  else
    others_at_work_ = !ENSEMBLE_PLANTED(idle_alone);
}

void executor::act_on(const instance& i, const due_command& c, timestamp now,
                      executor_actions& out) {
  auto* g = find(c.id);
  const bool new_attempt =
      g && (c.failed_attempts != g->failed_attempts || c.retries != g->retries);
  if (!g || new_attempt || g->lost) {
    if (c.not_before > now) {
      if (!ENSEMBLE_PLANTED(no_wake)) wake_at(out, c.not_before);
      return;
    }
    give(c, g || recovered_at_ || c.failed_attempts > 0 || c.retries > 0, now, out);
    wake_at(out, now + answer_limit(i, c, find(c.id)->resent));
    return;
  }
  const auto limit = answer_limit(i, c, g->resent);
  if (!g->failed && now < g->at + limit) {
    wake_at(out, g->at + limit);
    return;
  }
  if (c.direction == direction::close) {
    ++g->resent;
    if (g->failed && now < g->at + limit) { // refused for now: not in a tight loop
      g->failed = false;
      wake_at(out, g->at + limit);
      return;
    }
    give(c, true, now, out);
  } else {
    const auto reason = g->failed ? g->reason : std::string("no answer in time");
    out.record.push_back(make_attempt_failed(i, c, now, reason));
    g->at = now; // recorded again if the event does not come back
    g->failed = false;
  }
  wake_at(out, now + answer_limit(i, c, find(c.id)->resent));
}

void executor::give(const due_command& c, bool repeat, timestamp now, executor_actions& out) {
  out.send.push_back({c, repeat});
  auto* g = find(c.id);
  if (!g) {
    given_.push_back({});
    g = &given_.back();
    g->id = c.id;
    g->service = c.service;
  }
  g->at = now;
  g->failed_attempts = c.failed_attempts;
  g->retries = c.retries;
  g->lost = false;
  g->failed = false;
}

// A deadline is not to pass because those whose commands it limits were away.
timestamp executor::hold_back(const due_deadline& d, timestamp now) const {
  auto at = d.at;
  if (recovered_at_) at = std::max(at, *recovered_at_ + role_->recovery_grace);
  if (!role_->others_resumed) return at;
  const auto resumed = role_->others_resumed();
  if (!resumed) return std::max(at, now + role_->recovery_grace);
  return d.runs_from < *resumed ? std::max(at, *resumed + role_->recovery_grace) : at;
}

void executor::fire_deadlines(const instance& i, timestamp now, executor_actions& out) {
  for (auto& d : deadlines(i)) {
    auto at = hold_back(d, now);
    const auto seen =
        std::ranges::find(recorded_, d.event.id, &decltype(recorded_)::value_type::first);
    if (seen != recorded_.end()) at = std::max(at, seen->second + record_again);
    if (now < at) {
      wake_at(out, at);
      continue;
    }
    if (seen != recorded_.end())
      seen->second = now;
    else
      recorded_.emplace_back(d.event.id, now);
    wake_at(out, now + record_again);
    out.record.push_back(std::move(d.event));
  }
}

void executor::attempt_failed(command_id id, std::string reason) {
  if (auto* g = find(id)) {
    g->failed = true;
    g->reason = std::move(reason);
  }
}

void executor::forget(std::string_view service) {
  for (auto& g : given_)
    if (g.service == service) g.lost = true;
}

executor::given* executor::find(command_id id) {
  const auto at = std::ranges::find(given_, id, &given::id);
  return at == given_.end() ? nullptr : &*at;
}

} // namespace ensemble
