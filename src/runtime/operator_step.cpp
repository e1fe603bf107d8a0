#include "runtime/operator_step.hpp"

#include "model/planted_bug.hpp"
#include "runtime/admission.hpp"
#include "runtime/deployments.hpp"
#include "runtime/identity.hpp"

#include <algorithm>

namespace ensemble::internal {

std::shared_ptr<const process_definition> definition_of(const environment& env, instance_id id,
                                                        const recorded_event& start) {
  for (const auto& p : env.processes) {
    if (make_instance_id(start.position, p->name) != id) continue;
    const auto* deployed = deployment_at(env, p->name, start.position);
    const auto version = deployed ? deployed->version : newest_version(env, p->name);
    auto found = find_definition(env, p->name, version);
    return found && found->start.event->name == start.body.name() ? found : nullptr;
  }
  return nullptr;
}

told_instance fold_told(const environment& env, instance_id id,
                        std::span<const recorded_event> events) {
  const auto definition = events.empty() ? nullptr : definition_of(env, id, events.front());
  if (!definition)
    throw error(errc::bad_argument,
                "the journal holds no instance " + to_string(id) +
                    " of a process, in its version, that is run here: list them (stuck), or "
                    "take the id from an outcome or an event");
  const inside_handler guard;
  return tell_instance(definition, events);
}

event_id make_word_id(const operator_word& word, timestamp now) {
  const auto drawn = word.idempotency_key.empty() || ENSEMBLE_PLANTED(word_key_forgotten)
                         ? random_command_id(now)
                         : command_id_for_key(to_string(word.instance), word.idempotency_key);
  return event_id::of(drawn.head(), drawn.tail());
}

std::variant<append_request, operator_answer> next_step(const environment& env,
                                                        const operator_word& word, event_id id,
                                                        std::span<const recorded_event> events,
                                                        bool given) {
  const auto all = fold_told(env, word.instance, events);
  const auto stream = all.folded.stream();
  operator_answer answer;
  answer.now = report_of(all);
  const auto mine = std::ranges::find_if(
      events, [&](const recorded_event& e) { return e.id == id && e.stream == stream; });
  const inside_handler guard;
  if (mine != events.end()) {
    answer.recorded = mine->position;
    answer.repeated = !given;
    // An outcome may have come in between, on another stream: then the fold ignores the word.
    const auto before = fold_told(env, word.instance, {events.begin(), mine});
    if (auto late = decide(before.folded, word, id); !late.event)
      answer.refusal = "it came too late: " + late.refusal;
    return answer;
  }
  auto decided = decide(all.folded, word, id);
  if (!decided.event) {
    answer.refusal = std::move(decided.refusal);
    return answer;
  }
  const auto length = std::ranges::count(events, stream, &recorded_event::stream);
  append_request request;
  request.essential = true;
  request.streams.push_back(
      {stream, expected_version::exactly(static_cast<std::uint64_t>(length)), {}});
  request.streams.back().events.push_back(std::move(*decided.event));
  return request;
}

error full_disk_error() {
  return {errc::journal_full, "the disk is full, so the word could not be recorded: make room, "
                              "and give it again"};
}

error busy_instance_error() {
  return {errc::overloaded, "the instance's stream was written to again and again before the word "
                            "could be recorded: give it again"};
}

} // namespace ensemble::internal
