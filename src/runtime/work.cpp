#include "runtime/work.hpp"

#include "model/engine_messages.hpp"
#include "model/planted_bug.hpp"

namespace ensemble::internal {

namespace {

message nothing_decided(const std::optional<rejection>& rejected) {
  if (rejected) return engine::command_rejected{rejected->reason};
  return engine::command_acknowledged{};
}

/// The command's events from `index` on; the caller marks the last one.
std::vector<new_event> events_from(std::uint32_t& index, const host_command& command,
                                   std::vector<message> bodies) {
  std::vector<new_event> events(bodies.size());
  for (std::size_t n = 0; n < bodies.size(); ++n) {
    (void)bodies[n].text(); // made here, on the host's thread rather than the writer's
    events[n].id = make_event_id(ENSEMBLE_PLANTED(event_id_not_unique) && command.repeat
                                     ? command_id::of(command.id.head(), command.id.tail() ^ 0xFF00)
                                     : command.id,
                                 index);
    events[n].index = index++;
    events[n].last = false;
    events[n].origin = command.origin;
    events[n].body = std::move(bodies[n]);
  }
  return events;
}

} // namespace

std::vector<new_event> outcome_events(const host_command& command, const verdict& decided) {
  auto bodies = decided.events;
  if (decided.rejected || bodies.empty()) bodies = {nothing_decided(decided.rejected)};
  std::uint32_t index = 0;
  auto events = events_from(index, command, std::move(bodies));
  events.back().last = true;
  return events;
}

std::vector<std::vector<new_event>> outcome_events(const host_command& command,
                                                   const std::vector<std::string>& keys,
                                                   joint_verdict decided) {
  if (decided.rejected) decided.events.clear();
  const auto rejected = decided.rejected;
  auto bodies = detail::by_entity(keys, std::move(decided));
  // The home always has the first event: by its id a repeat is recognised there.
  if (bodies.front().empty()) bodies.front().push_back(nothing_decided(rejected));
  std::vector<std::vector<new_event>> events;
  events.reserve(bodies.size());
  std::uint32_t index = 0;
  std::size_t last = 0;
  for (auto& of_entity : bodies) {
    if (!of_entity.empty()) last = events.size();
    events.push_back(events_from(index, command, std::move(of_entity)));
  }
  events[last].back().last = true;
  return events;
}

new_event voided_event(const host_command& close) {
  new_event e;
  e.id = make_event_id(ENSEMBLE_PLANTED(void_not_remembered) ? close.id : close.target,
                       0); // that of the first outcome: only one of them can be
  e.origin = close.origin;
  e.body = engine::command_voided{};
  return e;
}

new_event close_refused_event(const host_command& close, std::string reason) {
  new_event e;
  e.id = make_event_id(close.id, 0);
  e.origin = close.origin;
  e.body = engine::close_refused{std::move(reason)};
  return e;
}

receipt make_receipt(const host_command& command, std::vector<recorded_event> events,
                     bool repeated) {
  receipt r;
  r.command = command.id;
  r.correlation = events.front().origin.correlation;
  r.stream = events.front().stream;
  for (const auto& event : events)
    if (event.stream == r.stream) r.stream_length = event.version.value + 1;
  r.repeated = repeated;
  if (const auto* rejected = events.front().body.get_if<engine::command_rejected>()) {
    r.refusal = rejected->reason;
  } else {
    // It also stands in front of a decision without an event for the home.
    if (events.front().body.is<engine::command_acknowledged>()) events.erase(events.begin());
    r.events = std::move(events);
  }
  return r;
}

std::vector<recorded_event> as_recorded(const std::vector<stream_append>& streams,
                                        const append_result& result) {
  std::vector<recorded_event> recorded;
  auto position = result.first.value;
  for (std::size_t s = 0; s < streams.size(); ++s) {
    auto version = result.lengths[s] - streams[s].events.size();
    for (const auto& event : streams[s].events)
      recorded.push_back({{position++},
                          streams[s].stream,
                          {version++},
                          result.time,
                          event.id,
                          event.index,
                          event.last,
                          event.origin,
                          event.body});
  }
  return recorded;
}

} // namespace ensemble::internal
