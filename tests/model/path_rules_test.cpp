#include "model/path_rules.hpp"

#include "model/machine.hpp"

// The rules of every path, each against a step of an engine that broke it: an honest one never
// does, so the states are made by hand.

namespace {

using namespace machine;
using status = assignment::status;
using ::testing::Contains;
using ::testing::Not;
using ::testing::Pair;

/// What an engine made of one event.
struct step_of_engine {
  explicit step_of_engine(process_definition p)
      : definition(std::make_shared<const process_definition>(std::move(p))),
        before(script(*definition).i),
        after(before) {}
  step_of_engine() : step_of_engine(make_process({{"a"}, {"b", "a"}, {"c", "b"}})) {}

  step_of_engine& says(const std::string& step, direction d, message body) {
    event.id = event_id::of(5, 5);
    event.position = {before.last.value + 1};
    event.last = true;
    event.origin = {{}, {}, before.id, step, d, 0};
    event.body = std::move(body);
    return *this;
  }
  step_of_engine& forward_of(std::size_t n, status from, status to) {
    before.steps[n].forward.state = from;
    after.steps[n].forward.state = to;
    return *this;
  }
  step_of_engine& undo_of(std::size_t n, status from, status to) {
    before.steps[n].undo.state = from;
    after.steps[n].undo.state = to;
    return *this;
  }
  [[nodiscard]] path_rules::violations found(bool by_operator = false) const {
    return path_rules(*definition).of_event(before, event, after, by_operator);
  }

  std::shared_ptr<const process_definition> definition;
  instance before, after;
  recorded_event event{};
};

auto finds(const std::string& step, const std::string& words) {
  return Contains(Pair(step, HasSubstr(words)));
}

process_definition awaiting_first() {
  auto p = make_process({{"a"}, {"b", "a"}});
  auto& s = step_of(p, "a");
  s.ask = {};
  s.undo = {};
  s.undone = {};
  s.successes.clear();
  s.failures.clear();
  const auto key = [](const auto&) { return std::string("key"); };
  s.awaited = {{{&type_of<worked>(), {}}, key, key, true},
               {{&type_of<broke>(), {}}, key, key, false}};
  return p;
}

TEST(PathRules, HonestStepsAreNoViolation) {
  script s(make_process({{"a"}, {"b", "a"}}));
  const path_rules rules(*s.definition);
  const auto before = s.i;
  s.works("a");
  EXPECT_THAT(rules.of_event(before, s.journal.back(), s.i, false), IsEmpty());
  EXPECT_THAT(rules.of_repeats(s.i, s.journal.back()), IsEmpty());
  EXPECT_THAT(rules.of_state(s.i, true), IsEmpty());
}

TEST(PathRules, WhatWasKnownDoesNotChangeAndNothingGoesBack) {
  step_of_engine e;
  e.says("a", forward, worked{"a"}).forward_of(0, status::done, status::due);
  EXPECT_THAT(e.found(), finds("a", "changes after its outcome was known"));
  EXPECT_THAT(e.found(), finds("", "round in circles"));
  EXPECT_THAT(e.found(true), Not(finds("", "round in circles"))); // his word may take things back
}

TEST(PathRules, NothingBeginsOnTheWayBack) {
  for (const auto phase : {instance_phase::compensating, instance_phase::compensated}) {
    step_of_engine e;
    e.says("a", forward, broke{"a"}).forward_of(1, status::idle, status::due);
    e.after.phase = phase;
    EXPECT_THAT(e.found(), finds("b", "begins after the decision to compensate"));
  }
}

TEST(PathRules, NothingBeginsBeforeWhatItComesAfterHasPassed) {
  for (const auto first : {status::idle, status::due, status::failed, status::voided}) {
    step_of_engine e;
    e.says("a", forward, worked{"a"}).forward_of(1, status::idle, status::due);
    e.before.steps[0].forward.state = e.after.steps[0].forward.state = first;
    EXPECT_THAT(e.found(), finds("b", "begins before")) << static_cast<int>(first);
  }
  for (const auto first : {status::done, status::skipped, status::omitted}) {
    step_of_engine e;
    e.says("a", forward, worked{"a"}).forward_of(1, status::idle, status::due);
    e.before.steps[0].forward.state = e.after.steps[0].forward.state = first;
    EXPECT_THAT(e.found(), IsEmpty()) << static_cast<int>(first);
  }
}

TEST(PathRules, AnOutcomeIsFoundOutNotGuessed) {
  step_of_engine e;
  e.says("b", forward, worked{"b"}).forward_of(0, status::due, status::voided);
  EXPECT_THAT(e.found(), finds("a", "guessed"));
  step_of_engine awaiting(awaiting_first());
  awaiting.says("", direction::none, engine::process_timed_out{});
  awaiting.forward_of(0, status::due, status::voided);
  EXPECT_THAT(awaiting.found(), IsEmpty()); // nobody else knows of it
}

TEST(PathRules, DoneIsWhatItsEventSays) {
  const auto done_by = [](const message& body, process_definition p) {
    step_of_engine e(std::move(p));
    return e.says("a", forward, body).forward_of(0, status::due, status::done).found();
  };
  const auto asking = make_process({{"a"}, {"b", "a"}});
  auto silent = asking;
  step_of(silent, "a").successes.clear();
  const auto wrong = finds("a", "counts as done by an event that does not say so");
  EXPECT_THAT(done_by(worked{"a"}, asking), IsEmpty());
  EXPECT_THAT(done_by(broke{"a"}, asking), wrong);
  EXPECT_THAT(done_by(engine::command_acknowledged{}, asking), wrong);
  EXPECT_THAT(done_by(engine::command_acknowledged{}, silent), IsEmpty());
  const auto received = [](const char* name) {
    return message(engine::event_received{name, 1, "{}", 1});
  };
  EXPECT_THAT(done_by(received("worked"), awaiting_first()), IsEmpty());
  EXPECT_THAT(done_by(received("broke"), awaiting_first()), wrong);
  EXPECT_THAT(done_by(received("worked"), asking), wrong);
}

TEST(PathRules, UndoneIsWhatItsEventSaysAndOnce) {
  const auto wrong = finds("a", "counts as undone without the event that says so");
  step_of_engine e;
  e.forward_of(0, status::done, status::done).undo_of(0, status::due, status::done);
  EXPECT_THAT(e.says("a", undo, undone{"a"}).found(), IsEmpty());
  EXPECT_THAT(e.says("a", undo, remarked{}).found(), wrong);
  EXPECT_THAT(e.says("b", undo, undone{"b"}).found(), wrong);
  EXPECT_THAT(e.says("a", forward, undone{"a"}).found(), wrong);
  e.undo_of(0, status::done, status::due);
  EXPECT_THAT(e.says("a", undo, undone{"a"}).found(), finds("a", "is undone twice"));
}

TEST(PathRules, OnlyWhatWasDoneIsUndoneAndNothingAfterThePivot) {
  step_of_engine e;
  e.says("b", forward, broke{"b"}).forward_of(0, status::failed, status::failed);
  e.undo_of(0, status::idle, status::due);
  EXPECT_THAT(e.found(), finds("a", "is undone, and was not done"));
  auto p = make_process({{"a"}, {"b", "a"}});
  step_of(p, "a").pivot = true;
  step_of_engine past(std::move(p));
  past.says("b", forward, broke{"b"}).forward_of(0, status::done, status::done);
  past.undo_of(0, status::idle, status::due);
  EXPECT_THAT(past.found(), finds("a", "is undone after the pivot"));
}

TEST(PathRules, WhatCameAfterIsUndoneBeforeAlsoFromFar) {
  for (const auto last : {status::due, status::done}) {
    step_of_engine e;
    e.says("b", forward, broke{"b"}).forward_of(0, status::done, status::done);
    e.forward_of(1, status::failed, status::failed).forward_of(2, last, last);
    e.undo_of(0, status::idle, status::due);
    EXPECT_THAT(e.found(), finds("a", "is undone before 'c', which comes after it"));
    e.forward_of(2, status::done, status::done).undo_of(2, status::done, status::done);
    EXPECT_THAT(e.found(), IsEmpty());
  }
}

TEST(PathRules, WhatComesTwiceOrTooLateChangesNothing) {
  script s(make_process({{"a"}, {"b", "a"}}));
  const auto before = s.i;
  s.works("a");
  auto unfolded = before; // as an engine that folds a repeat anew
  const auto found = path_rules(*s.definition).of_repeats(unfolded, s.journal.back());
  EXPECT_THAT(found, ElementsAre(Pair("a", "is changed by an event that comes twice")));
}

TEST(PathRules, AStateGoesOnOrEndsOrSaysWhatItWaitsFor) {
  auto p = make_process({{"a"}, {"b", "a"}});
  step_of(p, "a").pivot = true;
  const script s(p);
  const path_rules rules(*s.definition);
  EXPECT_THAT(rules.of_state(s.i, true), IsEmpty());
  EXPECT_THAT(rules.of_state(s.i, false), finds("", "stands still for ever"));
  auto i = s.i;
  i.broken = "folding";
  EXPECT_THAT(rules.of_state(i, true), finds("", "cannot go on: folding"));
  i = s.i;
  i.steps[0].forward.state = status::stuck;
  EXPECT_THAT(rules.of_state(i, false), finds("a", "waits for an operator though"));
  i.steps[0].forward.stuck_closing = true; // what could not be closed needs him
  EXPECT_THAT(rules.of_state(i, false), IsEmpty());
  i = s.i;
  i.steps[0].forward.state = status::done;
  i.steps[1].forward.state = status::stuck; // there is no way back
  EXPECT_THAT(rules.of_state(i, false), IsEmpty());
  i.phase = instance_phase::compensating;
  EXPECT_THAT(rules.of_state(i, true), finds("a", "is the pivot and done"));
}

TEST(PathRules, AtTheEndEverythingIsDoneOrUndone) {
  const script s(make_process({{"a"}}));
  const path_rules rules(*s.definition);
  const auto ended = [&](instance_phase phase, status done, status taken_back) {
    auto i = s.i;
    i.phase = phase;
    i.steps[0].forward.state = done;
    i.steps[0].undo.state = taken_back;
    return rules.of_state(i, false);
  };
  constexpr auto completed = instance_phase::completed;
  constexpr auto compensated = instance_phase::compensated;
  EXPECT_THAT(ended(completed, status::done, status::idle), IsEmpty());
  EXPECT_THAT(ended(compensated, status::done, status::done), IsEmpty());
  EXPECT_THAT(ended(compensated, status::failed, status::idle), IsEmpty());
  EXPECT_THAT(ended(completed, status::due, status::idle), finds("a", "is still open"));
  EXPECT_THAT(ended(compensated, status::done, status::due), finds("a", "is still open"));
  EXPECT_THAT(ended(completed, status::idle, status::idle), finds("a", "is not done when"));
  EXPECT_THAT(ended(completed, status::done, status::done), finds("a", "is not done when"));
  EXPECT_THAT(ended(compensated, status::done, status::idle), finds("a", "is not undone when"));
}

} // namespace
