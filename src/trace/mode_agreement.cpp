#include <ensemble/mode_agreement.hpp>

#include "model/instance.hpp"
#include "trace/holder_comparison.hpp"

#include <unordered_map>

namespace ensemble {

namespace {

/// Gathers the events of each instance in journal order, until it has ended.
class comparing {
public:
  comparing(journal_reader& journal, const std::vector<process_definition>& processes)
      : journal_(journal), known_(journal, processes) {}

  void take(const recorded_event& e) {
    ++found_.events;
    if (const auto at = open_.find(e.origin.instance); at != open_.end()) {
      auto event = known_.typed(e);
      evolve(at->second.folded, event);
      at->second.events.push_back(std::move(event));
      if (at->second.folded.terminal()) {
        compare(at->first, at->second);
        open_.erase(at);
      }
    }
    for (const auto& definition : known_.begun_by(e)) {
      auto start = known_.typed(e);
      auto folded = begin_instance(definition, start);
      open_.try_emplace(folded.id, gathered{definition, std::move(folded), {std::move(start)}});
    }
    if (known_.begins_unknown_version(e)) ++found_.unknown_versions;
  }

  mode_agreement finish() {
    for (const auto& [id, instance] : open_) compare(id, instance);
    return std::move(found_);
  }

private:
  struct gathered {
    trace::process_ptr definition{};
    instance folded{};
    trace::instance_events events{};
  };

  void compare(instance_id id, const gathered& all) {
    ++found_.instances;
    found_.prefixes += all.events.size();
    const auto read = read_as_participant(id, all.events);
    const auto difference =
        trace::compare_holders(all.definition, all.events, [&](std::string_view) { return read; });
    if (!difference) return;
    ++found_.disagreements;
    if (found_.first.size() < mode_agreement::kept)
      found_.first.push_back({id, difference->at,
                              "instance " + to_string(id) + ", after event " +
                                  std::to_string(difference->at.value) + ": " + difference->text});
  }

  // What came after the last word, or behind the head, changes nothing and is left out.
  trace::instance_events read_as_participant(instance_id id, const trace::instance_events& all) {
    trace::instance_events read;
    for (auto& start : journal_.read_all(start_of(id), 1))
      read.push_back(known_.typed(std::move(start)));
    for (auto after = start_of(id); after < all.back().position;) {
      const auto page = journal_.read_instance(id, after);
      if (page.empty()) break;
      for (const auto& e : page)
        if (e.position <= all.back().position) read.push_back(known_.typed(e));
      after = page.back().position;
    }
    return read;
  }

  journal_reader& journal_;
  trace::known_processes known_;
  std::unordered_map<instance_id, gathered> open_{};
  mode_agreement found_{};
};

} // namespace

mode_agreement verify_modes(journal_reader& journal,
                            const std::vector<process_definition>& processes) {
  comparing all(journal, processes);
  const auto head = journal.head();
  for (position from{1}; from <= head;) {
    const auto page = journal.read_all(from);
    if (page.empty()) break;
    for (const auto& e : page)
      if (e.position <= head) all.take(e);
    from.value = page.back().position.value + 1;
  }
  return all.finish();
}

} // namespace ensemble
