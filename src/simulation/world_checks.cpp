#include "simulation/world.hpp"

#include "model/engine_messages.hpp"
#include "simulation/step_cases.hpp"

#include <ensemble/history.hpp>

#include <map>
#include <set>

// What came of a run, once all has healed and the program has ended.

namespace ensemble::simulation {

namespace {

template <class Each>
void for_each_event(journal_reader& journal, Each each) {
  for (position next{1};;) {
    const auto page = journal.read_all(next);
    for (const auto& e : page) each(e);
    if (page.size() < read_page) return;
    next = {page.back().position.value + 1};
  }
}

} // namespace

type_lookup world::types() const {
  auto all = std::make_shared<std::map<std::string_view, const message_type*>>();
  const auto add = [&](const auto& types) {
    for (const auto* type : types) all->emplace(type->name, type);
  };
  for (const auto& s : services_) add(s.types);
  for (const auto& p : scenario_.processes) add(p.types);
  for (const auto& s : subscriptions_) add(s.types);
  add(engine::message_types());
  return [all](std::string_view name) -> const message_type* {
    const auto at = all->find(name);
    return at == all->end() ? nullptr : at->second;
  };
}

void world::look() {
  stage_.disk.recover([](std::size_t unsynced) { return unsynced; });
  journal_options options;
  options.types = types();
  const auto stored = stage_.disk.open(options, [](auto) { return commit_fate::recorded; });
  const auto journal = stored->open_reader();
  for (const auto& text : clients_.violations()) violated(text);
  check_history(*journal);
  check_subscriptions(*journal);
  for_each_event(*journal, [this](const recorded_event& e) { operators_.take(e); });
  operators_.finish([this](const std::string& text) { violated(text); });
  cover(*journal);
  if (scenario_.check)
    scenario_.check(*journal, [this](const std::string& text) { violated(text); });
  if (plan_.target && result_.counted.coverage.met[*plan_.target] == 0)
    violated("the case did not happen: " + plan_.target->name());
}

void world::check_history(journal_reader& journal) {
  history told;
  told.commands = clients_.asked();
  history_options options;
  options.processes = scenario_.processes;
  for (const auto& s : services_) options.services.push_back(&s);
  options.quiet = result_.violations.empty();
  options.modes = chance_.in_thousand(300); // as much work as all the rest
  const auto report = verify_history(journal, told, options);
  for (const auto& f : report.found.first())
    violated(f.rule + ": " +
             (f.at.value > 0 ? "position " + std::to_string(f.at.value) + ": " : "") + f.text);
}

// C1 and C2: everything that concerns it, and along its order key nothing for the first time behind
// what came later.
void world::check_subscriptions(journal_reader& journal) {
  for (const auto& s : subscriptions_) {
    std::set<position> seen;
    std::map<std::string, position> last;
    for (const auto& e : seen_[s.name]) {
      if (!seen.insert(e.position).second) continue;
      const auto key =
          s.ordered_by == order_key::stream ? e.stream : to_string(e.origin.correlation);
      if (e.position < last[key])
        violated("C1: subscription " + s.name + " saw position " +
                 std::to_string(e.position.value) + " first behind a later one of its order key");
      last[key] = std::max(last[key], e.position);
    }
    for_each_event(journal, [&](const recorded_event& e) {
      if (!s.from_now && e.position >= s.from && s.find(e.body.name()) &&
          !seen.contains(e.position))
        violated("C2: subscription " + s.name + " never saw position " +
                 std::to_string(e.position.value));
    });
  }
}

void world::cover(journal_reader& journal) {
  case_recorder cases(scenario_.processes);
  for_each_event(journal, [&](const recorded_event& e) {
    cases.feed(e);
    stage_.trace.add_text(e.stream);
    stage_.trace.add(e.id.tail());
    stage_.trace.add(static_cast<std::uint64_t>(e.time.time_since_epoch().count()));
    stage_.trace.add_text(e.body.text());
  });
  for (const auto& [what, origin] : happenings_) cases.note(what, origin);
  result_.counted.coverage = cases.met();
  result_.counted.instances = cases.instances();
  result_.counted.events = journal.head().value;
}

} // namespace ensemble::simulation
