#include "explorer/messages.hpp"
#include "explorer/world.hpp"
#include "model/engine_messages.hpp"

#include <algorithm>
#include <sstream>

// Holds a finished world against G1-G5, G10 and G11, from the journal and the ledger of effects
// alone: no part of the engine is asked what happened.

namespace explorer {

namespace {

/// What happened to one step.
struct history {
  const effect* done{};
  const effect* undone{};
  int effects = 0;
  int undo_effects = 0;
  position received{}; ///< of a step that awaits: when its event was
  bool omitted = false;
};

class checker {
public:
  explicit checker(world& w) : w_(w), p_(*w.definition), steps_(p_.steps.size()) {}

  void run() {
    gather();
    effects_are_recorded();
    const auto end = w_.fold_all();
    if (!end.terminal()) return; // told already
    for (std::size_t n = 0; n < steps_.size(); ++n)
      steps_[n].omitted = end.steps[n].forward.state == assignment::status::omitted;
    receptions();
    if (end.phase == instance_phase::completed)
      completed();
    else
      compensated();
    order_of_steps();
    nothing_after_the_end();
    nothing_begins_after_a_failure();
    attempts_and_times();
  }

private:
  void gather() {
    for (const auto& e : w_.effects) {
      const auto index = p_.find_step(e.step);
      if (!index || e.reverted) continue;
      auto& h = steps_[*index];
      if (e.direction == direction::forward) {
        ++h.effects;
        h.done = &e;
      } else if (e.direction == direction::undo) {
        ++h.undo_effects;
        h.undone = &e;
      }
    }
  }

  void receptions() {
    std::set<std::uint64_t> taken;
    for (const auto& e : w_.journal) {
      const auto* received = e.body.get_if<engine::event_received>();
      if (!received) continue;
      const auto& outside = w_.journal.at(received->event_position - 1);
      if (outside.body.name() != received->event_name || outside.position >= e.position ||
          outside.body.text() != received->event_text)
        w_.violate("rule 7: received what was never recorded so");
      if (!taken.insert(received->event_position).second)
        w_.violate("rule 7: one outside event was received twice");
      auto& h = steps_[p_.find_step(e.origin.step).value()];
      if (outside.body.is<approved>() && h.received.value == 0) h.received = e.position;
    }
  }

  void effects_are_recorded() {
    for (const auto& e : w_.effects) {
      if (!e.reverted && e.at.value == 0)
        w_.violate("G4: a leaked effect of " + e.step + ": no outcome, not cancelled");
      if (e.reverted && e.at.value != 0)
        w_.violate("rule 14: an effect of " + e.step + " was cancelled, and counted");
    }
  }

  void completed() {
    for (std::size_t n = 0; n < steps_.size(); ++n) {
      const auto& h = steps_[n];
      if (h.omitted) {
        if (h.effects != 0) w_.violate("G3: " + name(n) + " was omitted, and took effect");
        continue;
      }
      if (p_.steps[n].awaits()) {
        if (h.received.value == 0 && !w_.operated)
          w_.violate("rule 7: completed, and " + name(n) + " never received its event");
        continue;
      }
      if (h.effects != 1 && !(w_.operated && h.effects == 0))
        w_.violate("G3: completed with " + std::to_string(h.effects) + " effects of " + name(n));
      if (h.undo_effects != 0) w_.violate("G4: completed, and " + name(n) + " is undone");
    }
  }

  void compensated() {
    for (std::size_t n = 0; n < steps_.size(); ++n) {
      const auto& h = steps_[n];
      const int wanted = p_.steps[n].undo ? h.effects : 0;
      if (h.effects > 1) w_.violate("G3: " + name(n) + " took effect twice");
      if (h.undo_effects != wanted && !(w_.operated && h.undo_effects == 0))
        w_.violate("G4: " + name(n) + ": " + std::to_string(h.effects) + " effects, " +
                   std::to_string(h.undo_effects) + " undos");
      if (p_.steps[n].pivot && h.done) w_.violate("G2: compensated after the pivot " + name(n));
    }
  }

  void order_of_steps() {
    for (std::size_t n = 0; n < steps_.size(); ++n)
      for (const auto before : behind(n)) {
        const auto& earlier = steps_[before];
        const auto& later = steps_[n];
        if (later.done && earlier.done && later.done->at < earlier.done->at)
          w_.violate("G2: " + name(n) + " was done before " + name(before));
        if (p_.steps[before].awaits() && later.done && !earlier.omitted && !w_.operated &&
            (earlier.received.value == 0 || earlier.received > later.done->at))
          w_.violate("rule 7: " + name(n) + " was done before " + name(before) + " had its event");
        if (later.done && !earlier.done && !earlier.omitted && !p_.steps[before].awaits() &&
            !w_.operated)
          w_.violate("G2: " + name(n) + " was done without " + name(before));
        if (later.undone && earlier.undone && later.undone->at > earlier.undone->at)
          w_.violate("G5: " + name(before) + " was undone before " + name(n));
        if (earlier.undone && later.done && later.done->at > earlier.undone->at)
          w_.violate("G5: " + name(n) + " was done after the undo of " + name(before));
      }
  }

  // All steps that must come before step n, near or far.
  std::vector<std::size_t> behind(std::size_t n) const {
    std::vector<std::size_t> found = p_.steps[n].after;
    for (std::size_t k = 0; k < found.size(); ++k)
      for (const auto further : p_.steps[found[k]].after)
        if (std::ranges::find(found, further) == found.end()) found.push_back(further);
    return found;
  }

  void nothing_after_the_end() {
    position end{};
    int ends = 0;
    for (const auto& e : w_.journal)
      if (e.body.is<finished>() || e.body.is<cancelled>()) {
        end = e.position;
        ++ends;
      }
    if (ends > 1) w_.violate("G1: the process ended " + std::to_string(ends) + " times");
    if (ends == 0) return;
    for (const auto& e : w_.effects)
      if (e.at > end) w_.violate("G4: " + e.step + " took effect after the end");
  }

  // G5: once a step before the pivot is known to have failed, no step becomes due.
  void nothing_begins_after_a_failure() {
    if (w_.operated) return; // a pivot that an operator skipped leaves no trace in the ledger
    position failure{};
    for (const auto& e : w_.journal) {
      if (past_pivot(e.position)) break;
      if (e.body.is<broke>() && e.index == 0 && declares_failure(e.origin.step)) {
        failure = e.position;
        break;
      }
    }
    if (failure.value == 0) return;
    for (const auto& e : w_.journal)
      if (e.origin.direction == direction::forward && e.body.is<worked>() &&
          position_of(e.origin.causation) > failure)
        w_.violate("G5: " + e.origin.step + " became due after a failure");
  }

  bool past_pivot(position at) const {
    for (std::size_t n = 0; n < steps_.size(); ++n) {
      const auto& h = steps_[n];
      const auto reached = h.done ? h.done->at : h.received;
      if (p_.steps[n].pivot && reached.value != 0 && reached <= at) return true;
    }
    return false;
  }

  bool declares_failure(const std::string& step) const {
    const auto index = p_.find_step(step);
    return index && !p_.steps[*index].failures.empty();
  }

  position position_of(event_id id) const {
    for (const auto& e : w_.journal)
      if (e.id == id) return e.position;
    return {};
  }

  void delays() {
    for (const auto& e : w_.journal) {
      const auto index = p_.find_step(e.origin.step);
      if (!index || !e.body.is<worked>() || e.origin.round != 0) continue;
      const auto due = position_of(e.origin.causation);
      if (due.value == 0 || w_.journal[due.value - 1].body.is<engine::retry_requested>()) continue;
      if (e.time < w_.journal[due.value - 1].time + p_.steps[*index].delay)
        w_.violate("G9: " + e.origin.step + " was done before its delay was over");
    }
  }

  void attempts_and_times() {
    delays();
    for (const auto& e : w_.journal) {
      const auto index = p_.find_step(e.origin.step);
      const auto& policy = index ? p_.steps[*index].retries : p_.retries;
      if (const auto* failed = e.body.get_if<engine::attempt_failed>()) {
        if (failed->next_at < e.time + policy.first_delay)
          w_.violate("G11: a shorter delay than the policy's for " + e.origin.step);
      } else if (e.body.is<engine::step_timed_out>()) {
        const auto due = position_of(e.origin.causation);
        if (due.value != 0 && e.time < w_.journal[due.value - 1].time + p_.steps[*index].within)
          w_.violate("G9: the deadline of " + e.origin.step + " fired early");
      } else if (e.body.is<engine::process_timed_out>()) {
        if (e.time < w_.journal.front().time + p_.deadline)
          w_.violate("G9: the process's deadline fired early");
      }
    }
    count_attempts();
  }

  // One that is recorded behind the outcome, by a holder that lags, changes nothing (G10).
  void count_attempts() {
    std::map<std::string, int> failed;
    std::set<std::string> answered;
    for (const auto& e : w_.journal) {
      const auto of = e.origin.step + std::string(to_string(e.origin.direction));
      const auto command = of + std::to_string(e.origin.round);
      if (e.body.is<engine::retry_requested>()) failed.clear();
      if (!e.body.is<engine::attempt_failed>()) {
        if (category_of(e.stream) != p_.name) answered.insert(command);
        continue;
      }
      if (answered.contains(command)) continue;
      const auto index = p_.find_step(e.origin.step);
      const auto& policy = index ? p_.steps[*index].retries : p_.retries;
      if (++failed[of] > policy.attempts)
        w_.violate("G11: more attempts than the policy's for " + of);
    }
  }

  const std::string& name(std::size_t n) const { return p_.steps[n].name; }

  world& w_;
  const process_definition& p_;
  std::vector<history> steps_;
};

} // namespace

void check(world& w) { checker(w).run(); }

std::vector<std::string> explore(std::uint64_t seed, mode m, faults f) {
  world w(seed, m, f);
  w.run();
  check(w);
  return w.violations;
}

} // namespace explorer
