#include <ensemble/control.hpp>

#include "model/engine_messages.hpp"
#include "model/message_registry.hpp"
#include "runtime/clock.hpp"
#include "runtime/operator_step.hpp"

namespace ensemble {

namespace {

/// The processes, and the types that folding them needs: theirs and the engine's.
struct known_processes {
  explicit known_processes(const std::vector<process_definition>& from) {
    for (const auto* type : engine::message_types()) registry.add_engine(*type);
    for (const auto& p : from) {
      for (const auto* type : p.types) registry.add(*type);
      processes.push_back(std::make_shared<const process_definition>(p));
    }
  }
  message_registry registry{};
  internal::process_list processes{};
};

journal_options options_for(const std::string& journal,
                            const std::shared_ptr<const known_processes>& known) {
  journal_options options;
  options.path = journal;
  options.types = [known](std::string_view name) { return known->registry.find(name); };
  return options;
}

std::vector<recorded_event> read_whole(journal_reader& reader, instance_id id) {
  auto events = reader.read_all(start_of(id), 1);
  for (auto after = start_of(id);;) {
    auto page = reader.read_instance(id, after);
    if (page.empty()) return events;
    after = page.back().position;
    std::move(page.begin(), page.end(), std::back_inserter(events));
  }
}

} // namespace

operator_answer operate_offline(const std::string& journal,
                                const std::vector<process_definition>& processes,
                                const operator_word& word) {
  const auto known = std::make_shared<const known_processes>(processes);
  const auto owned = open_journal(options_for(journal, known));
  const auto reader = owned->open_reader();
  const auto id = internal::make_word_id(word, internal::system_now());
  for (bool given = false;;) { // nobody else writes: twice at most
    auto next =
        internal::next_step(known->processes, word, id, read_whole(*reader, word.instance), given);
    if (auto* answer = std::get_if<operator_answer>(&next)) return std::move(*answer);
    const append_request request = std::get<append_request>(std::move(next));
    const auto result = owned->commit({&request, 1}, internal::system_now()).front();
    if (result.state == append_result::status::no_space) throw internal::full_disk_error();
    if (result.state == append_result::status::conflict) throw internal::busy_instance_error();
    given = result.state == append_result::status::appended;
  }
}

struct instance_reader::implementation {
  std::shared_ptr<const known_processes> known;
  std::unique_ptr<journal_reader> reader;
};

instance_reader::instance_reader(const std::string& journal,
                                 const std::vector<process_definition>& processes) {
  auto known = std::make_shared<const known_processes>(processes);
  auto reader = open_journal_reader(options_for(journal, known));
  implementation_ =
      std::make_unique<implementation>(implementation{std::move(known), std::move(reader)});
}

instance_reader::~instance_reader() = default;

instance_report instance_reader::inspect(instance_id instance) {
  auto& self = *implementation_;
  return report_of(
      internal::fold_told(self.known->processes, instance, read_whole(*self.reader, instance)));
}

} // namespace ensemble
