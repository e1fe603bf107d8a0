#include "model/outside_events.hpp"

#include "model/planted_bug.hpp"
#include "model/thrown.hpp"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

namespace ensemble {

std::vector<awaited_key> awaited_keys(const instance& i) {
  std::vector<awaited_key> keys;
  for (const auto& wait : awaited(i)) keys.push_back({wait.event, std::string(wait.key)});
  return keys;
}

void outside_events::add(const process_definition& definition) {
  for (const auto& s : definition.steps)
    for (const auto& a : s.awaited) by_name_.emplace(a.outcome.event->name, &a);
}

bool outside_events::concerns(std::string_view event_name) const {
  return by_name_.contains(event_name) || names_.contains(event_name);
}

std::vector<outside_events::handed> outside_events::arrived(const recorded_event& e) {
  if (!concerns(e.body.name())) return {};
  changed_.insert(e.position);
  return place(e);
}

std::vector<outside_events::handed> outside_events::place(recorded_event e) {
  std::vector<awaited_key> fits;
  std::set<instance_id> takers;
  try {
    (void)received_body(e).text(); // its text stands in a text of its own: it may be too long
    const auto [first, last] = by_name_.equal_range(e.body.name());
    for (auto at = first; at != last; ++at) {
      awaited_key key{at->second, at->second->key_of_event(e.body)};
      for (auto w = waits_.lower_bound({key, {}}); w != waits_.end() && w->what == key; ++w)
        takers.insert(w->id);
      fits.push_back(std::move(key));
    }
  } catch (...) {
    park(e.position, "it cannot be handed over: " + thrown_text());
    return {};
  }
  if (takers.size() == 1) return {hand(*takers.begin(), std::move(e))};
  if (takers.empty())
    keep(std::move(e), std::move(fits));
  else
    park(e.position, "it fits " + std::to_string(takers.size()) + " instances");
  return {};
}

std::vector<outside_events::handed> outside_events::awaits(instance_id id,
                                                           std::vector<awaited_key> keys) {
  forget_waits(id);
  std::vector<handed> out;
  // What it was handed before may be lost, with the actor that had it.
  const auto [first, last] = in_hand_of_.equal_range(id);
  if (first != last && !keys.empty()) {
    for (auto at = first; at != last; ++at) out.push_back(in_hand_.at(at->second));
    return out;
  }
  std::vector<recorded_event> unwanted;
  for (auto at = first; at != last; ++at)
    unwanted.push_back(std::move(in_hand_.extract(at->second).mapped().event));
  in_hand_of_.erase(first, last);
  for (auto& key : keys)
    if (const auto [at, fresh] = waits_.insert({std::move(key), id}); fresh)
      waits_of_.emplace(id, at);
  for (auto& e : unwanted) std::ranges::move(place(std::move(e)), std::back_inserter(out));
  if (keys.empty()) return out;
  // The earliest of the kept events that fit.
  std::optional<position> earliest;
  const auto [mine, mine_end] = waits_of_.equal_range(id);
  for (auto w = mine; w != mine_end; ++w) {
    const auto at = kept_by_key_.lower_bound({w->second->what, {}});
    if (at == kept_by_key_.end() || at->first != w->second->what) continue;
    if (!earliest || at->second < *earliest) earliest = at->second;
  }
  if (!earliest) return out;
  auto event = kept_.at(*earliest).event;
  unkeep(*earliest);
  std::ranges::move(place(std::move(event)), std::back_inserter(out));
  return out;
}

std::vector<outside_events::handed> outside_events::returned(instance_id from,
                                                             const recorded_event& e) {
  const auto held = in_hand_.find(e.position);
  // Received meanwhile, or handed to another since.
  if (held == in_hand_.end() || held->second.to != from) return {};
  in_hand_.erase(held);
  const auto [first, last] = in_hand_of_.equal_range(from);
  for (auto at = first; at != last; ++at)
    if (at->second == e.position) {
      in_hand_of_.erase(at);
      break;
    }
  return place(e);
}

std::vector<outside_events::handed> outside_events::in_hand() const {
  std::vector<handed> all;
  for (const auto& [at, h] : in_hand_) all.push_back(h);
  return all;
}

void outside_events::received(position at) {
  changed_.insert(at);
  if (kept_.contains(at)) unkeep(at);
  parked_.erase(at);
  const auto was = in_hand_.extract(at);
  if (was.empty()) return;
  const auto [first, last] = in_hand_of_.equal_range(was.mapped().to);
  for (auto entry = first; entry != last; ++entry)
    if (entry->second == at) {
      in_hand_of_.erase(entry);
      return;
    }
}

void outside_events::parked(position at, std::string reason) {
  parked_.emplace(at, std::move(reason));
}

std::vector<position> outside_events::take_forgotten() { return std::exchange(forgotten_, {}); }

std::vector<outside_events::change> outside_events::take_changes() {
  std::vector<change> out;
  for (const auto at : std::exchange(changed_, {})) {
    change c{at, kept_.contains(at) || in_hand_.contains(at), {}};
    if (const auto p = parked_.find(at); p != parked_.end()) c = {at, true, p->second};
    out.push_back(std::move(c));
  }
  return out;
}

void outside_events::keep(recorded_event e, std::vector<awaited_key> fits) {
  if (ENSEMBLE_PLANTED(early_event_dropped)) return;
  const auto at = e.position;
  for (const auto& key : fits) kept_by_key_.emplace(key, at);
  kept_.emplace(at, kept{std::move(e), std::move(fits)});
  while (kept_.size() > kept_at_most_) {
    const auto oldest = kept_.begin()->first;
    changed_.insert(oldest);
    forgotten_.push_back(oldest);
    unkeep(oldest);
  }
}

void outside_events::unkeep(position at) {
  for (const auto& key : kept_.at(at).fits) kept_by_key_.erase({key, at});
  kept_.erase(at);
}

void outside_events::park(position at, std::string reason) {
  changed_.insert(at);
  parked_.emplace(at, std::move(reason));
}

void outside_events::forget_waits(instance_id id) {
  const auto [first, last] = waits_of_.equal_range(id);
  for (auto at = first; at != last; ++at) waits_.erase(at->second);
  waits_of_.erase(first, last);
}

outside_events::handed outside_events::hand(instance_id to, recorded_event e) {
  forget_waits(to); // one at a time: it tells what it awaits once this one was received
  handed h{to, std::move(e)};
  in_hand_.emplace(h.event.position, h);
  in_hand_of_.emplace(to, h.event.position);
  return h;
}

} // namespace ensemble
