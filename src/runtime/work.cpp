#include "runtime/work.hpp"

#include "model/engine_messages.hpp"

namespace ensemble::internal {

std::vector<new_event> outcome_events(const host_command& command, const verdict& decided) {
  std::vector<message> bodies;
  if (decided.rejected)
    bodies.emplace_back(engine::command_rejected{decided.rejected->reason});
  else if (decided.events.empty())
    bodies.emplace_back(engine::command_acknowledged{});
  else
    bodies = decided.events;
  std::vector<new_event> events(bodies.size());
  for (std::size_t n = 0; n < bodies.size(); ++n) {
    (void)bodies[n].text(); // made here, on the host's thread rather than the writer's
    events[n].id = make_event_id(command.id, static_cast<std::uint32_t>(n));
    events[n].index = static_cast<std::uint32_t>(n);
    events[n].last = n + 1 == bodies.size();
    events[n].origin = command.origin;
    events[n].body = std::move(bodies[n]);
  }
  return events;
}

new_event voided_event(const host_command& close) {
  new_event e;
  e.id = make_event_id(close.target, 0); // that of the first outcome: only one of them can be
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
  r.stream_length = events.back().version.value + 1;
  r.repeated = repeated;
  const auto& first = events.front().body;
  if (const auto* rejected = first.get_if<engine::command_rejected>())
    r.refusal = rejected->reason;
  else if (!first.is<engine::command_acknowledged>())
    r.events = std::move(events);
  return r;
}

std::vector<recorded_event> as_recorded(const std::string& stream,
                                        const std::vector<new_event>& events,
                                        const append_result& result, timestamp time) {
  std::vector<recorded_event> recorded(events.size());
  for (std::size_t n = 0; n < events.size(); ++n) {
    auto& r = recorded[n];
    r.position = {result.first.value + n};
    r.stream = stream;
    r.version = {result.lengths.front() - events.size() + n};
    r.time = time;
    r.id = events[n].id;
    r.index = events[n].index;
    r.last = events[n].last;
    r.origin = events[n].origin;
    r.body = events[n].body;
  }
  return recorded;
}

} // namespace ensemble::internal
