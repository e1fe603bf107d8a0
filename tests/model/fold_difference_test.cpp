#include "model/fold_difference.hpp"

#include "model/machine.hpp"

#include <functional>

// That two folds differ is how a fold that depends on more than the journal is seen: so each field
// that differs must be named, and told apart from its neighbours.

namespace {

using namespace machine;

instance sample() {
  script s(make_process({{"a"}, {"b", "a"}}));
  s.works("a");
  return s.i;
}

TEST(FoldDifference, OfTheSameIsNone) {
  const auto i = sample();
  EXPECT_EQ(fold_difference(i, i), "");
  auto with_skip = i;
  with_skip.steps[0].forward.skip = worked{"a"};
  EXPECT_EQ(fold_difference(with_skip, with_skip), "");
}

TEST(FoldDifference, NamesTheFieldOfTheInstance) {
  const std::vector<std::pair<std::string, std::function<void(instance&)>>> changes = {
      {"definition",
       [](instance& i) { i.definition = std::make_shared<process_definition>(*i.definition); }},
      {"id", [](instance& i) { i.id = instance_id::of(7, 7); }},
      {"correlation", [](instance& i) { i.correlation = correlation_id::of(7, 7); }},
      {"start_event", [](instance& i) { i.start_event = event_id::of(7, 7); }},
      {"started", [](instance& i) { i.started += 1ns; }},
      {"last", [](instance& i) { ++i.last.value; }},
      {"phase", [](instance& i) { i.phase = instance_phase::finishing; }},
      {"steps.size", [](instance& i) { i.steps.pop_back(); }},
      {"steps[0].undo.round", [](instance& i) { ++i.steps[0].undo.round; }},
      {"complete.round", [](instance& i) { ++i.complete.round; }},
      {"abort.round", [](instance& i) { ++i.abort.round; }},
      {"failure", [](instance& i) { i.failure = "other"; }},
      {"decision_pending", [](instance& i) { i.decision_pending = "other"; }},
      {"broken", [](instance& i) { i.broken = "other"; }}};
  const auto i = sample();
  for (const auto& [field, change] : changes) {
    auto other = i;
    change(other);
    EXPECT_EQ(fold_difference(i, other), field);
    EXPECT_EQ(fold_difference(other, i), field);
  }
}

TEST(FoldDifference, NamesTheFieldOfTheAssignment) {
  const std::vector<std::pair<std::string, std::function<void(assignment&)>>> changes = {
      {"state", [](assignment& a) { a.state = assignment::status::stuck; }},
      {"round", [](assignment& a) { ++a.round; }},
      {"close_round", [](assignment& a) { ++a.close_round; }},
      {"failed_attempts", [](assignment& a) { ++a.failed_attempts; }},
      {"forgiven_attempts", [](assignment& a) { ++a.forgiven_attempts; }},
      {"retries", [](assignment& a) { ++a.retries; }},
      {"due_since", [](assignment& a) { a.due_since += 1ns; }},
      {"due_since_event", [](assignment& a) { a.due_since_event = event_id::of(7, 7); }},
      {"not_before", [](assignment& a) { a.not_before += 1ns; }},
      {"cause", [](assignment& a) { a.cause = event_id::of(7, 7); }},
      {"command",
       [](assignment& a) {
         a.command = work{"b", 99};
       }},
      {"awaited_keys", [](assignment& a) { a.awaited_keys = {"o-1"}; }},
      {"reason", [](assignment& a) { a.reason = "other"; }},
      {"stuck_closing", [](assignment& a) { a.stuck_closing = true; }},
      {"skip", [](assignment& a) { a.skip = message(); }}};
  const auto i = sample();
  for (const auto& [field, change] : changes) {
    auto other = i;
    change(other.steps[1].forward);
    EXPECT_EQ(fold_difference(i, other), "steps[1].forward." + field);
    EXPECT_EQ(fold_difference(other, i), "steps[1].forward." + field);
  }
}

TEST(FoldDifference, LooksIntoTheEventOfASkip) {
  auto a = sample();
  auto b = a;
  a.abort.skip = worked{"a"};
  b.abort.skip = worked{"b"};
  EXPECT_EQ(fold_difference(a, b), "abort.skip");
}

TEST(SameText, TellsMessagesApartByNameTextAndVersion) {
  EXPECT_TRUE(same_text({}, {}));
  EXPECT_TRUE(same_text(worked{"a"}, worked{"a"}));
  EXPECT_FALSE(same_text(worked{"a"}, worked{"b"}));
  EXPECT_FALSE(same_text(worked{"a"}, broke{"a"}));
  EXPECT_FALSE(same_text(worked{"a"}, {}));
}

TEST(Same, IsNoDueCommandThatDiffersInAField) {
  const std::vector<std::function<void(due_command&)>> changes = {
      [](due_command& c) { c.id = command_id::of(7, 7); },
      [](due_command& c) { c.target = command_id::of(7, 7); },
      [](due_command& c) { c.service = "other"; },
      [](due_command& c) {
        c.body = work{"other", 1};
      },
      [](due_command& c) { c.step = "other"; },
      [](due_command& c) { c.direction = direction::close; },
      [](due_command& c) { c.target_direction = direction::undo; },
      [](due_command& c) { ++c.round; },
      [](due_command& c) { ++c.failed_attempts; },
      [](due_command& c) { ++c.forgiven_attempts; },
      [](due_command& c) { ++c.retries; },
      [](due_command& c) { c.not_before += 1ns; },
      [](due_command& c) { c.cause = event_id::of(7, 7); }};
  const auto c = ensemble::due(sample()).at(0);
  EXPECT_TRUE(same(c, c));
  for (std::size_t n = 0; n < changes.size(); ++n) {
    auto other = c;
    changes[n](other);
    EXPECT_FALSE(same(c, other)) << n;
  }
}

TEST(Same, IsNoEventThatDiffersInAField) {
  const std::vector<std::function<void(new_event&)>> changes = {
      [](new_event& e) { e.id = event_id::of(7, 7); }, [](new_event& e) { ++e.index; },
      [](new_event& e) { e.last = !e.last; }, [](new_event& e) { e.origin.step = "other"; },
      [](new_event& e) { e.body = worked{"other"}; }};
  const auto i = sample();
  const auto e = make_attempt_failed(i, ensemble::due(i).at(0), i.started, "no answer");
  EXPECT_TRUE(same(e, e));
  for (std::size_t n = 0; n < changes.size(); ++n) {
    auto other = e;
    changes[n](other);
    EXPECT_FALSE(same(e, other)) << n;
  }
}

} // namespace
