#include <ensemble/causation.hpp>

#include "trace/text.hpp"
#include "trace/wait_text.hpp"

#include <nlohmann/json.hpp>

namespace ensemble {

namespace {

using nlohmann::ordered_json;

template <class Tag>
ordered_json shown(const identifier<Tag>& id) {
  return id ? ordered_json(to_string(id)) : ordered_json(nullptr);
}

ordered_json shown(timestamp time) {
  return time == timestamp{} ? ordered_json(nullptr) : ordered_json(trace::time_text(time) + "Z");
}

ordered_json shown(const causation_event& node, timestamp first) {
  const auto& e = node.event;
  const auto& o = e.origin;
  return {{"position", e.position.value},
          {"stream", e.stream},
          {"service", std::string(category_of(e.stream))},
          {"name", std::string(e.body.name())},
          {"id", to_string(e.id)},
          {"index", e.index},
          {"time", shown(e.time)},
          {"after_ns", (e.time - first).count()},
          {"kind", std::string(to_string(node.kind))},
          {"cause", node.cause_position.value == 0 ? ordered_json(nullptr)
                                                   : ordered_json(node.cause_position.value)},
          {"cause_name", node.cause_name},
          {"edge_ns", node.cause_position.value == 0 ? ordered_json(nullptr)
                                                     : ordered_json(node.edge.count())},
          {"instance", shown(o.instance)},
          {"process", node.process},
          {"step", o.step},
          {"direction", std::string(to_string(o.direction))},
          {"round", o.round},
          {"command", node.command}};
}

ordered_json shown(const flow_wait& w) {
  return {{"kind", std::string(trace::to_string(w.what))},
          {"step", w.step},
          {"direction", std::string(to_string(w.direction))},
          {"service", w.service},
          {"message", w.message},
          {"key", w.key},
          {"reason", w.reason},
          {"failed_attempts", w.failed_attempts},
          {"since", shown(w.since)},
          {"at", shown(w.at)}};
}

ordered_json shown(const flow_instance& i) {
  ordered_json all{{"id", to_string(i.id)},         {"process", i.process},
                   {"version", i.version},          {"phase", i.phase},
                   {"terminal", i.terminal},        {"failure", i.failure},
                   {"started", shown(i.started)},   {"last", shown(i.last)},
                   {"waits", ordered_json::array()}};
  for (const auto& wait : i.waits) all["waits"].push_back(shown(wait));
  return all;
}

} // namespace

std::string causation_tree::json() const {
  ordered_json all{{"correlation", shown(correlation)},
                   {"unexplained", unexplained()},
                   {"events", ordered_json::array()},
                   {"instances", ordered_json::array()}};
  for (const auto& node : events) all["events"].push_back(shown(node, events.front().event.time));
  for (const auto& i : instances) all["instances"].push_back(shown(i));
  // Texts come from users: what is not UTF-8 is replaced rather than refused.
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

} // namespace ensemble
