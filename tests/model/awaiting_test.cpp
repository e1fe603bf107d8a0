#include "model/machine.hpp"

#include <ensemble/testing.hpp>

#include <set>

// Rule 7: steps that await outside events; conditions and delays of steps beside it.

namespace {

using namespace machine;
using status = assignment::status;

struct approved {
  std::string order{};
  std::string by{};
};
ENSEMBLE_MESSAGE(approved, 1, order, by)
struct denied {
  std::string order{};
};
ENSEMBLE_MESSAGE(denied, 1, order)

/// `a`, then `approval` of "o-1", then `b`.
process_definition make_awaiting(bool pivot_first = false) {
  auto p = make_process({{"a"}, {"approval", "a"}, {"b", "approval"}});
  auto& s = step_of(p, "approval");
  step_of(p, "a").pivot = pivot_first;
  s.ask = {};
  s.undo = {};
  s.undone = {};
  s.successes.clear();
  s.failures.clear();
  s.within = 1h;
  const auto awaits = [&]<class Event>(const Event*, bool success) {
    awaited_definition w;
    w.outcome = {&type_of<Event>(), [](std::any& state, const message& m) {
                   std::any_cast<memory>(&state)->seen.push_back("received " + m.as<Event>().order);
                 }};
    w.key_of_event = [](const message& m) { return m.as<Event>().order; };
    w.key_of_state = [](const std::any&) { return std::string("o-1"); };
    w.success = success;
    s.awaited.push_back(std::move(w));
  };
  awaits(static_cast<const approved*>(nullptr), true);
  awaits(static_cast<const denied*>(nullptr), false);
  p.types.push_back(&type_of<approved>());
  validate(p);
  return p;
}

/// As its holder would, also when the step awaits nothing any more.
script& receives(script& s, const message& body) {
  recorded_event outside;
  outside.position = {1000};
  outside.id = event_id::of(3, 3);
  outside.body = body;
  if (auto received = receive_event(s.i, outside)) return s.record(std::move(*received));
  new_event late;
  late.id = event_id::of(4, 4);
  late.origin = {{}, {}, s.i.id, "approval", forward, s.of("approval").round};
  late.body = engine::event_received{std::string(body.name()), 1, body.text(), 1000};
  return s.record(std::move(late));
}

std::vector<std::string> awaited_now(const script& s) {
  std::vector<std::string> out;
  for (const auto& w : awaited(s.i))
    out.push_back(std::string(w.step) + " " + std::string(w.event->outcome.event->name) + " " +
                  std::string(w.key));
  return out;
}

TEST(Awaiting, BeginsWhenItsDependenciesAreDoneAndAsksNothing) {
  script s(make_awaiting());
  EXPECT_THAT(awaited_now(s), IsEmpty());
  s.works("a");
  EXPECT_THAT(s.due(), IsEmpty());
  EXPECT_THAT(awaited_now(s), ElementsAre("approval approved o-1", "approval denied o-1"));
}

TEST(Awaiting, AnEventWithAnotherKeyIsNotReceived) {
  script s(make_awaiting());
  s.works("a");
  recorded_event outside;
  outside.body = approved{"o-2", "ann"};
  EXPECT_FALSE(receive_event(s.i, outside));
}

TEST(Awaiting, AReceivedEventIsItsSuccessAndIsFolded) {
  script s(make_awaiting());
  receives(s.works("a"), approved{"o-1", "ann"});
  EXPECT_THAT(s.due(), ElementsAre("do b"));
  EXPECT_THAT(s.seen(), ElementsAre("worked a", "received o-1"));
  EXPECT_THAT(awaited_now(s), IsEmpty());
}

TEST(Awaiting, AFailureCompensates) {
  script s(make_awaiting());
  receives(s.works("a"), denied{"o-1"});
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
  EXPECT_THAT(s.i.failure, HasSubstr("approval"));
}

TEST(Awaiting, TheFirstReceivedEventCountsAndALateOneChangesNothing) {
  script s(make_awaiting());
  receives(s.works("a"), approved{"o-1", "ann"});
  receives(s, denied{"o-1"});
  EXPECT_THAT(s.due(), ElementsAre("do b"));
}

TEST(Awaiting, TheDeadlineVoidsItWithoutAskingAnybody) {
  script s(make_awaiting());
  s.works("a").times_out("approval");
  EXPECT_EQ(s.of("approval").state, status::voided);
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
  receives(s, approved{"o-1", "ann"});
  EXPECT_EQ(s.of("approval").state, status::voided);
}

TEST(Awaiting, ItsDeadlineIsKept) {
  script s(make_awaiting());
  s.works("a");
  const auto all = deadlines(s.i);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].event.origin.step, "approval");
  EXPECT_EQ(all[0].at, s.of("approval").due_since + 1h);
}

TEST(Awaiting, AnOperatorsAbortVoidsIt) {
  script s(make_awaiting());
  s.works("a").abort_requested();
  EXPECT_EQ(s.of("approval").state, status::voided);
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
}

TEST(Awaiting, AfterThePivotADeadlineOrAFailureIsStuckAndARetryWaitsAnew) {
  script s(make_awaiting(true));
  s.works("a").times_out("approval");
  EXPECT_EQ(s.of("approval").state, status::stuck);
  s.retry("approval", forward);
  EXPECT_EQ(awaited_now(s).size(), 2U);
  receives(s, denied{"o-1"});
  EXPECT_EQ(s.of("approval").state, status::stuck);
  s.retry();
  receives(s, approved{"o-1", "ann"});
  EXPECT_THAT(s.due(), ElementsAre("do b"));
}

TEST(Awaiting, AnEventThatComesWhileItIsStuckHealsIt) {
  script s(make_awaiting(true));
  s.works("a").times_out("approval");
  receives(s, approved{"o-1", "ann"});
  EXPECT_THAT(s.due(), ElementsAre("do b"));
  EXPECT_EQ(s.i.stuck_reason(), "");
}

TEST(Awaiting, AnOperatorMaySkipItWithAnEventInItsPlace) {
  script s(make_awaiting());
  s.works("a").skip("approval", forward, approved{"by hand", "eve"});
  EXPECT_EQ(s.of("approval").state, status::skipped);
  EXPECT_THAT(s.seen(), ElementsAre("worked a", "received by hand"));
  EXPECT_THAT(s.due(), ElementsAre("do b"));
}

TEST(Awaiting, AKeyThatCannotBeOneMakesItStuck) {
  auto p = make_awaiting();
  step_of(p, "approval").awaited[0].key_of_state = [](const std::any&) { return std::string(); };
  script s(p);
  s.works("a");
  EXPECT_THAT(s.i.stuck_reason(), HasSubstr("entity key"));
}

TEST(Awaiting, PlayHandsItOver) {
  play(make_awaiting())
      .event(begun{})
      .asks("s_a", work{"a", 0})
      .event(worked{"a"})
      .asks_nothing()
      .event(approved{"o-1", "ann"})
      .asks("s_b", work{"b", 2})
      .running();
}

TEST(Condition, AStepWhoseConditionIsFalseIsPassedOverAndLeavesNothingToUndo) {
  auto p = make_process({{"a"}, {"b", "a"}, {"c", "b"}});
  step_of(p, "b").only_if = [](const std::any&) { return false; };
  script s(p);
  s.works("a");
  EXPECT_EQ(s.of("b").state, status::omitted);
  EXPECT_THAT(s.due(), ElementsAre("do c"));
  s.breaks("c");
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
}

TEST(Condition, IsEvaluatedOnceWhenTheStepWouldBecomeDue) {
  auto p = make_process({{"a"}, {"b", "a"}});
  int asked = 0;
  step_of(p, "b").only_if = [&asked](const std::any& state) {
    ++asked;
    return std::any_cast<memory>(&state)->seen.size() == 1;
  };
  script s(p);
  EXPECT_EQ(asked, 0);
  s.works("a");
  EXPECT_EQ(asked, 1);
  EXPECT_THAT(s.due(), ElementsAre("do b"));
  s.works("b");
  EXPECT_EQ(asked, 1);
}

TEST(Condition, WhenEveryStepIsPassedOverTheProcessFinishes) {
  auto p = make_process({{"a"}, {"b", "a"}});
  for (auto& s : p.steps) s.only_if = [](const std::any&) { return false; };
  script s(p);
  EXPECT_THAT(s.due(), ElementsAre("complete"));
}

TEST(Condition, APivotThatWasPassedOverIsNoPointOfNoReturn) {
  auto p = make_process({{"a"}, {"b", "a"}, {"c", "b"}});
  step_of(p, "b").pivot = true;
  step_of(p, "b").only_if = [](const std::any&) { return false; };
  script s(p);
  s.works("a").breaks("c");
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
}

TEST(Delay, TheCommandIsNotGivenBeforeItAndTheDeadlineRunsFromItsEnd) {
  auto p = make_process({{"a"}, {"b", "a"}});
  step_of(p, "b").delay = 10min;
  step_of(p, "b").within = 1min;
  script s(p);
  s.works("a");
  const auto due = s.due("do b");
  EXPECT_EQ(due.not_before, s.journal.back().time + 10min);
  EXPECT_EQ(deadlines(s.i).at(0).at, s.journal.back().time + 11min);
}

TEST(Delay, ADelayedStepIsClosedLikeAnyOther) {
  auto p = make_process({{"a"}, {"b"}, {"c", "b"}});
  step_of(p, "c").delay = 10min;
  script s(p);
  s.works("b").breaks("a");
  EXPECT_THAT(s.due(), ElementsAre("close do c"));
}

TEST(BadProcess, StepsThatAwaitAreChecked) {
  const auto refused = [](auto change, const std::string& why) {
    auto p = make_awaiting();
    change(step_of(p, "approval"));
    try {
      validate(p);
      ADD_FAILURE() << "not refused: " << why;
    } catch (const error& e) {
      EXPECT_THAT(e.what(), HasSubstr(why));
    }
  };
  refused(
      [](step_definition& s) {
        s.ask = {"x", &type_of<work>(), {}};
        s.ask.make = [](const std::any&) { return message(work{}); };
      },
      "both asks and awaits");
  refused([](step_definition& s) { s.awaited.erase(s.awaited.begin()); }, "awaits only failures");
  refused([](step_definition& s) { s.delay = 1s; }, "cannot be delayed");
  refused([](step_definition& s) { s.awaited.push_back(s.awaited[0]); }, "twice");
  refused(
      [](step_definition& s) {
        s.undo = {"", &type_of<undo_work>(), [](const std::any&) { return message(undo_work{}); }};
      },
      "nothing to undo");
  refused([](step_definition& s) { s.awaited.clear(); }, "asks nothing");
}

struct waiting_order {
  std::string id{};
  std::string approver{};
};

TEST(Process, TheBuilderMakesStepsThatAwaitConditionsAndDelays) {
  process_definition p =
      process<waiting_order>("trial", "owner")
          .starts_on<begun>([](waiting_order& o, const begun&) { o.id = "o-7"; })
          .step("approval")
          .awaits<approved>(&approved::order, &waiting_order::id,
                            [](waiting_order& o, const approved& e) { o.approver = e.by; })
          .awaits_failure<denied>([](const denied& e) { return e.order; }, &waiting_order::id)
          .within(1h)
          .step("a")
          .after("approval")
          .only_if([](const waiting_order& o) { return o.approver == "ann"; })
          .delayed_by(5min)
          .asks("s_a",
                [](const waiting_order& o) {
                  return work{o.approver, 0};
                })
          .succeeds_on<worked>();
  EXPECT_EQ(p.steps[1].delay, 5min);
  play(p).event(begun{}).event(approved{"o-7", "ann"}).asks("s_a", work{"ann", 0});
  play(p).event(begun{}).event(approved{"o-7", "bob"}).completed();
  play(p).event(begun{}).event(denied{"o-7"}).compensated();
}

} // namespace
