#include "runtime/control_messages.hpp"

#include "model/thrown.hpp"

#include <algorithm>

namespace ensemble::internal {

namespace {

constexpr direction directions[] = {direction::none,  direction::forward,  direction::undo,
                                    direction::close, direction::complete, direction::abort};

direction heard_direction(const std::string& text) {
  if (text.empty()) return direction::none;
  for (const auto d : directions)
    if (text == to_string(d)) return d;
  throw error(errc::bad_argument,
              "direction '" + storable(text) + "': it is do, undo, complete or abort");
}

template <class From>
auto each(const std::vector<From>& from, auto convert) {
  std::vector<decltype(convert(from.front()))> to;
  std::ranges::transform(from, std::back_inserter(to), convert);
  return to;
}

} // namespace

told_report told(const instance_report& r) {
  const auto work = [](const outstanding_work& w) {
    return told_work{w.step, std::string(to_string(w.direction)), w.state, w.reason,
                     w.failed_attempts};
  };
  return {to_string(r.instance),
          r.process,
          r.version,
          r.phase,
          r.terminal,
          r.stuck,
          r.started,
          r.since,
          r.failure,
          each(r.outstanding, work)};
}

instance_report heard(const told_report& r) {
  const auto work = [](const told_work& w) {
    return outstanding_work{w.step, heard_direction(w.direction), w.state, w.reason,
                            w.failed_attempts};
  };
  return {heard_instance(r.instance),
          r.process,
          r.version,
          r.phase,
          r.terminal,
          r.stuck,
          r.started,
          r.since,
          r.failure,
          each(r.outstanding, work)};
}

told_operation told(const operator_answer& a) {
  return {a.refusal, a.repeated, a.recorded.value, told(a.now)};
}

operator_answer heard(const told_operation& a) {
  return {a.refusal, a.repeated, {a.recorded}, heard(a.now)};
}

told_stuck told(const stuck_instances& s) {
  return {each(s.instances, [](const instance_report& r) { return told(r); }), s.more};
}

stuck_instances heard(const told_stuck& s) {
  return {each(s.instances, [](const told_report& r) { return heard(r); }), s.more};
}

control_answer told(const error& failure) {
  control_answer a;
  a.failure = to_string(failure.code());
  a.text = storable(failure.what());
  return a;
}

error failure_of(const control_answer& answer) {
  for (int n = 0; to_string(static_cast<errc>(n)) != "unknown"; ++n)
    if (answer.failure == to_string(static_cast<errc>(n)))
      return {static_cast<errc>(n), answer.text};
  return {errc::wrong_state, answer.failure + ": " + answer.text};
}

control_request told(const operator_word& w) {
  control_request r;
  r.command = to_string(w.verb);
  r.instance = to_string(w.instance);
  r.reason = w.reason;
  r.step = w.step;
  r.direction = to_string(w.direction);
  r.event_name = w.event_name;
  r.event_text = w.event_text;
  r.idempotency_key = w.idempotency_key;
  return r;
}

operator_word heard_word(const control_request& r) {
  operator_word w;
  if (!ensemble_enum_value(r.command, w.verb))
    throw error(errc::bad_argument, "command '" + storable(r.command) +
                                        "' is not known: it is retry, skip, abort, inspect, stuck, "
                                        "stats or nodes");
  w.instance = heard_instance(r.instance);
  w.reason = r.reason;
  w.step = r.step;
  w.direction = heard_direction(r.direction);
  w.event_name = r.event_name;
  w.event_text = r.event_text;
  w.idempotency_key = r.idempotency_key;
  return w;
}

instance_id heard_instance(const std::string& text) {
  if (text.empty()) return {};
  if (const auto id = parse_instance_id(text)) return *id;
  throw error(errc::bad_argument,
              "instance '" + storable(text) + "' is not an id: 32 hexadecimal digits");
}

} // namespace ensemble::internal
