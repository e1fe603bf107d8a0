#include "model/machine.hpp"

#include <functional>
#include <map>
#include <set>

// Rules 1 and 2: ids. Rule 9: what two holders record is one event. Rule 10: attempts, delays and
// deadlines.

namespace machine {
namespace {

TEST(Due, EveryIdBeginsWithTheStartEventsPosition) {
  auto p = make_process({{"a"}, {"b", "a"}});
  p.deadline = 1h;
  step_of(p, "b").within = 1s;
  script s(std::move(p), {4711});
  EXPECT_EQ(s.i.id.head(), 4711U);
  s.works("a");
  EXPECT_EQ(s.due("do b").id.head(), 4711U);
  for (const auto& d : deadlines(s.i)) EXPECT_EQ(d.event.id.head(), 4711U);
  EXPECT_EQ(make_attempt_failed(s.i, s.due("do b"), s.now, "").id.head(), 4711U);
  s.breaks("b");
  EXPECT_EQ(s.due("undo a").id.head(), 4711U);
}

TEST(Due, InstanceIsAProcessAndAStartEvent) {
  const script one(make_process({{"a"}}), {1});
  const script same(make_process({{"a"}, {"b"}}), {1});
  const script later(make_process({{"a"}}), {2});
  auto renamed = make_process({{"a"}});
  renamed.name = "another";
  const script other(std::move(renamed), {1});
  EXPECT_EQ(one.i.id, same.i.id);
  EXPECT_NE(one.i.id, later.i.id);
  EXPECT_NE(one.i.id, other.i.id);
  EXPECT_EQ(one.i.stream(), "trial-" + to_string(one.i.id));
}

TEST(Due, CommandIdFollowsFromInstanceStepDirectionAndRound) {
  script s(make_process({{"a"}, {"b", "a"}}));
  EXPECT_EQ(s.due("do a").id, make_command_id(s.i.id, "a", forward, 0));
  s.works("a").breaks("b").refuses("a", undo);
  EXPECT_EQ(s.due("undo a #1").id, make_command_id(s.i.id, "a", undo, 1));
  EXPECT_EQ(s.is_undone("a").due("abort").id, make_command_id(s.i.id, "", machine::abort, 0));
}

TEST(Due, OneIdNeverCarriesTwoCommands) {
  auto p = make_process({{"a"}, {"b"}, {"c", "a", "b"}});
  step_of(p, "a").retries.attempts = 5;
  script s(std::move(p));
  std::map<command_id, std::string> bodies;
  const auto look = [&] {
    for (const auto& c : ensemble::due(s.i)) {
      EXPECT_EQ(bodies.emplace(c.id, c.body.text()).first->second, c.body.text());
    }
  };
  for (const auto& verb : std::vector<std::function<void()>>{
           [&] { s.attempt_fails("a"); }, [&] { s.works("b"); }, [&] { s.works("a"); },
           [&] { s.breaks("c"); }, [&] { s.refuses("a", undo); }, [&] { s.is_undone("b"); },
           [&] { s.attempt_fails("a", undo); }, [&] { s.is_undone("a"); },
           [&] { s.refuses("", machine::abort); }, [&] { s.retry(); }, [&] { s.cancels(); }}) {
    look();
    verb();
  }
  EXPECT_EQ(bodies.size(), 8U);
  EXPECT_EQ(s.phase(), instance_phase::compensated);
}

TEST(Due, RoundRisesOnlyByAnEventInTheJournal) {
  script s(make_process({{"a"}}));
  const auto first = s.due("do a").id;
  s.attempt_fails("a").attempt_fails("a");
  EXPECT_EQ(s.due("do a").id, first); // nothing was recorded under it: resent as it is
}

TEST(Due, CausedByTheEventThatMadeItDue) {
  script s(make_process({{"a"}, {"b", "a"}}));
  EXPECT_EQ(s.due("do a").cause, s.journal.front().id);
  s.works("a");
  EXPECT_EQ(s.due("do b").cause, s.journal.back().id);
}

TEST(Due, CommandsGoToTheirServices) {
  script s(make_process({{"a"}, {"b", "a"}}));
  EXPECT_EQ(s.due("do a").service, "s_a");
  s.works("a").breaks("b");
  EXPECT_EQ(s.due("undo a").service, "s_a");
  EXPECT_EQ(s.is_undone("a").due("abort").service, "owner");
}

TEST(Attempt, FailedOneIsRecordedWithItsNumberAndTheNextTime) {
  script s(make_process({{"a"}}));
  const auto e = make_attempt_failed(s.i, s.due("do a"), s.now, "why");
  const auto& failed = e.body.as<engine::attempt_failed>();
  EXPECT_EQ(failed.n, 1);
  EXPECT_EQ(failed.reason, "why");
  EXPECT_GE(failed.next_at, s.now + 100ms);
  EXPECT_LE(failed.next_at, s.now + 125ms);
  EXPECT_EQ(e.origin.instance, s.i.id);
  EXPECT_EQ(e.origin.step, "a");
  EXPECT_EQ(e.origin.direction, forward);
  EXPECT_EQ(e.origin.causation, s.journal.front().id);
}

TEST(Attempt, NextOneIsNotBeforeTheRecordedTime) {
  script s(make_process({{"a"}}));
  s.attempt_fails("a");
  EXPECT_EQ(s.due("do a").not_before, s.journal.back().body.as<engine::attempt_failed>().next_at);
  EXPECT_EQ(s.due("do a").failed_attempts, 1);
}

TEST(Attempt, RepeatedOrOlderRecordChangesNothing) {
  script s(make_process({{"a"}}));
  s.attempt_fails("a").attempt_fails("a");
  const auto before = s.due("do a");
  new_event again;
  again.origin = s.journal[1].origin;
  again.body = s.journal[1].body;
  s.record(again).record(again);
  EXPECT_EQ(s.due("do a").failed_attempts, 2);
  EXPECT_EQ(s.due("do a").not_before, before.not_before);
}

TEST(Attempt, EachHasAnIdOfItsOwnEqualForTwoHolders) {
  script s(make_process({{"a"}}));
  const auto one = make_attempt_failed(s.i, s.due("do a"), s.now, "here");
  const auto other = make_attempt_failed(s.i, s.due("do a"), s.now + 7s, "there");
  EXPECT_EQ(one.id, other.id);
  s.attempt_fails("a");
  EXPECT_NE(make_attempt_failed(s.i, s.due("do a"), s.now, "here").id, one.id);
}

TEST(Attempt, LimitIsThePolicysOrTheStepsTimeByAttempts) {
  auto p = make_process({{"a"}});
  EXPECT_EQ(attempt_limit(p, "a"), 10ms);
  p.steps[0].retries.attempt_within = {};
  EXPECT_EQ(attempt_limit(p, "a"), 5s);
  p.steps[0].within = 30s;
  EXPECT_EQ(attempt_limit(p, "a"), 10s);
  EXPECT_EQ(attempt_limit(p, ""), 10ms); // complete and abort: the process's policy
}

TEST(Attempt, PolicyHoldsForLastWordsToo) {
  script s(make_process({{"a"}}));
  s.works("a").attempt_fails("", complete).attempt_fails("", complete);
  EXPECT_FALSE(s.i.stuck());
  s.attempt_fails("", complete);
  EXPECT_EQ(s.i.stuck_reason(), "complete had no answer in 3 attempts: no answer in time");
  EXPECT_EQ(s.finishes().phase(), instance_phase::completed); // it came after all
}

TEST(Attempt, DelayDoublesUpToItsMaximumWithJitterOnTop) {
  const retry_policy policy{9, {}, 100ms, 1s};
  std::set<duration> seen;
  for (std::uint64_t n = 0; n < 100; ++n) {
    const auto id = command_id::of(1, n);
    const auto within = [&](int attempt, duration at_least) {
      const auto delay = retry_delay(policy, attempt, id);
      EXPECT_GE(delay, at_least);
      EXPECT_LE(delay, at_least + at_least / 4);
      EXPECT_EQ(delay, retry_delay(policy, attempt, id));
      seen.insert(delay);
    };
    within(1, 100ms);
    within(2, 200ms);
    within(4, 800ms);
    within(5, 1s);
    within(1'000'000, 1s);
  }
  EXPECT_GT(seen.size(), 300U); // spread out
  EXPECT_EQ(retry_delay({9, {}, 0ms, 0ms}, 3, {}), 0ms);
}

TEST(Deadline, RunsFromTheEventThatMadeTheStepDue) {
  auto p = make_process({{"a"}, {"b", "a"}});
  step_of(p, "b").within = 10s;
  script s(std::move(p));
  EXPECT_THAT(deadlines(s.i), IsEmpty());
  s.now += 1h;
  s.works("a");
  const auto all = deadlines(s.i);
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].at, s.journal.back().time + 10s);
  EXPECT_TRUE(all[0].event.body.is<engine::step_timed_out>());
  EXPECT_EQ(all[0].event.origin.step, "b");
  EXPECT_EQ(all[0].event.origin.causation, s.journal.back().id);
}

TEST(Deadline, SpansAllAttemptsOfTheDo) {
  auto p = make_process({{"a"}});
  step_of(p, "a").within = 10s;
  script s(std::move(p));
  s.now += 5s;
  s.attempt_fails("a").attempt_fails("a");
  EXPECT_EQ(deadlines(s.i).at(0).at, s.journal.front().time + 10s);
}

TEST(Deadline, IsForTheDoAlone) {
  auto p = make_process({{"a"}, {"b", "a"}});
  step_of(p, "a").within = 10s;
  script s(std::move(p));
  s.works("a").breaks("b");
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
  EXPECT_THAT(deadlines(s.i), IsEmpty());
}

TEST(Deadline, OfTheProcessRunsFromItsStart) {
  auto p = make_process({{"a"}, {"b", "a"}});
  p.deadline = 1h;
  script s(std::move(p));
  s.works("a");
  ASSERT_EQ(deadlines(s.i).size(), 1U);
  EXPECT_EQ(deadlines(s.i).at(0).at, s.journal.front().time + 1h);
}

TEST(Deadline, HasTheSameIdForTwoHoldersAndAfterARecovery) {
  auto p = make_process({{"a"}, {"b", "a"}});
  p.deadline = 1h;
  step_of(p, "b").within = 10s;
  script s(std::move(p));
  s.works("a");
  auto other = begin_instance(s.definition, s.journal.front());
  evolve(other, s.journal.back());
  const auto one = deadlines(s.i);
  const auto two = deadlines(other);
  ASSERT_EQ(one.size(), 2U);
  ASSERT_EQ(two.size(), 2U);
  EXPECT_EQ(one[0].event.id, two[0].event.id);
  EXPECT_EQ(one[1].event.id, two[1].event.id);
  EXPECT_NE(one[0].event.id, one[1].event.id);
}

TEST(Deadline, OfOneStepHasNotTheIdOfAnothers) {
  auto p = make_process({{"a"}, {"b"}});
  step_of(p, "a").within = 10s;
  step_of(p, "b").within = 10s;
  const script s(std::move(p));
  const auto all = deadlines(s.i);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_NE(all[0].event.id, all[1].event.id);
}

} // namespace
} // namespace machine
