#include "explorer/world.hpp"

#include "explorer/messages.hpp"
#include "model/engine_messages.hpp"
#include "model/operator_decision.hpp"

#include <algorithm>

namespace explorer {

namespace {

using namespace std::chrono_literals;

std::string text_of(const message& body) {
  std::string text(body.name());
  if (const auto* m = body.get_if<asked>()) text += std::to_string(m->step * 1000 + m->seen);
  if (const auto* m = body.get_if<undo_asked>()) text += std::to_string(m->step * 1000 + m->seen);
  if (const auto* m = body.get_if<finish_asked>()) text += std::to_string(m->seen);
  if (const auto* m = body.get_if<cancel_asked>()) text += std::to_string(m->seen);
  return text;
}

} // namespace

world::world(std::uint64_t seed, mode m, faults f)
    : dice_(seed), faults_(f), outcome_seed_(seed * 0x9E3779B97F4A7C15ULL) {
  definition = random_definition(dice_);
  now_ = timestamp(1s);
  new_event start;
  start.id = make_event_id(command_id::of(1, seed), 0);
  start.body = begun{};
  record({start}, "owner-key");
  id = make_instance_id(journal.back().position, definition->name);
  for (const auto& s : definition->steps)
    if (dice_.chance(0.3)) effect_services_.insert(s.ask.service);
  add_holders(m);
}

void world::add_holders(mode m) {
  if (m == mode::conducted) {
    holders_.resize(1);
    holders_[0].role.recovery_grace = 3ms;
    return;
  }
  std::set<std::string> services{definition->owner};
  for (const auto& s : definition->steps) services.insert(s.ask.service);
  for (const auto& name : services) {
    holder h;
    h.role.acts_for = [name](std::string_view service) { return service == name; };
    h.role.keeps_deadlines = name == definition->owner;
    h.role.recovery_grace = 3ms;
    holders_.push_back(std::move(h));
  }
}

void world::run() {
  const auto turns = 30 + dice_.below(120);
  for (std::size_t n = 0; n < turns; ++n) faulty_turn();
  heal();
}

void world::faulty_turn() {
  auto& h = holders_[dice_.below(holders_.size())];
  const auto roll = dice_.below(100);
  if (roll < 45) {
    observe_and_act(h, 1 + dice_.below(4));
  } else if (roll < 75) {
    if (network_.empty()) return;
    const auto index = dice_.below(network_.size());
    const auto fate = dice_.below(20);
    if (fate == 0)
      network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(index));
    else if (fate < 4)
      network_.push_back(network_[index]); // doubled
    else
      deliver(index);
  } else if (roll < 93) {
    now_ += dice_.below(6) * 1ms;
  } else if (roll < 96) {
    crash(h);
  } else if (roll < 98) {
    outside_event();
  } else {
    operate();
  }
}

void world::observe_and_act(holder& h, std::size_t at_most) {
  if (h.dead) { // a recovery folds to the head before it acts (rule 8)
    h.dead = false;
    read(h, journal.size());
  } else {
    read(h, at_most);
  }
  if (h.folded) act(h);
}

void world::read(holder& h, std::size_t at_most) {
  const auto to = std::min(journal.size(), h.read + at_most);
  std::vector<const recorded_event*> batch;
  for (; h.read < to; ++h.read) batch.push_back(&journal[h.read]);
  if (faults_.fold_by_topic)
    std::ranges::stable_sort(batch, {}, [](const recorded_event* e) { return e->body.name(); });
  for (const auto* e : batch) {
    if (!h.folded && e->body.is<begun>()) {
      h.folded = begin_instance(definition, *e);
      h.acting.emplace(h.role, std::nullopt);
    } else if (h.folded) {
      evolve(*h.folded, *e);
    }
  }
  if (!h.acting && h.folded) h.acting.emplace(h.role, now_);
  if (h.role.keeps_deadlines && h.folded) receive(h, batch);
  if (dice_.chance(0.1)) compare_with_reference(h);
}

// Rule 7, as a process manager does it: what is handed over is recorded, and folded when it comes
// back from the journal.
void world::receive(holder& h, const std::vector<const recorded_event*>& events) {
  if (!h.outside) {
    h.outside.emplace(std::size_t{100});
    h.outside->add(*definition);
  }
  std::vector<outside_events::handed> handed;
  const auto add = [&](std::vector<outside_events::handed> more) {
    std::ranges::move(more, std::back_inserter(handed));
  };
  bool received = false;
  for (const auto* e : events) {
    if (const auto* taken = e->body.get_if<engine::event_received>()) {
      h.outside->received({taken->event_position});
      received = true;
    }
    add(h.outside->arrived(*e));
  }
  auto keys = awaited_keys(*h.folded);
  if (received || keys != h.awaiting) {
    h.awaiting = keys;
    add(h.outside->awaits(id, std::move(keys)));
  }
  for (const auto& [to, event] : handed)
    if (auto e = receive_event(*h.folded, event))
      record({std::move(*e)}, h.folded->stream());
    else
      add(h.outside->returned(to, event));
}

void world::outside_event() {
  const auto key = "k" + std::to_string(dice_.below(definition->steps.size()));
  new_event e;
  e.id = make_event_id(command_id::of(8, journal.size()), 0);
  e.body = dice_.chance(0.7) ? message(approved{key}) : message(denied{key});
  record({std::move(e)}, "outside-" + key);
}

void world::act(holder& h) {
  auto actions = h.acting->act(*h.folded, now_);
  for (auto& out : actions.send) {
    const auto& c = out.command;
    if (c.not_before > now_) violate("G11: " + c.step + " was given before its delay was over");
    const auto [known, fresh] = bodies_.emplace(c.id, text_of(c.body));
    if (!fresh && known->second != text_of(c.body))
      violate("rule 5: one id carries two commands: " + known->second + ", " + text_of(c.body));
    network_.push_back(c);
  }
  for (auto& e : actions.record) record({std::move(e)}, h.folded->stream());
  // Put to sleep and woken: nothing that is outstanding is forgotten.
  if (h.acting->idle() && dice_.chance(0.3)) h.acting.emplace(h.role, std::nullopt);
}

void world::crash(holder& h) {
  h.folded.reset();
  h.acting.reset();
  h.outside.reset();
  h.awaiting.clear();
  h.read = 0;
  h.dead = true;
}

instance world::fold_all() const {
  auto i = begin_instance(definition, journal.front());
  for (const auto& e : journal) evolve(i, e);
  return i;
}

// G12: what a holder has folded is what anyone folds from the same prefix.
void world::compare_with_reference(const holder& h) {
  if (!h.folded) return;
  auto i = begin_instance(definition, journal.front());
  for (std::size_t n = 0; n < h.read; ++n) evolve(i, journal[n]);
  const auto mine = due(*h.folded);
  const auto reference = due(i);
  const auto same = [](const due_command& a, const due_command& b) {
    return a.id == b.id && a.not_before == b.not_before && text_of(a.body) == text_of(b.body);
  };
  if (i.phase != h.folded->phase || !std::ranges::equal(mine, reference, same))
    violate("G12: two folds of one prefix disagree");
}

void world::record(std::vector<new_event> events, const std::string& stream) {
  auto& ids = streams_[stream];
  if (ids.contains(events.front().id)) return;
  for (auto& e : events) {
    ids.insert(e.id);
    recorded_event r;
    r.position = {journal.size() + 1};
    r.stream = stream;
    r.time = now_;
    r.id = e.id;
    r.index = e.index;
    r.last = e.last;
    r.origin = e.origin;
    r.body = std::move(e.body);
    journal.push_back(std::move(r));
  }
}

// Only what is accepted reaches the journal (rule 18).
void world::operator_says(operator_word word) {
  const auto i = fold_all();
  word.reason = "test";
  const auto decided =
      ensemble::decide(i, word, make_event_id(command_id::of(7, journal.size()), 0));
  if (decided.event) record({*decided.event}, i.stream());
}

void world::operate() {
  const auto i = fold_all();
  if (i.terminal()) return;
  switch (dice_.below(4)) {
  case 0: operator_says({.verb = operator_verb::retry}); break;
  case 1: operator_says({.verb = operator_verb::abort}); break;
  default: {
    if (!i.stuck() || !dice_.chance(0.5)) return;
    operated = true;
    for (std::size_t n = 0; n < i.steps.size(); ++n) {
      const auto& name = definition->steps[n].name;
      if (i.steps[n].forward.state == assignment::status::stuck)
        operator_says({.verb = operator_verb::skip,
                       .step = name,
                       .direction = direction::forward,
                       .event_text = R"({"step":1})"});
      if (i.steps[n].undo.state == assignment::status::stuck)
        operator_says({.verb = operator_verb::skip, .step = name, .direction = direction::undo});
    }
  }
  }
}

void world::heal() {
  healing_ = true;
  for (int round = 0; round < 1000; ++round) {
    for (auto& h : holders_) observe_and_act(h, journal.size());
    while (!network_.empty()) deliver(dice_.below(network_.size()));
    const auto i = fold_all();
    if (i.terminal()) {
      for (auto& h : holders_) {
        observe_and_act(h, journal.size());
        compare_with_reference(h);
      }
      return;
    }
    if (!awaited(i).empty() && round % 10 == 9) outside_event();
    if (i.stuck() && round % 40 == 39) operator_says({.verb = operator_verb::retry});
    now_ += 1ms;
  }
  violate("G1: not finished after healing: " + fold_all().stuck_reason());
}

} // namespace explorer
