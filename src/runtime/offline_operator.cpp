#include <ensemble/control.hpp>

#include "model/engine_messages.hpp"
#include "runtime/clock.hpp"
#include "runtime/deployments.hpp"
#include "runtime/holder_scope.hpp"
#include "runtime/open_instances.hpp"
#include "runtime/operator_step.hpp"

#include <set>

namespace ensemble {

namespace {

using internal::environment;

/// The processes, and the types that folding them needs: theirs and the engine's.
std::shared_ptr<environment> known(const std::vector<process_definition>& processes) {
  auto env = std::make_shared<environment>(runtime_options{});
  for (const auto* type : engine::message_types()) env->registry.add_engine(*type);
  for (const auto& p : processes) {
    for (const auto* type : p.types) env->registry.add(*type);
    env->processes.push_back(std::make_shared<const process_definition>(p));
  }
  return env;
}

journal_options options_for(const std::string& journal,
                            const std::shared_ptr<const environment>& env) {
  journal_options options;
  options.path = journal;
  options.types = [env](std::string_view name) { return env->registry.find(name); };
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

struct offline_operator::implementation {
  std::shared_ptr<environment> env;
  std::unique_ptr<journal> owned;
  std::unique_ptr<journal_reader> reader;
};

offline_operator::offline_operator(const std::string& journal,
                                   const std::vector<process_definition>& processes) {
  auto env = known(processes);
  auto owned = open_journal(options_for(journal, env));
  auto reader = owned->open_reader();
  internal::read_deployments(*env, *reader);
  implementation_ = std::make_unique<implementation>(
      implementation{std::move(env), std::move(owned), std::move(reader)});
}

offline_operator::~offline_operator() = default;

operator_answer offline_operator::operate(const operator_word& word) {
  auto& self = *implementation_;
  const auto id = internal::make_word_id(word, internal::system_now());
  for (bool given = false;;) { // nobody else writes: twice at most
    auto next =
        internal::next_step(*self.env, word, id, read_whole(*self.reader, word.instance), given);
    if (auto* answer = std::get_if<operator_answer>(&next)) return std::move(*answer);
    const append_request request = std::get<append_request>(std::move(next));
    const auto result = self.owned->commit({&request, 1}, internal::system_now()).front();
    if (result.state == append_result::status::no_space) throw internal::full_disk_error();
    if (result.state == append_result::status::conflict) throw internal::busy_instance_error();
    given = result.state == append_result::status::appended;
  }
}

stuck_instances offline_operator::stuck(std::size_t limit, instance_id after) {
  auto& self = *implementation_;
  // The book knows what was stuck at its checkpoint; whoever had events since is looked at, too.
  std::set<instance_id> candidates;
  internal::find_open_instances(
      *self.reader, *self.env, internal::conductor_scope(*self.env)->processes,
      [&](const internal::open_instances_page& page) {
        for (const auto& [id, row] : page.rows)
          if (!row.stuck.empty()) candidates.insert(id);
      },
      [&](const internal::open_instances_tail& tail) {
        for (const auto& began : tail.began) candidates.insert(began.id);
        candidates.insert(tail.moved.begin(), tail.moved.end());
        for (const auto id : tail.ended) candidates.erase(id);
      });
  stuck_instances found;
  for (auto at = candidates.upper_bound(after); at != candidates.end(); ++at) {
    const auto id = *at;
    const auto events = read_whole(*self.reader, id);
    if (events.empty() || !internal::definition_of(*self.env, id, events.front())) continue;
    const auto told = internal::fold_told(*self.env, id, events);
    if (!told.folded.stuck()) continue;
    found.more = found.instances.size() >= limit;
    if (found.more) return found;
    found.instances.push_back(report_of(told));
  }
  return found;
}

struct instance_reader::implementation {
  std::shared_ptr<environment> env;
  std::unique_ptr<journal_reader> reader;
};

instance_reader::instance_reader(const std::string& journal,
                                 const std::vector<process_definition>& processes) {
  auto env = known(processes);
  auto reader = open_journal_reader(options_for(journal, env));
  internal::read_deployments(*env, *reader);
  implementation_ =
      std::make_unique<implementation>(implementation{std::move(env), std::move(reader)});
}

instance_reader::~instance_reader() = default;

instance_report instance_reader::inspect(instance_id instance) {
  auto& self = *implementation_;
  return report_of(internal::fold_told(*self.env, instance, read_whole(*self.reader, instance)));
}

} // namespace ensemble
