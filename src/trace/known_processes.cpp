#include "trace/known_processes.hpp"

#include "journal/stored_message.hpp"
#include "model/engine_messages.hpp"

#include <algorithm>

namespace ensemble::trace {

/// What matters here of a row of the book of deployments, which the runtime writes.
struct deployed_version {
  std::string process{};
  int version{};
  std::uint64_t after{};
  std::string start_event{};
};
ENSEMBLE_MESSAGE_NAMED(deployed_version, "ensemble.deployment_row", 1, process, version, after,
                       start_event)

known_processes::known_processes(journal_reader& journal,
                                 const std::vector<process_definition>& definitions) {
  for (const auto* type : engine::message_types()) types_.emplace(type->name, type);
  for (const auto& p : definitions) {
    all_.push_back(std::make_shared<const process_definition>(p));
    for (const auto* type : p.types) types_.emplace(type->name, type);
  }
  if (!all_.empty()) read_deployments(journal);
}

void known_processes::read_deployments(journal_reader& journal) {
  constexpr std::string_view book = "ensemble.deployments";
  for (auto page = journal.read_book(book); !page.empty();
       page = journal.read_book(book, page.back().key))
    for (const auto& row : page) {
      const auto body = message::decode(type_of<deployed_version>(), row.value);
      const auto& told = body.as<deployed_version>();
      deployed_[told.process].push_back({{told.after}, told.version, told.start_event});
    }
  for (auto& [process, versions] : deployed_) std::ranges::sort(versions, {}, &deployment::after);
}

int known_processes::version_at(const std::string& process, position start) const {
  const auto known = deployed_.find(process);
  if (known == deployed_.end()) {
    int newest = 0;
    for (const auto& p : all_)
      if (p->name == process) newest = std::max(newest, p->version);
    return newest;
  }
  // The last that was deployed before it; the first, for one that is older than them all.
  const auto& versions = known->second;
  auto found =
      std::ranges::find_if(versions, [&](const deployment& d) { return d.after >= start; });
  if (found != versions.begin()) --found;
  return found->version;
}

process_ptr known_processes::find(std::string_view process, int version) const {
  for (const auto& p : all_)
    if (p->name == process && p->version == version) return p;
  return nullptr;
}

std::vector<process_ptr> known_processes::begun_by(const recorded_event& event) const {
  std::vector<process_ptr> begun;
  for (const auto& p : all_)
    if (p->start.event->name == event.body.name() &&
        version_at(p->name, event.position) == p->version)
      begun.push_back(p);
  return begun;
}

process_ptr known_processes::definition_of(instance_id instance,
                                           const recorded_event& start) const {
  for (auto& p : begun_by(start))
    if (make_instance_id(start.position, p->name) == instance) return p;
  return nullptr;
}

process_ptr known_processes::process_of(instance_id instance) const {
  for (const auto& p : all_)
    if (make_instance_id(start_of(instance), p->name) == instance) return p;
  return nullptr;
}

bool known_processes::begins_unknown_version(const recorded_event& event) const {
  return std::ranges::any_of(deployed_, [&](const auto& process) {
    const auto version = version_at(process.first, event.position);
    const auto ran = std::ranges::find(process.second, version, &deployment::version);
    return ran != process.second.end() && ran->start_event == event.body.name() &&
           !find(process.first, version);
  });
}

recorded_event known_processes::typed(recorded_event event) const {
  const auto known = types_.find(event.body.name());
  if (event.body.type() != nullptr || known == types_.end()) return event;
  const auto* type = known->second;
  event.body = storage::stored_message([type](std::string_view) { return type; }, type->name,
                                       event.body.schema_version(), event.body.text(),
                                       event.position, event.stream, event.version);
  return event;
}

const request_definition* request_of(const process_definition& process, std::string_view step,
                                     direction d) {
  const auto given = [](const request_definition& r) { return r ? &r : nullptr; };
  if (d == direction::complete) return step.empty() ? given(process.complete) : nullptr;
  if (d == direction::abort) return step.empty() ? given(process.abort) : nullptr;
  const auto index = process.find_step(step);
  if (!index) return nullptr;
  if (d == direction::forward) return given(process.steps[*index].ask);
  if (d == direction::undo) return given(process.steps[*index].undo);
  return nullptr;
}

std::string_view service_of(const process_definition& process, std::string_view step, direction d) {
  if (!request_of(process, step, d)) return {};
  const auto index = process.find_step(step);
  return index ? process.steps[*index].ask.service : process.owner;
}

} // namespace ensemble::trace
