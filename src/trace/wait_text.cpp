#include "trace/wait_text.hpp"

#include "trace/text.hpp"

namespace ensemble::trace {

namespace {

std::string asked_of(const flow_wait& w) {
  auto text = asked_text(w.step, w.direction, 0);
  if (!w.message.empty()) text += (text.empty() ? "" : ": ") + w.message;
  return text;
}

} // namespace

std::string_view to_string(flow_wait::kind kind) noexcept {
  switch (kind) {
  case flow_wait::kind::command: return "command";
  case flow_wait::kind::event: return "event";
  case flow_wait::kind::deadline: return "deadline";
  case flow_wait::kind::stuck: return "stuck";
  }
  return "unknown";
}

std::string wait_text(const flow_wait& w, timestamp first) {
  const auto since = ", since +" + span_text(w.since - first);
  switch (w.what) {
  case flow_wait::kind::command: {
    auto text = "waits for " + w.service + ": " + asked_of(w) + since;
    if (w.failed_attempts > 0) text += ", failed attempts: " + std::to_string(w.failed_attempts);
    if (w.at != timestamp{}) text += ", not before " + time_text(w.at);
    return text;
  }
  case flow_wait::kind::event:
    return "waits for an event " + w.message + " with the key '" + w.key + "' (step " + w.step +
           ")" + since;
  case flow_wait::kind::deadline:
    return "until " + time_text(w.at) + ", then " + w.message +
           (w.step.empty() ? "" : " (step " + w.step + ")");
  case flow_wait::kind::stuck: break;
  }
  const auto asked = asked_of(w);
  return "stuck, waits for an operator: " + (asked.empty() ? "" : asked + ": ") + w.reason + since;
}

} // namespace ensemble::trace
