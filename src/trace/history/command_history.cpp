#include "trace/history/command_history.hpp"

#include "model/engine_messages.hpp"
#include "trace/history/told_body.hpp"

#include <ensemble/causation.hpp>

#include <algorithm>

namespace ensemble::trace {

namespace {

template <class Event>
bool is_named(const message& body) {
  return body.name() == type_of<Event>().name;
}

/// Journals may be read without types.
std::string reason_of(const message& rejected) {
  const auto& type = type_of<engine::command_rejected>();
  const auto body = rejected.type() ? rejected : message::decode(type, rejected.text());
  return body.as<engine::command_rejected>().reason;
}

bool answered(const asked_command& a) {
  return a.answer == told_answer::ok || a.answer == told_answer::refused;
}

bool same_event(const recorded_event& a, const recorded_event& b) {
  return a.position == b.position && a.stream == b.stream && a.version == b.version &&
         a.id == b.id && a.index == b.index && a.last == b.last && same_body(a.body, b.body);
}

bool same_answer(const asked_command& a, const asked_command& b) {
  return a.answer == b.answer && a.refusal == b.refusal && a.stream == b.stream &&
         std::ranges::equal(a.events, b.events, same_event);
}

} // namespace

command_history::command_history(const std::vector<asked_command>& all, bool complete,
                                 std::function<bool(const recorded_event&)> others,
                                 history_findings& found)
    : all_(all), complete_(complete), others_(std::move(others)), found_(found) {
  for (std::size_t n = 0; n < all.size(); ++n) {
    const auto& a = all[n];
    if (a.id)
      groups_[a.id].asks.push_back(n);
    else if (answered(a))
      found_.add("S1", name(n) + " was answered without saying which command that was");
    else if (a.answer != told_answer::turned_away)
      ++nameless_[a.service];
    for (std::size_t k = 0; k < a.events.size(); ++k) told_.push_back({a.events[k].position, n, k});
  }
  std::ranges::sort(told_, {}, &told_event::at);
}

void command_history::take(const recorded_event& e) {
  hold_told(e);
  const auto known = groups_.find(e.command());
  if (known != groups_.end())
    outcome_of(known->second, e);
  else if (complete_ && kind_of(e) == cause_kind::caller && e.index == 0 && !others_(e))
    not_asked(e);
}

void command_history::not_asked(const recorded_event& e) {
  const auto budget = nameless_.find(category_of(e.stream));
  if (budget != nameless_.end() && budget->second > 0)
    --budget->second;
  else
    found_.add("S3",
               "'" + std::string(e.body.name()) + "' of " + e.stream + " stands at " +
                   std::to_string(e.position.value) + ", and nobody asked for it",
               e.position);
}

void command_history::outcome_of(group& g, const recorded_event& e) {
  const auto again =
      std::ranges::find(g.indices, e.index, &std::pair<std::uint32_t, position>::first);
  if (again != g.indices.end()) {
    found_.add("S8",
               name(g.asks.front()) + " has two outcomes: at " +
                   std::to_string(again->second.value) + " and at " +
                   std::to_string(e.position.value),
               e.position);
    return;
  }
  g.indices.emplace_back(e.index, e.position);
  if (e.index == 0 && g.first_name.empty()) {
    g.first_name = e.body.name();
    if (is_named<engine::command_rejected>(e.body)) g.refusal = reason_of(e.body);
  }
  g.events.push_back(e.position);
}

void command_history::hold_told(const recorded_event& e) {
  for (; next_ < told_.size() && told_[next_].at <= e.position; ++next_) {
    const auto& [at, ask, event] = told_[next_];
    if (same_event(all_[ask].events[event], e)) continue;
    const auto& told = all_[ask].events[event];
    found_.add(
        "S1",
        name(ask) + " was acknowledged with '" + std::string(told.body.name()) + "' at " +
            std::to_string(at.value) + ", where " +
            (e.position == at && e.id == told.id
                 ? "it stands with other contents"
                 : "another event stands: '" + std::string(e.body.name()) + "' of " + e.stream),
        at);
  }
}

void command_history::finish(std::vector<timed_operation>& order) {
  for (; next_ < told_.size(); ++next_)
    found_.add("S1",
               name(told_[next_].ask) + " was acknowledged at " +
                   std::to_string(told_[next_].at.value) + ", which the journal has not",
               told_[next_].at);
  for (auto& [id, g] : groups_) {
    hold(g);
    if (g.events.empty()) continue;
    const auto first = *std::ranges::min_element(g.events);
    const auto last = *std::ranges::max_element(g.events);
    bool asked = false;
    for (const auto n : g.asks) {
      const auto& a = all_[n];
      if (a.answer == told_answer::turned_away) continue;
      order.push_back({a.asked, answered(a) ? a.answered : 0, !asked, asked ? last : first,
                       asked ? position{~std::uint64_t{}} : last, [this, n] { return name(n); }});
      asked = true;
    }
  }
}

void command_history::hold(const group& g) {
  bool accepted = false;
  for (const auto n : g.asks) {
    accepted = accepted || all_[n].answer != told_answer::turned_away;
    hold_answer(g, n);
  }
  if (!accepted && !g.events.empty())
    found_.add("S3", name(g.asks.front()) + " was turned away, but its outcome stands",
               g.events.front());
  hold_one_answer(g);
}

void command_history::hold_answer(const group& g, std::size_t ask) {
  const auto& a = all_[ask];
  const auto at = g.events.empty() ? position{} : g.events.front();
  const bool refused = g.first_name == type_of<engine::command_rejected>().name;
  const bool noted = g.first_name == type_of<engine::command_acknowledged>().name;
  if (a.answer == told_answer::refused) {
    if (g.first_name.empty())
      found_.add("S1", name(ask) + " was told of a refusal, which is not in the journal");
    else if (!refused)
      found_.add("S3", name(ask) + " was refused, but '" + g.first_name + "' stands", at);
    else if (g.refusal != a.refusal)
      found_.add("S8",
                 name(ask) + " was refused: " + a.refusal + "; the journal says: " + g.refusal, at);
  } else if (a.answer == told_answer::ok) {
    if (g.first_name.empty() && a.events.empty())
      found_.add("S1", name(ask) + " was acknowledged, but its outcome is not in the journal");
    else if (refused)
      found_.add("S8", name(ask) + " was acknowledged, but the journal has a refusal", at);
    else if (a.events.size() + (noted ? 1U : 0U) != g.events.size() && !g.events.empty())
      found_.add("S8",
                 name(ask) + " was told of " + std::to_string(a.events.size()) + " events of " +
                     std::to_string(g.events.size() - (noted ? 1U : 0U)),
                 at);
  }
}

void command_history::hold_one_answer(const group& g) {
  const asked_command* first = nullptr;
  history_moment told = 0;
  for (const auto n : g.asks) {
    const auto& a = all_[n];
    if (!answered(a)) continue;
    if (!first) first = &a;
    if (!same_answer(*first, a))
      found_.add("S8", name(n) + " was told something else than before under the same id",
                 g.events.empty() ? position{} : g.events.front());
    else if (told != 0 && told < a.asked && !a.repeated)
      found_.add("S8", name(n) + " was answered as if it had not been answered before",
                 g.events.empty() ? position{} : g.events.front());
    told = told == 0 ? a.answered : std::min(told, a.answered);
  }
}

std::string command_history::name(std::size_t ask) const {
  const auto& a = all_[ask];
  return "command " + std::to_string(ask + 1) + " ('" + a.command + "' to " + a.service +
         (a.idempotency_key.empty() ? "" : ", key " + a.idempotency_key) + ")";
}

} // namespace ensemble::trace
