#include "explorer/world.hpp"

#include "explorer/equality.hpp"
#include "explorer/messages.hpp"
#include "model/dance.hpp"
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

std::vector<holder> make_holders(const process_definition& p, mode m, const faults& f) {
  std::vector<holder> all;
  if (m == mode::conducted) {
    all.resize(1);
  } else {
    const auto services = participants(p);
    for (const auto& name : services) {
      holder h;
      h.service = name;
      h.role.acts_for = [name](std::string_view service) { return service == name; };
      h.role.keeps_deadlines = name == p.owner;
      all.push_back(std::move(h));
    }
    if (f.act_for_another)
      all.back().role.acts_for = [own = services.back(),
                                  other = services.front()](std::string_view service) {
        return service == own || service == other;
      };
  }
  for (auto& h : all) h.role.recovery_grace = 3ms;
  return all;
}

world::world(std::uint64_t seed, mode m, faults f)
    : dice_(seed), faults_(std::move(f)), outcome_seed_(seed * 0x9E3779B97F4A7C15ULL) {
  definition = random_definition(dice_, 12);
  luck_ = dice_.below(2) * 25;
  now_ = timestamp(1s);
  holders_ = make_holders(*definition, m, faults_);
  for (auto& h : holders_) h.dead = dice_.chance(0.2); // joins late
  new_event start;
  start.id = make_event_id(command_id::of(1, seed), 0);
  start.body = begun{};
  record({start}, "owner-key");
  id = make_instance_id(journal.back().position, definition->name);
  for (const auto& s : definition->steps)
    if (dice_.chance(0.3)) effect_services_.insert(s.ask.service);
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
  } else if (roll < 94) {
    crash(h);
  } else if (roll < 95) {
    restart();
  } else if (roll < 96) {
    catch_up(h);
    if (h.folded) act(h);
    replace_host(definition->steps[dice_.below(definition->steps.size())].ask.service);
  } else if (roll < 98) {
    outside_event();
  } else {
    operate();
  }
}

// The bus: a message for one commit or for several, to whoever has joined; it may be lost.
void world::publish() {
  const published batch{published_, journal.size()};
  published_ = journal.size();
  for (auto& h : holders_)
    if (!h.dead && !dice_.chance(0.1)) h.inbox.push_back(batch);
}

void world::observe_and_act(holder& h, std::size_t at_most) {
  if (h.dead) {
    recover(h);
  } else {
    for (; at_most > 0 && !h.inbox.empty(); --at_most) {
      hear(h, h.inbox.front());
      h.inbox.pop_front();
    }
  }
  if (h.folded) act(h);
}

// A recovery folds to the head before it acts (rule 8). It joins before it reads: what comes
// twice is known by its positions.
void world::recover(holder& h) {
  h.dead = false;
  read(h, journal.size());
  if (h.folded) h.acting.emplace(h.role, now_);
  compare_with_reference(h);
}

// Asks for the head: the last message may be the lost one.
void world::catch_up(holder& h) {
  if (h.dead)
    recover(h);
  else
    read(h, journal.size());
}

void world::hear(holder& h, const published& batch) {
  if (batch.from > h.read && faults_.leave_gaps) h.read = batch.from;
  if (batch.to > h.read) read(h, batch.to); // what it missed, too
}

void world::read(holder& h, std::size_t to) {
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
    if (!h.service.empty() && c.service != h.service)
      violate("rule 9: " + h.service + " acted for " + c.service);
    const auto [known, fresh] = bodies_.emplace(c.id, text_of(c.body));
    if (!fresh && !out.repeat)
      violate("rule 10: " + c.step + " was given again, and not as a repeat");
    if (!fresh && known->second != text_of(c.body))
      violate("rule 5: one id carries two commands: " + known->second + ", " + text_of(c.body));
    network_.push_back(c);
  }
  for (auto& e : actions.record) record({std::move(e)}, h.folded->stream());
  h.wake = actions.wake;
  // Put to sleep and woken: nothing that is outstanding is forgotten.
  if (h.acting->idle() && dice_.chance(0.3)) h.acting.emplace(h.role, std::nullopt);
}

// As at run time: when there is something new, or when its time has come.
void world::go_on(holder& h) {
  const auto before = h.dead ? 0 : h.read;
  catch_up(h);
  if (h.folded && (h.read != before || (h.wake && *h.wake <= now_))) act(h);
}

/// The service says that it could not handle it: whoever gave it is told (rule 10).
void world::attempt_failed(const due_command& c) {
  for (auto& h : holders_)
    if (h.acting && (h.service.empty() || h.service == c.service)) {
      h.acting->attempt_failed(c.id, "crashed");
      act(h);
    }
}

/// What was given to that service may be lost.
void world::replace_host(const std::string& service) {
  for (auto& h : holders_)
    if (h.acting) {
      h.acting->forget(service);
      act(h);
    }
}

void world::crash(holder& h) {
  h.folded.reset();
  h.acting.reset();
  h.outside.reset();
  h.awaiting.clear();
  h.inbox.clear();
  h.wake.reset();
  h.read = 0;
  h.dead = true;
}

// Everything that is not in the journal is lost. If the one who keeps the deadlines was asleep, all
// are left asleep, as the book of open instances says: until the time that it told, or an event.
void world::restart() {
  const auto& keeper =
      *std::ranges::find_if(holders_, [](const holder& h) { return h.role.keeps_deadlines; });
  const bool asleep = keeper.folded && keeper.read == journal.size() && keeper.acting->idle();
  const auto wake = keeper.wake;
  network_.clear();
  for (auto& h : holders_) crash(h);
  if (!asleep) return;
  for (auto& h : holders_) {
    recover(h);
    h.wake = wake;
  }
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
  const auto other = difference(*h.folded, i);
  if (!other.empty()) violate("G12: two folds of one prefix disagree in " + other);
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
  if (dice_.chance(0.6)) publish();
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
  if (dice_.chance(0.2)) restart();
  healing_ = true;
  for (int round = 0; round < 5000; ++round) {
    for (auto& h : holders_) go_on(h);
    while (!network_.empty()) deliver(dice_.below(network_.size()));
    const auto i = fold_all();
    if (i.terminal()) {
      for (auto& h : holders_) {
        catch_up(h);
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
