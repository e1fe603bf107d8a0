#include "trace/outside_cause.hpp"

#include "model/engine_messages.hpp"

namespace ensemble::trace {

std::optional<recorded_event> outside_cause(journal_reader& journal,
                                            const recorded_event& received) {
  const auto& type = type_of<engine::event_received>();
  if (received.body.name() != type.name) return std::nullopt;
  const auto body =
      received.body.type() ? received.body : message::decode(type, received.body.text());
  const position at{body.as<engine::event_received>().event_position};
  if (at >= received.position) return std::nullopt;
  auto found = journal.read_all(at, 1);
  if (found.empty() || found.front().position != at) return std::nullopt;
  if (found.front().id != received.origin.causation) return std::nullopt;
  return std::move(found.front());
}

} // namespace ensemble::trace
