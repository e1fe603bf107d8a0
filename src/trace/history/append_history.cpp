#include "trace/history/append_history.hpp"

#include "trace/history/told_body.hpp"

#include <algorithm>
#include <limits>

namespace ensemble::trace {

namespace {

const stream_append& part_of(const append_request& request, std::size_t event) {
  for (const auto& part : request.streams) {
    if (event < part.events.size()) return part;
    event -= part.events.size();
  }
  throw error(errc::bad_argument, "an append without that event");
}

const new_event& event_of(const append_request& request, std::size_t event) {
  for (const auto& part : request.streams) {
    if (event < part.events.size()) return part.events[event];
    event -= part.events.size();
  }
  throw error(errc::bad_argument, "an append without that event");
}

/// True if the request's first event, and so its identity, is the same.
bool same_request(const asked_append& a, const asked_append& b) {
  const auto& x = a.request.streams.front();
  const auto& y = b.request.streams.front();
  return x.stream == y.stream && x.events.front().id == y.events.front().id;
}

} // namespace

append_history::append_history(const std::vector<asked_append>& all, history_findings& found)
    : all_(all), found_(found), at_(all.size()) {
  for (std::size_t n = 0; n < all.size(); ++n) {
    if (all[n].request.streams.empty() || all[n].request.streams.front().events.empty())
      throw error(errc::bad_argument, "a history's append has no event");
    std::size_t events = 0;
    for (const auto& part : all[n].request.streams) {
      streams_.try_emplace(part.stream);
      for (const auto& e : part.events) by_event_[e.id].push_back({n, events++});
    }
    at_[n].where.resize(events);
  }
}

bool append_history::asked_for(const recorded_event& e) const {
  const auto known = by_event_.find(e.id);
  return known != by_event_.end() && std::ranges::any_of(known->second, [&](const place& p) {
           return part_of(all_[p.append].request, p.event).stream == e.stream;
         });
}

void append_history::take(const recorded_event& e) {
  if (all_.empty()) return;
  if (const auto stream = streams_.find(e.stream); stream != streams_.end())
    stream->second.push_back(e.position);
  const auto known = by_event_.find(e.id);
  if (known == by_event_.end()) return;
  for (const auto& [append, event] : known->second) {
    const auto& request = all_[append].request;
    if (part_of(request, event).stream != e.stream) continue;
    const auto& wanted = event_of(request, event);
    at_[append].where[event] = e.position;
    if (!same_body(wanted.body, e.body) || wanted.index != e.index || wanted.last != e.last ||
        (wanted.origin != event_origin{} && wanted.origin != e.origin))
      at_[append].other_bytes = true;
  }
}

void append_history::finish(std::vector<timed_operation>& order) {
  for (std::size_t n = 0; n < all_.size(); ++n) {
    hold(n);
    const auto& a = all_[n];
    const auto& where = at_[n].where;
    timed_operation o = seen_lengths(n);
    if (a.answer == told_append::no_space || a.answer == told_append::fenced) continue;
    if (a.answer == told_append::appended || a.answer == told_append::nothing) {
      // What somebody else asked for again is no write of this one's.
      if (where.front() == position{} ||
          (a.answer == told_append::nothing && claimed_by_another(n)))
        continue;
      o.writes = true;
      o.from = where.front();
      o.to = std::max(where.front(), where.back());
      if (a.answer == told_append::nothing) o.answered = 0;
    }
    order.push_back(std::move(o));
  }
}

void append_history::hold(std::size_t n) {
  const auto& where = at_[n].where;
  const bool there = std::ranges::any_of(where, [](position p) { return p.value != 0; });
  switch (all_[n].answer) {
  case told_append::appended: return hold_appended(n);
  case told_append::repeated: return hold_repeated(n);
  case told_append::nothing:
    if (!there || claimed_by_another(n) || !hold_whole(n)) return;
    if (at_[n].other_bytes)
      found_.add("S1", name(n) + " stands there with other contents", where.front());
    return hold_versions(n);
  default:
    if (!there || claimed_by_another(n)) return;
    found_.add("S3", name(n) + " was refused, but stands in the journal",
               *std::ranges::find_if(where, [](position p) { return p.value != 0; }));
  }
}

bool append_history::claimed_by_another(std::size_t n) const {
  const auto& request = all_[n].request;
  const auto known = by_event_.find(request.streams.front().events.front().id);
  return std::ranges::any_of(known->second, [&](const place& p) {
    const auto& other = all_[p.append];
    if (p.append == n || !same_request(other, all_[n])) return false;
    // Of several that nobody heard of, the first is held.
    if (other.answer == told_append::nothing)
      return all_[n].answer != told_append::nothing || p.append < n;
    return other.answer == told_append::appended || other.answer == told_append::repeated;
  });
}

bool append_history::hold_whole(std::size_t n) {
  const auto& where = at_[n].where;
  for (std::size_t k = 0; k < where.size(); ++k) {
    if (where[k].value == where.front().value + k && where[k].value != 0) continue;
    found_.add(
        "S2",
        name(n) + " is torn: event " + std::to_string(k) +
            (where[k].value == 0 ? " is missing" : " stands at " + std::to_string(where[k].value)),
        where[k]);
    return false;
  }
  return true;
}

void append_history::hold_appended(std::size_t n) {
  const auto& a = all_[n];
  const auto& where = at_[n].where;
  for (const auto& part : a.request.streams) {
    const auto length = part.expected.length();
    if (!length || part.events.empty()) continue;
    const auto [won, first] = winners_.try_emplace({part.stream, *length}, n);
    if (!first && !same_request(all_[won->second], a))
      found_.add("S7", name(n) + " and " + name(won->second) + " both won at length " +
                           std::to_string(*length) + " of " + part.stream);
    else if (!first)
      found_.add("S8", name(n) + " was recorded twice, as it was told");
  }
  if (std::ranges::all_of(where, [](position p) { return p.value == 0; })) {
    found_.add("S1", name(n) + " was acknowledged at position " +
                         std::to_string(a.result.first.value) + ", but is not in the journal");
    return;
  }
  if (!hold_whole(n)) return;
  if (a.result.first != where.front() || a.result.last != where.back())
    found_.add("S1",
               name(n) + " was acknowledged at " + std::to_string(a.result.first.value) + " to " +
                   std::to_string(a.result.last.value) + ", but stands elsewhere",
               where.front());
  if (at_[n].other_bytes)
    found_.add("S1", name(n) + " stands there with other contents", where.front());
  hold_versions(n);
}

void append_history::hold_versions(std::size_t n) {
  const auto& a = all_[n];
  const auto& where = at_[n].where;
  std::map<std::string, std::uint64_t> lengths;
  for (const auto& part : a.request.streams) {
    const position before{where.front().value - 1};
    auto& length = lengths.try_emplace(part.stream, length_at(part.stream, before)).first->second;
    if (!part.expected.fits(length))
      found_.add("S7",
                 name(n) + " expected " + part.stream + " to have " +
                     std::to_string(*part.expected.length()) + " events; it had " +
                     std::to_string(length),
                 where.front());
    length += part.events.size();
  }
  if (a.answer != told_append::appended) return;
  for (std::size_t k = 0; k < a.request.streams.size() && k < a.result.lengths.size(); ++k) {
    const auto& stream = a.request.streams[k].stream;
    if (a.result.lengths[k] != lengths[stream])
      found_.add("S7",
                 name(n) + " was told that " + stream + " has " +
                     std::to_string(a.result.lengths[k]) + " events now; it had " +
                     std::to_string(lengths[stream]),
                 where.back());
  }
}

void append_history::hold_repeated(std::size_t n) {
  const auto& a = all_[n];
  const auto& where = at_[n].where;
  if (where.front() == position{}) {
    found_.add("S1", name(n) + " was told to be a repeat, but is not in the journal");
    return;
  }
  auto last = where.front();
  for (std::size_t k = 0; k < where.size() && where[k].value != 0; ++k) {
    last = where[k];
    if (event_of(a.request, k).last) break;
  }
  if (a.result.first != where.front() || a.result.last != last)
    found_.add("S8",
               name(n) + " repeats what stands at " + std::to_string(where.front().value) +
                   ", but was told of " + std::to_string(a.result.first.value) + " to " +
                   std::to_string(a.result.last.value),
               where.front());
}

timed_operation append_history::seen_lengths(std::size_t n) const {
  const auto& a = all_[n];
  timed_operation o{a.asked,
                    a.answered,
                    false,
                    at_[n].where.front(),
                    position{std::numeric_limits<std::uint64_t>::max()},
                    [this, n] { return name(n); }};
  if (a.answer == told_append::conflict) o.from = {};
  if (a.answer != told_append::conflict && a.answer != told_append::repeated) return o;
  const auto& parts = a.request.streams;
  if (a.result.lengths.size() != parts.size()) return o;
  bool fits = true;
  std::map<std::string, std::uint64_t> before; // a stream that the request names twice
  for (std::size_t k = 0; k < parts.size(); ++k) {
    const auto& positions = streams_.at(parts[k].stream);
    const auto length = a.result.lengths[k];
    fits = fits && parts[k].expected.fits(length + before[parts[k].stream]);
    before[parts[k].stream] += parts[k].events.size();
    if (length > positions.size()) o.to = {}; // it never was as long
    if (length > 0 && length <= positions.size()) o.from = std::max(o.from, positions[length - 1]);
    if (length < positions.size()) o.to = std::min(o.to, positions[length]);
  }
  if (fits && a.answer == told_append::conflict)
    found_.add("S7", name(n) + " was refused, though every stream had the length it expected");
  return o;
}

std::uint64_t append_history::length_at(const std::string& stream, position at) const {
  const auto& positions = streams_.at(stream);
  return static_cast<std::uint64_t>(std::ranges::upper_bound(positions, at) - positions.begin());
}

std::string append_history::name(std::size_t n) const {
  const auto& part = all_[n].request.streams.front();
  return "append " + std::to_string(n + 1) + " (" + part.stream + ", event " +
         to_string(part.events.front().id) + ")";
}

} // namespace ensemble::trace
