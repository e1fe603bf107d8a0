#include "trace/history/effect_history.hpp"

#include "model/answer.hpp"
#include "model/engine_messages.hpp"

#include <algorithm>

namespace ensemble::trace {

namespace {

/// What an outcome says, from its name alone: journals may be read without types.
answer::kind meaning(const process_definition& p, const recorded_event& e) {
  const auto name = e.body.name();
  const auto is = [&](const outcome_definition& o) { return o.event && o.event->name == name; };
  if (name == type_of<engine::command_voided>().name) return answer::kind::voided;
  if (name == type_of<engine::close_refused>().name) return answer::kind::open;
  const auto index = p.find_step(e.origin.step);
  if (e.origin.direction == direction::complete && is(p.completed)) return answer::kind::success;
  if (e.origin.direction == direction::abort && is(p.aborted)) return answer::kind::success;
  if (!index) return e.last ? answer::kind::failure : answer::kind::open;
  const auto& s = p.steps[*index];
  if (e.origin.direction == direction::undo && is(s.undone)) return answer::kind::success;
  if (e.origin.direction == direction::forward) {
    if (std::ranges::any_of(s.successes, is)) return answer::kind::success;
    if (std::ranges::any_of(s.failures, is)) return answer::kind::failure;
    if (s.successes.empty() && e.last && name == type_of<engine::command_acknowledged>().name)
      return answer::kind::success;
  }
  return e.last ? answer::kind::failure : answer::kind::open;
}

} // namespace

effect_history::effect_history(const std::vector<effect_ledger>& ledgers,
                               const std::vector<process_definition>& processes,
                               const std::vector<const service_definition*>& services,
                               history_findings& found)
    : processes_(processes), services_(services), found_(found) {
  for (const auto& ledger : ledgers) {
    auto& book = books_[ledger.service];
    for (const auto& entry : ledger.entries) enter(ledger.service, book, entry);
  }
}

void effect_history::enter(const std::string& service, accounts& book, const effect_entry& entry) {
  ++entries_;
  auto& it = book[entry.key];
  if (entry.did == effect_entry::kind::cancel) {
    it.cancelled = true;
    return;
  }
  const auto what = service + ": '" + entry.what + "' under key " + entry.key;
  if (it.cancelled) found_.add("G4", what + " took effect after it was cancelled");
  if (it.effects + entry.times > 1)
    found_.add("G3", what + " took effect " + std::to_string(it.effects + entry.times) + " times");
  it.what = entry.what;
  it.effects += entry.times;
}

void effect_history::take(const recorded_event& e) {
  if (books_.empty()) return;
  const auto book = books_.find(category_of(e.stream));
  if (book == books_.end()) return;
  for (const auto& p : processes_) {
    if (make_instance_id(start_of(e.origin.instance), p.name) != e.origin.instance) continue;
    const auto* request = request_of(p, e.origin.step, e.origin.direction);
    if (!request || service_of(p, e.origin.step, e.origin.direction) != book->first) continue;
    const auto* handler = handler_of(book->first, *request);
    if (!handler || handler->effect) return hold(book->second, p, e, handler);
  }
  // A caller's command, or one of a process that nobody described: that it has an outcome is known.
  if (const auto known = book->second.find(to_string(e.command())); known != book->second.end())
    known->second.settled = true;
}

const command_handler* effect_history::handler_of(std::string_view service,
                                                  const request_definition& request) const {
  for (const auto* s : services_)
    if (s->name == service) return s->find(request.command->name);
  return nullptr;
}

void effect_history::hold(accounts& book, const process_definition& process,
                          const recorded_event& e, const command_handler* handler) {
  const auto said = meaning(process, e);
  if (said == answer::kind::open) return;
  const auto key = to_string(e.command());
  const auto known = book.find(key);
  const bool undo = e.origin.direction == direction::undo;
  const auto what = "'" + std::string(e.body.name()) + "' of " + e.stream;
  if (known == book.end()) {
    if (said == answer::kind::success)
      found_.add(undo ? "G4" : "G3", what + " stands in the journal, but had no effect",
                 e.position);
    else if (said == answer::kind::voided && handler && handler->cancel)
      found_.add("G4", what + " was voided, but its key is not blocked", e.position);
    return;
  }
  auto& it = known->second;
  const bool stands = it.effects > 0 && !it.cancelled;
  if (said == answer::kind::success && !stands)
    found_.add(it.cancelled || undo ? "G4" : "G3",
               what + (it.cancelled ? " stands, but its effect was cancelled" : " had no effect"),
               e.position);
  if (said == answer::kind::voided && stands)
    found_.add("G4", what + " was voided, but its effect '" + it.what + "' stands", e.position);
  if (said == answer::kind::failure && stands && !it.settled)
    found_.add("G4", what + " failed, but its effect '" + it.what + "' stands", e.position);
  it.settled = true;
}

void effect_history::finish(bool quiet) {
  if (!quiet) return;
  for (const auto& [service, book] : books_)
    for (const auto& [key, it] : book)
      if (!it.settled && !it.cancelled)
        found_.add("G3", service + ": '" + it.what + "' under key " + key +
                             " has no outcome in the journal");
}

} // namespace ensemble::trace
