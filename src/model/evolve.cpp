#include "model/answer.hpp"
#include "model/engine_messages.hpp"
#include "model/instance.hpp"
#include "model/planted_bug.hpp"
#include "model/thrown.hpp"

#include <ensemble/service.hpp>

#include <algorithm>

// The rules that are named here (rule 3, ...) are listed in docs/process-machine.md.

namespace ensemble {

namespace {

using status = assignment::status;

/// Folds one event into one instance.
class fold {
public:
  fold(instance& i, const recorded_event& e) : i_(i), p_(*i.definition), e_(e) {}

  void start() {
    if (p_.start.fold) p_.start.fold(i_.state, e_.body);
    advance();
  }

  void run() {
    const auto& body = e_.body;
    if (const auto* failed = body.get_if<engine::attempt_failed>())
      attempt_failed(*failed);
    else if (const auto* received = body.get_if<engine::event_received>())
      event_received(*received);
    else if (body.is<engine::step_timed_out>())
      step_timed_out();
    else if (body.is<engine::process_timed_out>())
      give_up("the process's deadline has passed");
    else if (const auto* abort = body.get_if<engine::abort_requested>())
      give_up("aborted by an operator: " + abort->reason);
    else if (body.is<engine::retry_requested>())
      retry_requested();
    else if (const auto* skip = body.get_if<engine::skip_requested>())
      skip_requested(*skip);
    else if (const auto* refused = body.get_if<engine::close_refused>())
      close_refused(*refused);
    else
      outcome();
  }

private:
  // --- outcomes of commands ---

  assignment* addressed(std::size_t& step) {
    const auto& o = e_.origin;
    if (o.direction == direction::complete) return &i_.complete;
    if (o.direction == direction::abort) return &i_.abort;
    const auto index = p_.find_step(o.step);
    if (!index) return nullptr;
    step = *index;
    if (o.direction == direction::forward) return &i_.steps[step].forward;
    if (o.direction == direction::undo) return &i_.steps[step].undo;
    return nullptr;
  }

  // Rule 6: only the open command of the present round can be answered, and only once.
  assignment* addressed_and_open(std::size_t& step) {
    auto* a = addressed(step);
    if (ENSEMBLE_PLANTED(second_outcome_counts))
      return a && a->round == e_.origin.round ? a : nullptr;
    return a && a->open() && a->round == e_.origin.round ? a : nullptr;
  }

  void outcome() {
    std::size_t step = 0;
    auto* a = addressed_and_open(step);
    if (!a) return;
    const auto d = e_.origin.direction;
    if (d == direction::forward)
      forward_answered(step, read_answer(p_.steps[step], e_));
    else if (d == direction::undo)
      undo_answered(step, read_answer(p_.steps[step].undone, e_));
    else if (d == direction::complete)
      last_word_answered(*a, read_answer(p_.completed, e_), instance_phase::completed);
    else
      last_word_answered(*a, read_answer(p_.aborted, e_), instance_phase::compensated);
  }

  void remember(const answer& got) {
    if (got.outcome && got.outcome->fold) got.outcome->fold(i_.state, e_.body);
  }

  void forward_answered(std::size_t step, const answer& got) {
    auto& a = i_.steps[step].forward;
    if (got.what == answer::kind::open) return;
    remember(got);
    if (got.what == answer::kind::success) {
      a.state = status::done;
    } else if (got.what == answer::kind::voided && a.skip) {
      a.state = status::skipped;
      fold_in_place(p_.steps[step], *a.skip);
    } else if (i_.past_pivot() && !ENSEMBLE_PLANTED(back_after_pivot)) {
      failed_after_pivot(a, p_.steps[step], got.reason);
      return;
    } else {
      a.state = got.what == answer::kind::voided ? status::voided : status::failed;
      a.reason = got.reason;
      if (i_.phase == instance_phase::forward)
        compensate(i_.decision_pending.empty() ? "step '" + p_.steps[step].name + "' " + got.reason
                                               : i_.decision_pending);
    }
    if (i_.phase == instance_phase::forward || ENSEMBLE_PLANTED(no_freezing)) {
      i_.decision_pending.clear(); // the pivot that was being closed had succeeded: forward
      advance();
    }
    if (i_.phase == instance_phase::compensating) advance_undo();
  }

  // Rule 7. Which text stands for which event, and with what meaning, is the definition's.
  void event_received(const engine::event_received& received) {
    std::size_t step = 0;
    auto* a = addressed_and_open(step);
    if (!a || !p_.steps[step].awaits() || e_.origin.direction != direction::forward) return;
    for (const auto& awaited : p_.steps[step].awaited) {
      const auto& type = *awaited.outcome.event;
      if (type.name != received.event_name) continue;
      if (awaited.outcome.fold)
        awaited.outcome.fold(i_.state, message::decode(type, received.event_text));
      forward_answered(step, awaited.success
                                 ? answer{answer::kind::success, {}, nullptr}
                                 : answer{answer::kind::failure,
                                          "received '" + received.event_name + "'", nullptr});
      return;
    }
  }

  // Rule 6: never back.
  void failed_after_pivot(assignment& a, const step_definition& s, const std::string& reason) {
    if (!s.awaits()) {
      try_again(a, s.retries, reason);
      return;
    }
    ++a.round; // what was received stands in the journal: a retry waits for another event
    stick(a, reason);
  }

  void undo_answered(std::size_t step, const answer& got) {
    auto& a = i_.steps[step].undo;
    if (got.what == answer::kind::open) return;
    remember(got);
    if (got.what == answer::kind::success || ENSEMBLE_PLANTED(refused_undo_is_done)) {
      a.state = status::done;
    } else if (got.what == answer::kind::voided && a.skip) {
      a.state = status::skipped;
    } else {
      try_again(a, p_.steps[step].retries, got.reason);
      return;
    }
    advance_undo();
  }

  void last_word_answered(assignment& a, const answer& got, instance_phase end) {
    if (got.what == answer::kind::open) return;
    if (got.what == answer::kind::success) {
      a.state = status::done;
      i_.phase = end;
    } else if (got.what == answer::kind::voided && a.skip) {
      a.state = status::skipped;
      i_.phase = end;
    } else {
      ++a.round; // a refusal is recorded: an operator's retry needs a new id
      stick(a, got.reason);
    }
  }

  // Rule 2: the refusal stands in the journal, so the next try is a new round with a new id.
  void try_again(assignment& a, const retry_policy& policy, const std::string& reason) {
    if (!ENSEMBLE_PLANTED(same_round)) ++a.round;
    ++a.failed_attempts;
    a.skip.reset();
    a.cause = e_.id;
    const auto counted = a.failed_attempts - a.forgiven_attempts;
    if (counted >= policy.attempts) {
      stick(a, reason);
      return;
    }
    a.state = status::due;
    a.not_before =
        e_.time + retry_delay(policy, counted,
                              make_command_id(i_.id, e_.origin.step, e_.origin.direction, a.round));
  }

  static void stick(assignment& a, const std::string& reason) {
    a.stuck_closing = false;
    a.state = status::stuck;
    a.reason = reason;
  }

  // As the step itself would: another step may declare the same event, and fold it otherwise.
  void fold_in_place(const step_definition& s, const message& event) {
    const auto* o = event.empty() ? nullptr : s.success_on(event.name());
    if (o && o->fold) o->fold(i_.state, event);
  }

  // --- what becomes due ---

  // Rule 5: evaluated once, here; `due` only reads.
  void ask(assignment& a, const request_definition& request, duration delay = {}) {
    a.command = request.make(i_.state);
    make_due(a, delay);
  }

  void make_due(assignment& a, duration delay = {}) {
    a.state = status::due;
    a.due_since = e_.time + delay;
    a.due_since_event = e_.id;
    a.not_before = a.due_since;
    a.cause = e_.id;
  }

  void begin_step(assignment& a, const step_definition& s) {
    if (s.only_if && !s.only_if(i_.state)) {
      a.state = status::omitted;
      return;
    }
    if (!s.awaits()) {
      ask(a, s.ask, ENSEMBLE_PLANTED(no_delay) ? duration{} : s.delay);
      return;
    }
    for (const auto& awaited : s.awaited) {
      a.awaited_keys.push_back(awaited.key_of_state(i_.state));
      detail::check_key(a.awaited_keys.back());
    }
    make_due(a);
  }

  void advance() {
    bool all = true;
    for (std::size_t n = 0; n < p_.steps.size(); ++n) {
      auto& a = i_.steps[n].forward;
      const auto done = [&](std::size_t before) { return i_.steps[before].forward.passed(); };
      if (a.state == status::idle && std::ranges::all_of(p_.steps[n].after, done))
        begin_step(a, p_.steps[n]); // those behind it come later in the loop
      all = all && a.passed();
    }
    all = all || (ENSEMBLE_PLANTED(completes_early) && i_.steps.front().forward.passed());
    if (ENSEMBLE_PLANTED(no_freezing) && i_.phase != instance_phase::forward) return;
    if (!all) return;
    i_.phase = instance_phase::finishing;
    if (p_.complete)
      ask(i_.complete, p_.complete);
    else
      i_.phase = instance_phase::completed;
  }

  // Rule 3: what is pending has an unknown outcome, so it is closed, not guessed. Rule 4: from
  // here on no step becomes due.
  void compensate(const std::string& reason) {
    i_.phase = instance_phase::compensating;
    i_.failure = reason;
    i_.decision_pending.clear();
    for (std::size_t n = 0; n < p_.steps.size(); ++n)
      if (i_.steps[n].forward.open()) {
        if (ENSEMBLE_PLANTED(undo_instead_of_close) && p_.steps[n].undo)
          i_.steps[n].forward.state = status::done;
        else
          close(n);
      }
    advance_undo();
  }

  void close(std::size_t step) {
    auto& a = i_.steps[step].forward;
    a.skip.reset();
    if (p_.steps[step].awaits()) { // nobody else knows of it: the journal's order has decided
      a.state = status::voided;
      return;
    }
    if (ENSEMBLE_PLANTED(no_closing)) {
      a.state = status::voided;
      return;
    }
    // Stuck before the pivot: its close was asked already, and refused.
    if (a.state == status::closing || a.state == status::stuck) return;
    a.state = status::closing;
    a.cause = e_.id;
  }

  // Rule 4: reverse dependency order, independent branches in parallel.
  void advance_undo() {
    if (i_.abort.state != status::idle) return;
    bool all = true;
    // A step waits while anything behind it is unsettled, also across steps without an undo.
    std::vector<bool> waits(p_.steps.size(), false);
    for (std::size_t n = p_.steps.size(); n-- > 0;) {
      auto& s = i_.steps[n];
      const bool owes = owes_undo(n);
      if (owes && s.undo.state == status::idle && (!waits[n] || ENSEMBLE_PLANTED(undo_order)))
        ask(s.undo, p_.steps[n].undo);
      const bool unsettled = s.forward.open() || owes;
      if (unsettled) all = false;
      if (unsettled || waits[n])
        for (const auto before : p_.steps[n].after) waits[before] = true;
    }
    if (!all && !ENSEMBLE_PLANTED(abort_before_undos)) return;
    if (p_.abort)
      ask(i_.abort, p_.abort);
    else
      i_.phase = instance_phase::compensated;
  }

  bool owes_undo(std::size_t step) const {
    const auto& s = i_.steps[step];
    return s.forward.state == status::done && p_.steps[step].undo && !s.undo.passed();
  }

  // --- time and operators ---

  void attempt_failed(const engine::attempt_failed& failed) {
    std::size_t step = 0;
    auto* a = addressed_and_open(step);
    if (!a || a->state != status::due || failed.n <= a->failed_attempts) return;
    a->failed_attempts = failed.n;
    a->not_before = ENSEMBLE_PLANTED(no_pause_between_attempts) ? e_.time : failed.next_at;
    const auto& policy = policy_of(p_, e_.origin.step);
    const auto counted = failed.n - a->forgiven_attempts;
    if (counted < policy.attempts || ENSEMBLE_PLANTED(tries_for_ever)) return;
    const auto why = "had no answer in " + std::to_string(counted) + " attempts" +
                     (failed.reason.empty() ? "" : ": " + failed.reason);
    if (e_.origin.direction == direction::forward)
      step_gave_up(step, why);
    else
      stick(*a, why);
  }

  void step_timed_out() {
    std::size_t step = 0;
    auto* a = addressed_and_open(step);
    if (!a || a->state != status::due || e_.origin.direction != direction::forward) return;
    // A holder that has not seen an operator's retry yet may still record the time from before it.
    const auto command = make_command_id(i_.id, e_.origin.step, direction::forward, a->round);
    if (e_.id == make_timeout_id(command, a->retries)) step_gave_up(step, "timed out");
  }

  void step_gave_up(std::size_t step, const std::string& why) {
    if (i_.past_pivot())
      stick(i_.steps[step].forward, why);
    else
      give_up("step '" + p_.steps[step].name + "' " + why);
  }

  void give_up(const std::string& reason) {
    const bool may =
        i_.phase == instance_phase::forward ||
        (ENSEMBLE_PLANTED(deadline_while_finishing) && i_.phase == instance_phase::finishing);
    const bool back = !i_.past_pivot() || ENSEMBLE_PLANTED(abort_after_pivot);
    if (!may || !back) return;
    for (std::size_t n = 0; n < p_.steps.size(); ++n) {
      auto& a = i_.steps[n].forward;
      if (!p_.steps[n].pivot || !a.open() || p_.steps[n].awaits()) continue;
      // Rule 6: whether there is a way back depends on what became of the pivot.
      if (i_.decision_pending.empty()) i_.decision_pending = reason;
      close(n);
      return;
    }
    compensate(reason);
  }

  void close_refused(const engine::close_refused& refused) {
    std::size_t step = 0;
    auto* a = addressed_and_open(step);
    if (!a || a->state != status::closing) return;
    stick(*a, refused.reason);
    a->stuck_closing = true;
  }

  template <class F>
  void for_each_assignment(F f) {
    for (std::size_t n = 0; n < p_.steps.size(); ++n) {
      f(i_.steps[n].forward, p_.steps[n].name, direction::forward);
      f(i_.steps[n].undo, p_.steps[n].name, direction::undo);
    }
    f(i_.complete, std::string(), direction::complete);
    f(i_.abort, std::string(), direction::abort);
  }

  void retry_requested() {
    const auto& o = e_.origin;
    for_each_assignment([&](assignment& a, const std::string& step, direction d) {
      if (a.state != status::stuck) return;
      if (o.direction != direction::none && (o.direction != d || o.step != step)) return;
      a.state = a.stuck_closing ? status::closing : status::due;
      if (a.stuck_closing) ++a.close_round; // the refusal to close is recorded under the old one
      a.stuck_closing = false;
      a.forgiven_attempts = a.failed_attempts;
      ++a.retries;
      a.due_since = e_.time;
      a.due_since_event = e_.id;
      a.not_before = e_.time;
      a.cause = e_.id;
      a.reason.clear();
    });
  }

  /// The event that a skip carries, or an empty one; none when it cannot be read.
  std::optional<message> carried(const engine::skip_requested& skip) const {
    const auto step = p_.find_step(e_.origin.step);
    const auto* o = step ? p_.steps[*step].success_on(skip.event_name) : nullptr;
    if (!o) return message();
    try {
      return message::decode(*o->event, skip.event_text);
    } catch (const error&) {
      return std::nullopt;
    }
  }

  void skip_requested(const engine::skip_requested& skip) {
    const auto& o = e_.origin;
    const auto in_place = carried(skip);
    if (!in_place) return; // an event that nobody can read would leave it broken for ever
    if (const auto step = p_.find_step(o.step);
        step && p_.steps[*step].awaits() && o.direction == direction::forward) {
      skip_awaiting(*step, *in_place);
      return;
    }
    for_each_assignment([&](assignment& a, const std::string& step, direction d) {
      if (o.direction != d || o.step != step) return;
      if (a.state != status::stuck && a.state != status::due) return;
      // Before the pivot a step that is not to happen is an abort, not a skip.
      if (d == direction::forward && i_.phase != instance_phase::forward) return;
      if (a.stuck_closing) ++a.close_round;
      a.stuck_closing = false;
      a.state = ENSEMBLE_PLANTED(skip_without_close) && d == direction::forward ? status::skipped
                                                                                : status::closing;
      a.cause = e_.id;
      a.skip = in_place;
    });
    if (ENSEMBLE_PLANTED(skip_without_close) && o.direction == direction::forward) advance();
  }

  // No service has to be asked first: whether it was received stands in the journal.
  void skip_awaiting(std::size_t step, const message& in_place) {
    auto& a = i_.steps[step].forward;
    if (!a.open()) return; // it is open on the way forward alone
    a.state = status::skipped;
    fold_in_place(p_.steps[step], in_place);
    advance();
  }

  instance& i_;
  const process_definition& p_;
  const recorded_event& e_;
};

} // namespace

instance begin_instance(std::shared_ptr<const process_definition> definition,
                        const recorded_event& start) {
  instance i;
  i.definition = std::move(definition);
  i.id = make_instance_id(start.position, i.definition->name);
  i.correlation = start.origin.correlation;
  i.start_event = start.id;
  i.started = start.time;
  i.last = start.position;
  i.steps.resize(i.definition->steps.size());
  try {
    i.state = i.definition->initial();
    fold(i, start).start();
  } catch (...) {
    i.broken = std::string("folding '") + std::string(start.body.name()) + "': " + thrown_text();
  }
  return i;
}

void evolve(instance& i, const recorded_event& event) {
  if (event.position <= i.last) return;
  i.last = event.position;
  if (i.terminal() || !i.broken.empty()) return;
  if (event.origin.instance != i.id) return;
  try {
    fold(i, event).run();
  } catch (...) {
    i.broken = std::string("folding '") + std::string(event.body.name()) + "': " + thrown_text();
  }
}

} // namespace ensemble
