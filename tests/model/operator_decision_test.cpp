#include "model/operator_decision.hpp"

#include "model/machine.hpp"

#include <random>
#include <stdexcept>

// Rule 18: which words of an operator are accepted. (What the fold makes of them: operator_test.)

namespace machine {
namespace {

const auto word_id = event_id::of(7, 7);

process_definition with_pivot() {
  auto p = make_process({{"a"}, {"b", "a"}, {"c", "b"}});
  step_of(p, "b").pivot = true;
  return p;
}

operator_word word(operator_verb verb, const std::string& step = {},
                   direction d = direction::none) {
  operator_word w;
  w.verb = verb;
  w.reason = "mended";
  w.step = step;
  w.direction = d;
  return w;
}
const auto retry = [](auto... which) { return word(operator_verb::retry, which...); };
const auto skip = [](auto... which) { return word(operator_verb::skip, which...); };
operator_word skip_with(const std::string& step, const std::string& name, const std::string& text) {
  auto w = skip(step);
  w.event_name = name;
  w.event_text = text;
  return w;
}

std::string refusal(const script& s, const operator_word& w) {
  const auto decided = decide(s.i, w, word_id);
  EXPECT_NE(decided.event.has_value(), !decided.refusal.empty());
  return decided.refusal;
}
/// Decides, and records what was accepted.
script& say(script& s, const operator_word& w) {
  const auto decided = decide(s.i, w, word_id);
  EXPECT_EQ(decided.refusal, "");
  return decided.event ? s.record(*decided.event) : s;
}

script stuck_in_c() {
  script s(with_pivot());
  s.works("a").works("b").times_out("c");
  return s;
}

TEST(OperatorDecision, RetriesWhatIsStuck) {
  auto s = stuck_in_c();
  EXPECT_THAT(say(s, retry()).due(), ElementsAre("do c"));
  auto named = stuck_in_c();
  EXPECT_THAT(say(named, retry("c")).due(), ElementsAre("do c"));
  EXPECT_EQ(named.journal.back().origin.direction, forward);
  EXPECT_EQ(named.journal.back().id, word_id);
}

TEST(OperatorDecision, RetriesTheUndoWhereThatIsStuck) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a").breaks("b").refuses("a", undo).refuses("a", undo).refuses("a", undo);
  EXPECT_THAT(refusal(s, retry("a", forward)), HasSubstr("step 'a' is done"));
  EXPECT_THAT(refusal(s, retry("a", forward)), HasSubstr("what is stuck: the undo of 'a'"));
  EXPECT_THAT(say(s, retry("a")).due(), ElementsAre("undo a #3"));
}

TEST(OperatorDecision, RetriesALastWordByItsDirection) {
  script s(make_process({{"a"}}));
  s.works("a").refuses("", complete);
  EXPECT_THAT(refusal(s, retry("", machine::abort)), HasSubstr("abort is not outstanding"));
  EXPECT_THAT(refusal(s, retry("a", complete)), HasSubstr("belong to the process"));
  EXPECT_THAT(say(s, retry("", complete)).due(), ElementsAre("complete #1"));
}

TEST(OperatorDecision, RefusesToRetryWhatIsNotStuck) {
  script s(with_pivot());
  EXPECT_THAT(refusal(s, retry()), HasSubstr("nothing of it is stuck"));
  EXPECT_THAT(refusal(s, retry("a")), HasSubstr("step 'a' is outstanding"));
  EXPECT_THAT(refusal(s, retry("z")), HasSubstr("no step 'z': its steps are 'a', 'b', 'c'"));
  EXPECT_THAT(refusal(s, retry("a", direction::close)), HasSubstr("close cannot be named"));
}

TEST(OperatorDecision, EveryWordNeedsAReasonThatCanBeStored) {
  const auto s = stuck_in_c();
  auto w = retry();
  for (const auto* reason : {"", " \n", "\xFF"}) {
    w.reason = reason;
    EXPECT_NE(refusal(s, w), "") << reason;
  }
}

TEST(OperatorDecision, RefusesEveryWordAboutWhatHasEnded) {
  script s(make_process({{"a"}}));
  s.works("a").finishes();
  for (const auto& w : {retry(), skip("a"), word(operator_verb::abort)})
    EXPECT_THAT(refusal(s, w), HasSubstr("it is completed"));
}

TEST(OperatorDecision, RefusesEveryWordAboutABrokenDefinition) {
  auto p = make_process({{"a"}});
  p.complete.make = [](const std::any&) -> message { throw std::runtime_error("no total"); };
  script s(std::move(p));
  s.works("a");
  EXPECT_THAT(refusal(s, retry()), HasSubstr("no total"));
}

TEST(OperatorDecision, SkipsWhatIsOutstandingOrStuck) {
  auto s = stuck_in_c();
  EXPECT_THAT(say(s, skip("c")).due(), ElementsAre("close do c"));
  EXPECT_THAT(refusal(s, skip("c")), HasSubstr("being closed already"));
  EXPECT_THAT(refusal(s, skip("b")), HasSubstr("step 'b' is done"));
  EXPECT_THAT(refusal(s, skip()), HasSubstr("name the step"));
  script waiting(with_pivot());
  EXPECT_THAT(refusal(waiting, skip("b")), HasSubstr("step 'b' is not outstanding"));
  EXPECT_THAT(say(waiting, skip("a")).due(), ElementsAre("close do a"));
}

TEST(OperatorDecision, SkipsAStepOnTheWayForwardOnly) {
  auto p = make_process({{"a"}, {"b"}});
  script s(std::move(p));
  s.breaks("b").close_refused("a");
  EXPECT_THAT(refusal(s, skip("a")), HasSubstr("the instance goes back"));
  EXPECT_THAT(say(s, retry("a")).due(), ElementsAre("close do a"));
}

TEST(OperatorDecision, SkipsAnUndoAndALastWord) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a").breaks("b");
  EXPECT_THAT(say(s, skip("a")).due(), ElementsAre("close undo a"));
  s.voided("a", undo);
  EXPECT_THAT(say(s, skip("", machine::abort)).due(), ElementsAre("close abort"));
}

TEST(OperatorDecision, ASkipMayCarryAnEventThatTheStepDeclares) {
  auto s = stuck_in_c();
  EXPECT_THAT(say(s, skip_with("c", "", R"({"step":"by hand"})")).voided("c").seen(),
              ElementsAre("worked a", "worked b", "worked by hand"));
}

TEST(OperatorDecision, RefusesAnEventThatCannotStandInItsPlace) {
  const auto s = stuck_in_c();
  EXPECT_THAT(refusal(s, skip_with("c", "broke", "{}")), HasSubstr("no success of step 'c'"));
  EXPECT_THAT(refusal(s, skip_with("c", "broke", "{}")), HasSubstr("it declares 'worked'"));
  EXPECT_THAT(refusal(s, skip_with("c", "worked", "{")), HasSubstr("cannot stand in its place"));
  EXPECT_THAT(refusal(s, skip_with("c", "worked", R"({"step":7})")), HasSubstr("step"));
  EXPECT_NE(refusal(s, skip_with("c", "worked", "")), "");
  auto other = retry();
  other.event_text = "{}";
  EXPECT_THAT(refusal(s, other), HasSubstr("only a skip carries"));
  script back(make_process({{"a"}, {"b", "a"}}));
  back.works("a").breaks("b");
  EXPECT_THAT(refusal(back, skip_with("a", "undone", "{}")), HasSubstr("the undo of 'a'"));
}

TEST(OperatorDecision, RefusesAnEventThatTheDefinitionCannotFold) {
  auto p = with_pivot();
  step_of(p, "c").successes[0].fold = [](std::any&, const message&) {
    throw std::runtime_error("no such parcel");
  };
  script s(std::move(p));
  s.works("a").works("b").times_out("c");
  EXPECT_THAT(refusal(s, skip_with("c", "worked", "{}")), HasSubstr("no such parcel"));
  EXPECT_EQ(refusal(s, skip("c")), "");
}

TEST(OperatorDecision, NamesTheEventsWhereSeveralAreDeclared) {
  auto p = with_pivot();
  step_of(p, "c").successes.push_back({&type_of<remarked>(), {}});
  script s(std::move(p));
  s.works("a").works("b").times_out("c");
  EXPECT_THAT(refusal(s, skip_with("c", "", "{}")), HasSubstr("it declares 'worked', 'remarked'"));
  EXPECT_EQ(refusal(s, skip_with("c", "remarked", "{}")), "");
}

TEST(OperatorDecision, AbortsUntilThePivot) {
  const auto abort_it = word(operator_verb::abort);
  script s(with_pivot());
  EXPECT_THAT(refusal(s, word(operator_verb::abort, "a")), HasSubstr("name no step"));
  EXPECT_THAT(say(s, abort_it).due(), ElementsAre("close do a"));
  EXPECT_THAT(refusal(s, abort_it), HasSubstr("compensated already"));
  EXPECT_THAT(refusal(stuck_in_c(), abort_it), HasSubstr("past its pivot"));
  script last(make_process({{"a"}}));
  last.works("a");
  EXPECT_THAT(refusal(last, abort_it), HasSubstr("only the last word is missing"));
}

TEST(OperatorDecision, AnAbortThatWaitsForThePivotIsNotGivenTwice) {
  const auto abort_it = word(operator_verb::abort);
  script s(with_pivot());
  s.works("a");
  EXPECT_THAT(say(s, abort_it).due(), ElementsAre("close do b"));
  EXPECT_THAT(refusal(s, abort_it), HasSubstr("wait for that"));
  s.close_refused("b");
  EXPECT_THAT(refusal(s, abort_it), HasSubstr("retry that"));
}

TEST(InstanceReport, TellsHowItStandsAndSinceWhen) {
  auto s = stuck_in_c();
  const auto stuck_at = s.now;
  s.retry("a", forward).times_out("c");
  const auto told = tell_instance(s.definition, s.journal);
  const auto r = report_of(told);
  EXPECT_EQ(r.instance, s.i.id);
  EXPECT_EQ(r.process, "trial");
  EXPECT_EQ(r.phase, "forward");
  EXPECT_EQ(r.stuck, "step 'c' timed out");
  EXPECT_EQ(r.since, stuck_at);
  ASSERT_EQ(r.outstanding.size(), 1U);
  EXPECT_EQ(r.outstanding[0].step, "c");
  EXPECT_EQ(r.outstanding[0].state, "stuck");
  s.retry();
  const auto again = report_of(tell_instance(s.definition, s.journal));
  EXPECT_EQ(again.stuck, "");
  EXPECT_EQ(again.since, s.now);
  EXPECT_EQ(again.outstanding.at(0).state, "due");
}

TEST(InstanceReport, OfWhatHasEndedNamesNothingOutstanding) {
  script s(make_process({{"a"}}));
  s.breaks("a").cancels();
  const auto r = report_of(tell_instance(s.definition, s.journal));
  EXPECT_TRUE(r.terminal);
  EXPECT_EQ(r.phase, "compensated");
  EXPECT_THAT(r.failure, HasSubstr("step 'a'"));
  EXPECT_THAT(r.outstanding, IsEmpty());
}

TEST(InstanceId, IsReadAsItIsWritten) {
  const auto id = instance_id::of(0x0123456789ABCDEF, 0xFEDCBA9876543210);
  EXPECT_EQ(parse_instance_id(to_string(id)), id);
  for (const auto* text : {"", "12", "0123456789ABCDEFFEDCBA9876543210",
                           "0123456789abcdeffedcba987654321g", "0123456789abcdeffedcba98765432100"})
    EXPECT_EQ(parse_instance_id(text), std::nullopt) << text;
}

// --- accepted if and only if the fold heeds it ---

std::string digest(const assignment& a) {
  return std::to_string(static_cast<int>(a.state)) + "," + std::to_string(a.round) + "," +
         std::to_string(a.close_round) + "," + std::to_string(a.retries) + "," +
         std::to_string(a.forgiven_attempts) + "," + std::to_string(a.stuck_closing) + "," +
         (a.skip ? "skip" + (a.skip->empty() ? "" : a.skip->text()) : "") + ";";
}

std::string digest(const instance& i) {
  auto text = std::to_string(static_cast<int>(i.phase)) + i.failure + "|" + i.decision_pending;
  for (const auto& s : i.steps) text += digest(s.forward) + digest(s.undo);
  return text + digest(i.complete) + digest(i.abort);
}

class random_life {
public:
  explicit random_life(unsigned seed) : dice_(seed), s_(random_process()) {}

  void run() {
    for (int n = 0; n < 25 && !s_.i.terminal(); ++n) {
      for (int k = 0; k < 6; ++k) hold_against_the_fold(random_word());
      go_on();
    }
    hold_against_the_fold(random_word());
  }

  int accepted = 0;
  int refused = 0;

private:
  std::size_t below(std::size_t n) { return dice_() % n; }

  process_definition random_process() {
    auto p = make_process({{"a"}, {"b", "a"}, {"c", "a"}, {"d", "b", "c"}, {"e", "d"}});
    if (below(2)) step_of(p, below(2) ? "a" : "d").pivot = true;
    return p;
  }

  operator_word random_word() {
    static const std::vector<std::string> names{"", "a", "b", "c", "d", "e", "nobody"};
    static const std::vector<direction> ways{direction::none, forward,        undo,
                                             complete,        machine::abort, direction::close};
    auto w = word(static_cast<operator_verb>(below(3)), names[below(names.size())],
                  ways[below(ways.size())]);
    if (w.verb == operator_verb::abort && below(4)) {
      w.step.clear();
      w.direction = direction::none;
    }
    if (w.verb == operator_verb::skip && below(4) == 0)
      w = skip_with(w.step, "worked", below(2) ? "{}" : R"({"step":1})");
    return w;
  }

  void hold_against_the_fold(const operator_word& w) {
    const auto decided = decide(s_.i, w, event_id::of(7, ++ids_));
    auto trial = s_.i;
    recorded_event e;
    e.position = {s_.journal.back().position.value + 1};
    e.time = s_.now + 1ms;
    if (decided.event) {
      ++accepted;
      e.origin = decided.event->origin;
      e.body = decided.event->body;
      evolve(trial, e);
      EXPECT_NE(digest(trial), digest(s_.i)) << to_string(w.verb) << " " << w.step << " "
                                             << to_string(w.direction) << ": nothing changed";
      if (below(3) == 0) s_.record(*decided.event);
      return;
    }
    ++refused;
    // As it would stand in the journal, had it been accepted. (Without a direction a retry of one
    // step would mean all that is stuck, and a close is nobody's to ask for.)
    if (w.verb == operator_verb::abort && (!w.step.empty() || w.direction != direction::none))
      return;
    if (w.direction == direction::none && !w.step.empty()) return;
    e.origin.instance = s_.i.id;
    e.origin.step = w.step;
    e.origin.direction = w.direction;
    if (w.verb == operator_verb::retry) e.body = engine::retry_requested{"r"};
    if (w.verb == operator_verb::abort) e.body = engine::abort_requested{"r"};
    if (w.verb == operator_verb::skip) {
      if (!w.event_text.empty() && w.direction != forward) return; // the fold ignores the event
      e.body = engine::skip_requested{"r", w.event_name, 1, w.event_text};
    }
    evolve(trial, e);
    EXPECT_EQ(digest(trial), digest(s_.i)) << decided.refusal;
  }

  /// One of the commands that are due has an outcome, or fails.
  void go_on() {
    const auto all = ensemble::due(s_.i);
    if (all.empty()) return void(s_.retry());
    const auto& c = all[below(all.size())];
    const auto d = c.target_direction;
    if (c.direction == direction::close) {
      below(3) ? s_.voided(c.step, d) : below(2) ? s_.close_refused(c.step, d) : succeed(c.step, d);
      return;
    }
    switch (below(6)) {
    case 0: s_.refuses(c.step, d); break;
    case 1: s_.attempt_fails(c.step, d); break;
    case 2:
      if (d == forward) s_.times_out(c.step);
      break;
    default: succeed(c.step, d);
    }
  }

  script& succeed(const std::string& step, direction d) {
    if (d == forward) return s_.works(step);
    if (d == undo) return s_.is_undone(step);
    return d == complete ? s_.finishes() : s_.cancels();
  }

  std::mt19937 dice_;
  script s_;
  std::uint64_t ids_ = 0;
};

TEST(OperatorDecision, AcceptsExactlyWhatTheFoldHeeds) {
  int accepted = 0;
  int refused = 0;
  for (unsigned seed = 1; seed <= 2'000 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    random_life life(seed);
    life.run();
    accepted += life.accepted;
    refused += life.refused;
  }
  EXPECT_GT(accepted, 3'000);
  EXPECT_GT(refused, 10'000);
}

TEST(OperatorDecision, NamesAllThatIsStuckAndWhatWasPassedOver) {
  auto p = make_process({{"a"}, {"b"}, {"c", "a", "b"}, {"d", "c"}});
  step_of(p, "c").only_if = [](const std::any&) { return false; };
  script s(std::move(p));
  s.works("a").works("b").breaks("d");
  for (int n = 0; n < 3; ++n) s.refuses("a", undo).refuses("b", undo);
  EXPECT_THAT(refusal(s, retry("d")), HasSubstr("what is stuck: the undo of 'a', the undo of 'b'"));
  EXPECT_THAT(refusal(s, retry("c")), HasSubstr("step 'c' is passed over"));
}

TEST(OperatorDecision, RefusesAVerbThatIsNone) {
  script s(with_pivot());
  EXPECT_EQ(refusal(s, word(static_cast<operator_verb>(9))), "there is no such verb");
}

TEST(OperatorDecision, FindsTheOnlySuccessOfAStepThatAwaits) {
  auto p = make_process({{"a"}});
  auto& s = step_of(p, "a");
  const auto key = [](const auto&) { return std::string("key"); };
  s.ask = s.undo = {};
  s.successes.clear();
  s.failures.clear();
  s.awaited = {{{&type_of<broke>(), {}}, key, key, false},
               {{&type_of<worked>(), {}}, key, key, true}};
  script waiting(std::move(p));
  EXPECT_THAT(refusal(waiting, skip_with("a", "broke", R"({"step":"a"})")),
              HasSubstr("it declares 'worked'"));
  EXPECT_THAT(say(waiting, skip_with("a", "", R"({"step":"a"})")).due(), ElementsAre("complete"));
}

TEST(OperatorDecision, AnAbortTakesBackTheSkipOfAPivotThatIsBeingClosed) {
  const auto abort_it = word(operator_verb::abort);
  script s(with_pivot());
  s.works("a");
  say(s, abort_it);
  s.close_refused("b");
  say(s, skip("b"));
  EXPECT_TRUE(s.of("b").skip);
  say(s, abort_it);
  EXPECT_FALSE(s.of("b").skip);
  EXPECT_THAT(s.voided("b").due(), ElementsAre("undo a"));
}

TEST(InstanceReport, NamesUndosClosesAndLastWords) {
  const auto told = [](const script& s) {
    const auto r = report_of(tell_instance(s.definition, s.journal));
    std::string text = r.phase;
    for (const auto& o : r.outstanding)
      text += "; " + std::string(to_string(o.direction)) + " " + o.step + " " + o.state;
    return text;
  };
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a").times_out("b");
  EXPECT_EQ(told(s), "compensating; do b closing");
  s.voided("b");
  EXPECT_EQ(told(s), "compensating; undo a due");
  s.is_undone("a");
  EXPECT_EQ(told(s), "compensating; abort  due");
  script last(make_process({{"a"}}));
  last.works("a");
  EXPECT_EQ(told(last), "finishing; complete  due");
}

} // namespace
} // namespace machine
