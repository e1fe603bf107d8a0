#include "model/machine.hpp"

#include <stdexcept>

// Events that come when nothing waits for them, or say what cannot be, change nothing; and what the
// definition's functions throw is told in words that a message can hold.

namespace {

using namespace machine;
using status = assignment::status;

struct permitted {};
ENSEMBLE_MESSAGE(permitted, 1)

/// `permit`, which awaits, then `a`.
process_definition permit_first(bool pivot = false) {
  auto p = make_process({{"permit"}, {"a", "permit"}});
  auto& s = step_of(p, "permit");
  s.ask = {};
  s.undo = {};
  s.undone = {};
  s.successes.clear();
  s.failures.clear();
  s.pivot = pivot;
  const auto key = [](const auto&) { return std::string("key"); };
  s.awaited = {{{&type_of<permitted>(), {}}, key, key, true}};
  validate(p);
  return p;
}

new_event received(const script& s, const std::string& step, direction d,
                   const std::string& name = "permitted") {
  new_event e;
  e.origin = {{}, {}, s.i.id, step, d, 0};
  e.body = engine::event_received{name, 1, "{}", 1000};
  return e;
}

new_event engine_event(const script& s, const std::string& step, direction d, message body) {
  new_event e;
  e.origin = {{}, {}, s.i.id, step, d, 0};
  e.body = std::move(body);
  return e;
}

void expect_the_same_after(script& s, new_event e) {
  const auto due = s.due();
  const auto phase = s.phase();
  const auto seen = s.seen();
  const auto waits = awaited(s.i).size();
  s.record(std::move(e));
  EXPECT_EQ(s.due(), due);
  EXPECT_EQ(s.phase(), phase);
  EXPECT_EQ(s.seen(), seen);
  EXPECT_EQ(awaited(s.i).size(), waits);
  EXPECT_FALSE(s.i.stuck()) << s.i.stuck_reason();
}

TEST(OutOfPlace, AnAnswerToACloseIsNoOutcome) {
  script s(make_process({{"a"}}));
  expect_the_same_after(s, engine_event(s, "a", direction::close, worked{"a"}));
}

TEST(OutOfPlace, AReceivedEventMovesOnlyAStepThatAwaitsIt) {
  script asking(make_process({{"a"}}));
  expect_the_same_after(asking, received(asking, "a", forward));
  script s(permit_first());
  expect_the_same_after(s, received(s, "permit", forward, "forbidden"));
  s.record(received(s, "permit", forward));
  EXPECT_THAT(s.due(), ElementsAre("do a"));
  s.works("a");
  EXPECT_EQ(s.phase(), instance_phase::finishing);
  expect_the_same_after(s, received(s, "", complete));
  EXPECT_THAT(s.due(), ElementsAre("complete"));
}

TEST(OutOfPlace, AFailedAttemptOfWhatIsNotOpenChangesNothing) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a");
  expect_the_same_after(s, engine_event(s, "a", forward, engine::attempt_failed{3, s.now, "late"}));
}

TEST(OutOfPlace, OnlyADoTimesOut) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a").breaks("b");
  auto e = engine_event(s, "a", undo, engine::step_timed_out{});
  e.id = make_timeout_id(make_command_id(s.i.id, "a", undo, 0), 0);
  expect_the_same_after(s, std::move(e));
  EXPECT_THAT(s.due(), ElementsAre("undo a"));
}

TEST(OutOfPlace, ASkipOfAnAwaitingStepThatIsNotOpenChangesNothing) {
  script s(permit_first());
  expect_the_same_after(s, engine_event(s, "permit", undo, engine::skip_requested{"by hand"}));
  s.record(received(s, "permit", forward));
  s.skip("permit");
  EXPECT_EQ(s.of("permit").state, status::done);
  EXPECT_THAT(s.due(), ElementsAre("do a"));
}

TEST(OutOfPlace, AnUndoOrALastWordThatIsVoidedWithoutASkipIsARefusal) {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a").breaks("b").voided("a", undo);
  EXPECT_THAT(s.due(), ElementsAre("undo a #1"));
  script last(make_process({{"a"}}));
  last.works("a").voided("", complete);
  EXPECT_EQ(last.i.stuck_reason(), "complete voided");
  EXPECT_THAT(last.due(), IsEmpty());
}

TEST(OutOfPlace, NobodyAnsweringAndSayingNothingIsToldWithoutAReason) {
  script s(make_process({{"a"}}));
  for (int n = 1; n <= 3; ++n)
    s.record(engine_event(s, "a", forward, engine::attempt_failed{n, s.now, ""}));
  s.voided("a");
  EXPECT_EQ(s.i.failure, "step 'a' had no answer in 3 attempts");
}

TEST(OutOfPlace, APivotThatAwaitsNeedsNoCloseWhenTimeIsUp) {
  script s(permit_first(true));
  s.process_times_out();
  EXPECT_EQ(s.phase(), instance_phase::compensating);
  EXPECT_EQ(s.of("permit").state, status::voided);
  EXPECT_THAT(s.due(), ElementsAre("abort"));
}

TEST(OutOfPlace, AnEventInPlaceOfAStepThatFoldsNothingIsTakenAsItIs) {
  auto p = make_process({{"a"}, {"b", "a"}});
  step_of(p, "a").successes = {{&type_of<worked>(), {}}};
  script s(std::move(p));
  s.skip("a", forward, worked{"a"}).voided("a");
  EXPECT_THAT(s.seen(), IsEmpty());
  EXPECT_EQ(s.of("a").state, status::skipped);
  EXPECT_THAT(s.due(), ElementsAre("do b"));
}

TEST(Broken, AwaitsAndOwesNothing) {
  auto p = permit_first();
  p.deadline = 1h;
  script s(std::move(p));
  ASSERT_EQ(awaited(s.i).size(), 1U);
  ASSERT_EQ(deadlines(s.i).size(), 1U);
  s.i.broken = "as if its fold had thrown";
  EXPECT_THAT(awaited(s.i), IsEmpty());
  EXPECT_THAT(deadlines(s.i), IsEmpty());
  EXPECT_THAT(s.due(), IsEmpty());
}

/// Why an instance is broken whose fold throws that.
template <class Thrown>
std::string broken_by(const Thrown& thrown) {
  auto p = make_process({{"a"}});
  step_of(p, "a").successes = {
      {&type_of<worked>(), [thrown](std::any&, const message&) { throw thrown; }}};
  script s(std::move(p));
  s.works("a");
  return s.i.broken;
}

TEST(Broken, TellsWhatWasThrownInWordsThatAMessageCanHold) {
  const std::string prefix = "folding 'worked': ";
  EXPECT_EQ(broken_by(42), prefix + "an exception of an unknown kind");
  EXPECT_EQ(broken_by(std::runtime_error("caf\xC3\xA9 \xFF!")), prefix + "caf\xC3\xA9 ?!");
  EXPECT_EQ(broken_by(std::runtime_error(std::string(5000, 'x'))), prefix + std::string(1024, 'x'));
}

TEST(AttemptLimit, OfTheLastWordsWithoutOneIsFiveSeconds) {
  auto p = make_process({{"a"}});
  p.retries.attempt_within = {};
  EXPECT_EQ(attempt_limit(p, ""), 5s);
  p.retries.attempt_within = 2s;
  EXPECT_EQ(attempt_limit(p, ""), 2s);
}

} // namespace
