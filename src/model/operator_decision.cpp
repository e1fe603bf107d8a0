#include "model/operator_decision.hpp"

#include "model/engine_messages.hpp"
#include "model/planted_bug.hpp"
#include "model/thrown.hpp"

#include <algorithm>

namespace ensemble {

namespace {

using status = assignment::status;

/// What is stuck is told with its cause, not by this.
std::string_view name_of(status s) noexcept {
  switch (s) {
  case status::idle: return "not outstanding";
  case status::due: return "outstanding";
  case status::closing: return "being closed";
  case status::done: return "done";
  case status::failed: return "known to have failed";
  case status::voided: return "closed for ever";
  case status::skipped: return "skipped";
  default: return "passed over";
  }
}

std::string_view name_of(instance_phase phase) noexcept {
  switch (phase) {
  case instance_phase::forward: return "forward";
  case instance_phase::finishing: return "finishing";
  case instance_phase::compensating: return "compensating";
  case instance_phase::completed: return "completed";
  case instance_phase::compensated: return "compensated";
  }
  return "unknown";
}

bool blank(std::string_view text) noexcept {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

/// One of the things that an instance asks.
struct target {
  const assignment* asked{};
  std::size_t step{}; ///< of a step and its undo
  ensemble::direction direction = direction::none;
};

template <class Visit>
void for_each_target(const instance& i, Visit visit) {
  for (std::size_t n = 0; n < i.steps.size(); ++n) {
    visit(target{&i.steps[n].forward, n, direction::forward});
    visit(target{&i.steps[n].undo, n, direction::undo});
  }
  visit(target{&i.complete, 0, direction::complete});
  visit(target{&i.abort, 0, direction::abort});
}

/// Decides one word. Every function that may refuse returns why, and nothing when it does not.
class ruling {
public:
  ruling(const instance& i, const operator_word& word, event_id id)
      : i_(i), p_(*i.definition), word_(word) {
    event_.id = id;
    event_.origin.correlation = i.correlation;
    event_.origin.instance = i.id;
  }

  operator_decision decide() {
    auto refusal = refused();
    if (!refusal.empty()) return {std::nullopt, std::move(refusal)};
    return {std::move(event_), {}};
  }

private:
  std::string refused() {
    if (blank(word_.reason))
      return "a reason is required: the journal tells it to whoever asks why this was done";
    if (!i_.broken.empty())
      return "its definition threw (" + i_.broken + "): mend the program; no word helps before";
    if (i_.terminal()) return "it has ended: it is " + std::string(name_of(i_.phase));
    if (word_.verb != operator_verb::skip && !(word_.event_name + word_.event_text).empty())
      return "only a skip carries an event";
    auto refusal = by_verb();
    if (!refusal.empty()) return refusal;
    try {
      (void)event_.body.text(); // a reason that cannot be stored must not reach the journal
    } catch (const error& e) {
      return e.what();
    }
    return {};
  }

  std::string by_verb() {
    switch (word_.verb) {
    case operator_verb::retry: return retry();
    case operator_verb::skip: return skip();
    case operator_verb::abort: return abort();
    }
    return "there is no such verb";
  }

  // --- which of the instance's commands is meant ---

  std::string find(target& found) const {
    const auto d = word_.direction;
    if (d == direction::complete || d == direction::abort) {
      if (!word_.step.empty()) return "complete and abort belong to the process, not to a step";
      found = {d == direction::complete ? &i_.complete : &i_.abort, 0, d};
      return {};
    }
    if (d == direction::close)
      return "a close cannot be named: name what is being closed (forward, undo, ...)";
    if (word_.step.empty()) return "name the step, or one of the last words (complete, abort)";
    const auto step = p_.find_step(word_.step);
    if (!step) return "process '" + p_.name + "' has no step '" + word_.step + "': " + steps();
    const auto& s = i_.steps[*step];
    const bool undo = d == direction::undo || (d == direction::none && s.undo.open());
    found = {undo ? &s.undo : &s.forward, *step, undo ? direction::undo : direction::forward};
    return {};
  }

  std::string steps() const {
    std::string all = "its steps are";
    for (const auto& s : p_.steps) all += (all.ends_with("are") ? " '" : ", '") + s.name + "'";
    return all;
  }

  std::string told(const target& t) const {
    if (t.direction == direction::complete || t.direction == direction::abort)
      return std::string(to_string(t.direction));
    return (t.direction == direction::undo ? "the undo of '" : "step '") + p_.steps[t.step].name +
           "'";
  }

  std::string stuck_ones() const {
    std::string all;
    for_each_target(i_, [&](const target& t) {
      if (t.asked->state == status::stuck) all += (all.empty() ? "" : ", ") + told(t);
    });
    return all.empty() ? "nothing of it is stuck" : "what is stuck: " + all;
  }

  void address(const target& t) {
    event_.origin.direction = t.direction;
    event_.origin.round = t.asked->round;
    if (t.direction == direction::forward || t.direction == direction::undo)
      event_.origin.step = p_.steps[t.step].name;
  }

  // --- the three verbs ---

  std::string retry() {
    if (word_.step.empty() && word_.direction == direction::none) {
      if (!i_.stuck()) return "nothing of it is stuck: there is nothing to retry";
    } else {
      target which;
      if (auto refusal = find(which); !refusal.empty()) return refusal;
      if (which.asked->state != status::stuck)
        return told(which) + " is " + std::string(name_of(which.asked->state)) +
               ", so there is nothing to retry; " + stuck_ones();
      address(which);
    }
    event_.body = engine::retry_requested{word_.reason};
    return {};
  }

  std::string skip() {
    target which;
    if (auto refusal = find(which); !refusal.empty()) return refusal;
    const auto state = which.asked->state;
    if (state == status::closing)
      return told(which) + " is being closed already: wait for what becomes of it";
    if (state != status::due && state != status::stuck)
      return told(which) + " is " + std::string(name_of(state)) +
             ": only what is outstanding or stuck can be skipped";
    if (which.direction == direction::forward && i_.phase != instance_phase::forward)
      return "the instance goes back, so " + told(which) +
             " is settled by its close: retry that, or skip an undo";
    engine::skip_requested body{word_.reason};
    if (!(word_.event_name + word_.event_text).empty())
      if (auto refusal = carry(which, body); !refusal.empty()) return refusal;
    address(which);
    event_.body = std::move(body);
    return {};
  }

  std::string carry(const target& which, engine::skip_requested& body) const {
    if (which.direction != direction::forward)
      return "an event can stand in the place of a step's own only, not of " + told(which);
    const auto& s = p_.steps[which.step];
    const auto declared = successes(s);
    auto name = word_.event_name;
    if (name.empty() && declared.size() == 1) name = declared.front();
    const auto* success = s.success_on(name);
    if (!success) {
      std::string all;
      for (const auto each : declared) all += (all.empty() ? "'" : ", '") + std::string(each) + "'";
      return (name.empty() ? "name the event" : "'" + name + "' is no success of " + told(which)) +
             ": it declares " + (all.empty() ? "none, so skip it without an event" : all);
    }
    try {
      const auto event = message::decode(*success->event, word_.event_text);
      auto state = i_.state; // the fold must not throw once the step is closed
      if (success->fold) success->fold(state, event);
    } catch (...) {
      return "the event '" + name + "' cannot stand in its place: " + thrown_text();
    }
    body.event_name = name;
    body.event_schema_version = success->event->schema_version;
    body.event_text = word_.event_text;
    return {};
  }

  static std::vector<std::string_view> successes(const step_definition& s) {
    std::vector<std::string_view> names;
    for (const auto& o : s.successes) names.push_back(o.event->name);
    for (const auto& awaited : s.awaited)
      if (awaited.success) names.push_back(awaited.outcome.event->name);
    return names;
  }

  std::string abort() {
    if (!word_.step.empty() || word_.direction != direction::none)
      return "abort means the whole instance: name no step";
    if (i_.phase == instance_phase::compensating)
      return "it is being compensated already: " + i_.failure;
    if (i_.phase == instance_phase::finishing)
      return "every step is done, only the last word is missing: retry or skip that (complete)";
    if (i_.past_pivot() && !ENSEMBLE_PLANTED(abort_after_pivot))
      return "it is past its pivot, and nothing is undone after that: retry or skip what is stuck";
    for (std::size_t n = 0; n < i_.steps.size(); ++n) {
      const auto& pivot = i_.steps[n].forward;
      if (!p_.steps[n].pivot || !pivot.open() || i_.decision_pending.empty()) continue;
      if (pivot.state != status::due && !pivot.skip)
        return "whether it can go back depends on its pivot '" + p_.steps[n].name +
               "', which is being closed: " +
               (pivot.state == status::stuck ? "retry that" : "wait for that");
    }
    event_.body = engine::abort_requested{word_.reason};
    return {};
  }

  const instance& i_;
  const process_definition& p_;
  const operator_word& word_;
  new_event event_{};
};

} // namespace

operator_decision decide(const instance& i, const operator_word& word, event_id id) {
  return ruling(i, word, id).decide();
}

told_instance tell_instance(std::shared_ptr<const process_definition> definition,
                            std::span<const recorded_event> events) {
  told_instance told{begin_instance(std::move(definition), events.front()), events.front().time};
  bool stuck = told.folded.stuck();
  for (const auto& e : events.subspan(1)) {
    evolve(told.folded, e);
    const bool now = told.folded.stuck();
    if (!now || !stuck) told.since = e.time;
    stuck = now;
  }
  return told;
}

instance_report report_of(const told_instance& told) {
  const auto& i = told.folded;
  instance_report r;
  r.instance = i.id;
  r.process = i.definition->name;
  r.version = i.definition->version;
  r.phase = name_of(i.phase);
  r.terminal = i.terminal();
  r.stuck = i.stuck_reason();
  r.started = i.started;
  r.since = told.since;
  r.failure = i.failure;
  if (i.terminal()) return r;
  for_each_target(i, [&](const target& t) {
    const auto& a = *t.asked;
    if (!a.open()) return;
    const bool of_step = t.direction == direction::forward || t.direction == direction::undo;
    r.outstanding.push_back(
        {of_step ? i.definition->steps[t.step].name : std::string(), t.direction,
         a.state == status::due       ? "due"
         : a.state == status::closing ? "closing"
                                      : "stuck",
         a.state == status::stuck ? a.reason : std::string(), a.failed_attempts});
  });
  return r;
}

std::string_view to_string(operator_verb verb) noexcept { return ensemble_enum_name(verb); }

std::optional<instance_id> parse_instance_id(std::string_view text) noexcept {
  constexpr std::string_view digits = "0123456789abcdef";
  instance_id id;
  if (text.size() != 2 * id.bytes.size()) return std::nullopt;
  for (std::size_t n = 0; n < text.size(); ++n) {
    const auto digit = digits.find(text[n]);
    if (digit == std::string_view::npos) return std::nullopt;
    auto& byte = id.bytes[n / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | digit);
  }
  return id;
}

} // namespace ensemble
