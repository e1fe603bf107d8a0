#include "model/machine.hpp"

// The builder of processes, and every bad definition with its sentence.

namespace machine {
namespace {

auto nothing = [](memory&, const begun&) {};
auto ask = [](const memory&) { return work{}; };

/// The sentence with which the definition is refused.
template <class Make>
std::string refusal(Make make) {
  try {
    const process_definition p = make();
    validate(p);
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::bad_definition);
    return e.what();
  }
  return "accepted";
}

/// The same for a good definition of two steps, after that change.
template <class Change>
std::string refusal_after(Change change) {
  return refusal([&] {
    auto p = make_process({{"a"}, {"b", "a"}});
    change(p);
    return p;
  });
}

TEST(Process, BuilderMakesWhatItsVerbsSay) {
  const process_definition p = process<memory>("trial", "owner")
                                   .version(3)
                                   .deadline(1h)
                                   .retries({.attempts = 2})
                                   .starts_on<begun>(nothing)
                                   .step("a")
                                   .asks("sa", ask)
                                   .succeeds_on<worked>()
                                   .fails_on<broke>()
                                   .undone_by<undone>([](const memory&) { return undo_work{}; })
                                   .within(3s)
                                   .retries({.attempts = 7})
                                   .step("b")
                                   .after("a")
                                   .pivot()
                                   .asks("sb", ask)
                                   .completes<finished>([](const memory&) { return finish{}; })
                                   .aborts<cancelled>([](const memory&) { return cancel{}; });
  EXPECT_EQ(p.name, "trial");
  EXPECT_EQ(p.owner, "owner");
  EXPECT_EQ(p.version, 3);
  EXPECT_EQ(p.deadline, 1h);
  EXPECT_EQ(p.retries.attempts, 2);
  EXPECT_EQ(p.start.event, &type_of<begun>());
  ASSERT_EQ(p.steps.size(), 2U);
  EXPECT_EQ(p.steps[0].ask.service, "sa");
  EXPECT_EQ(p.steps[0].successes[0].event, &type_of<worked>());
  EXPECT_EQ(p.steps[0].failures[0].event, &type_of<broke>());
  EXPECT_EQ(p.steps[0].undone.event, &type_of<undone>());
  EXPECT_EQ(p.steps[0].within, 3s);
  EXPECT_EQ(p.steps[0].retries.attempts, 7);
  EXPECT_THAT(p.steps[1].after, ElementsAre(0U));
  EXPECT_TRUE(p.steps[1].pivot);
  EXPECT_EQ(p.complete.service, "owner");
  EXPECT_EQ(p.completed.event, &type_of<finished>());
  EXPECT_EQ(p.abort.command, &type_of<cancel>());
  EXPECT_EQ(p.aborted.event, &type_of<cancelled>());
}

TEST(Process, NamesEveryMessageTypeItNeeds) {
  const process_definition p = process<memory>("trial", "owner")
                                   .starts_on<begun>(nothing)
                                   .step("a")
                                   .asks("s", ask)
                                   .succeeds_on<worked>();
  EXPECT_THAT(p.types, ::testing::UnorderedElementsAre(&type_of<begun>(), &type_of<work>(),
                                                       &type_of<worked>()));
}

TEST(Process, FindsItsStepsByName) {
  const auto p = make_process({{"a"}, {"b", "a"}});
  EXPECT_EQ(p.find_step("b"), 1U);
  EXPECT_EQ(p.find_step("c"), std::nullopt);
  EXPECT_EQ(p.find_step(""), std::nullopt);
}

TEST(BadProcess, NameIsRefused) {
  for (const auto* bad : {"", "Trial", "9lives", "a-b", "a b", "_a"})
    EXPECT_THAT(refusal_after([&](auto& p) { p.name = bad; }),
                HasSubstr("a name is [a-z][a-z0-9_]*, up to 100 characters"))
        << bad;
  EXPECT_THAT(refusal_after([](auto& p) { p.name = std::string(101, 'a'); }),
              HasSubstr("up to 100 characters"));
  EXPECT_EQ(refusal_after([](auto& p) { p.name = std::string(100, 'a'); }), "accepted");
}

TEST(BadProcess, OwnerIsRefused) {
  EXPECT_THAT(refusal_after([](auto& p) { p.owner = "The owner"; }),
              HasSubstr("process 'trial': 'The owner' is no service name"));
  EXPECT_THAT(refusal_after([](auto& p) { p.owner = p.name; }),
              HasSubstr("needs a name of its own, other than its owner's"));
}

TEST(BadProcess, NumbersAreRefused) {
  EXPECT_THAT(refusal_after([](auto& p) { p.version = 0; }),
              HasSubstr("version must be at least 1"));
  EXPECT_THAT(refusal_after([](auto& p) { p.deadline = -1s; }),
              HasSubstr("deadline must not be negative"));
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[1].within = -1s; }),
              HasSubstr("step 'b': within must not be negative"));
}

TEST(BadProcess, RetriesAreRefused) {
  EXPECT_THAT(refusal_after([](auto& p) { p.retries.attempts = 0; }),
              HasSubstr("complete and abort: retries need attempts >= 1, the first included"));
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[0].retries.attempts = 0; }),
              HasSubstr("step 'a': retries need attempts >= 1"));
  const auto* negative = "step 'a': retries need durations >= 0";
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[0].retries.attempt_within = -1s; }),
              HasSubstr(negative));
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[0].retries.first_delay = -1s; }),
              HasSubstr(negative));
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[0].retries.max_delay = -1s; }),
              HasSubstr(negative));
}

TEST(BadProcess, NothingStartsIt) {
  EXPECT_THAT(refusal([] {
                return process_definition(
                    process<memory>("trial", "owner").step("a").asks("s", ask));
              }),
              HasSubstr("process 'trial': nothing starts it: add .starts_on<event>(fold)"));
}

TEST(BadProcess, HasNoStep) {
  EXPECT_THAT(refusal([] {
                return process_definition(
                    process<memory>("trial", "owner").starts_on<begun>(nothing));
              }),
              HasSubstr("process 'trial': has no step: add .step(name)"));
}

// Added to a point in time it would have been a moment long ago: a deadline that passes at once.
TEST(BadProcess, DurationsWithoutEndAreRefused) {
  const auto for_ever = duration::max();
  EXPECT_THAT(refusal_after([&](auto& p) { p.steps[0].within = for_ever; }),
              HasSubstr("step 'a': within must not be longer than ten years; 0 is no limit"));
  EXPECT_THAT(refusal_after([&](auto& p) { p.steps[0].delay = for_ever; }),
              HasSubstr("delayed_by must not be longer"));
  EXPECT_THAT(refusal_after([&](auto& p) { p.deadline = for_ever; }),
              HasSubstr("deadline must not be longer"));
  EXPECT_THAT(refusal_after([&](auto& p) { p.retries.max_delay = for_ever; }),
              HasSubstr("max_delay must not be longer"));
}

// The builder always sets them; a definition that was put together by hand may lack them.
TEST(BadProcess, EventOrCommandWithoutATypeIsRefused) {
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[0].successes.push_back({}); }),
              HasSubstr("step 'a' waits for an event without a type"));
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[1].ask.command = nullptr; }),
              HasSubstr("step 'b' makes a command without a type"));
  EXPECT_THAT(refusal_after([](auto& p) {
                p.complete = {};
                p.complete.make = [](const std::any&) { return message(); };
              }),
              HasSubstr("complete or abort makes a command without a type"));
}

TEST(BadProcess, StepAsksNothing) {
  EXPECT_THAT(refusal([] {
                return process_definition(
                    process<memory>("trial", "owner").starts_on<begun>(nothing).step("a"));
              }),
              HasSubstr("step 'a' asks nothing: add .asks(service, command)"));
}

TEST(BadProcess, NamesOfStepsAreRefused) {
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[1].name = "B"; }),
              HasSubstr("step 'B': a name is [a-z][a-z0-9_]*"));
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[1].name = ""; }),
              HasSubstr("step '': a name is [a-z][a-z0-9_]*"));
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[1].name = "a"; }),
              HasSubstr("step 'a' is defined twice"));
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[1].ask.service = "S"; }),
              HasSubstr("step 'b': 'S' is no service name"));
}

TEST(BadProcess, AfterNamesNoEarlierStep) {
  for (const auto* name : {"nowhere", "b", "a"})
    EXPECT_THAT(refusal([&] {
                  return process_definition(process<memory>("trial", "owner")
                                                .starts_on<begun>(nothing)
                                                .step("a")
                                                .after(name)
                                                .asks("s", ask)
                                                .step("b")
                                                .asks("s", ask));
                }),
                HasSubstr("process 'trial': step 'a': after(\"" + std::string(name) +
                          "\") names a step that is not defined before it"));
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[0].after = {1}; }),
              HasSubstr("step 'a': after() names a step that is not defined before it"));
}

TEST(BadProcess, PivotRunsBesideAnotherStep) {
  const auto with_pivot = [](auto steps, const std::string& pivot) {
    return refusal([&] {
      auto p = make_process(steps);
      step_of(p, pivot).pivot = true;
      return p;
    });
  };
  using steps = std::vector<std::vector<std::string>>;
  EXPECT_THAT(with_pivot(steps{{"a"}, {"b"}}, "a"),
              HasSubstr("pivot 'a' runs beside step 'b': put one after the other"));
  EXPECT_THAT(with_pivot(steps{{"a"}, {"b", "a"}, {"c", "a"}}, "c"),
              HasSubstr("pivot 'c' runs beside step 'b'"));
  EXPECT_EQ(with_pivot(steps{{"a"}, {"b"}, {"c", "a", "b"}, {"d", "c"}, {"e", "d"}}, "c"),
            "accepted");
  EXPECT_EQ(with_pivot(steps{{"a"}}, "a"), "accepted");
}

TEST(BadProcess, StepsThatContradictThemselvesAreRefused) {
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[0].delay = -1s; }),
              HasSubstr("step 'a': delayed_by must not be negative"));
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[0].needs_no_undo = true; }),
              HasSubstr("step 'a' has an undo and says that it needs none"));
  const auto awaiting = [](auto& p) -> step_definition& {
    auto& s = p.steps[0];
    const auto key = [](const auto&) { return std::string("key"); };
    s.ask = s.undo = {};
    s.successes.clear();
    s.failures.clear();
    s.awaited = {{{&type_of<worked>(), {}}, key, key, true}};
    return s;
  };
  EXPECT_EQ(refusal_after([&](auto& p) { awaiting(p); }), "accepted");
  const auto* named = "step 'a' awaits: its events are named by .awaits and .awaits_failure";
  EXPECT_THAT(refusal_after([&](auto& p) {
                awaiting(p).successes = {{&type_of<broke>(), {}}};
              }),
              HasSubstr(named));
  EXPECT_THAT(refusal_after([&](auto& p) {
                awaiting(p).failures = {{&type_of<broke>(), {}}};
              }),
              HasSubstr(named));
  const auto* untyped = "step 'a' waits for an event without a type";
  EXPECT_THAT(refusal_after([&](auto& p) { awaiting(p).awaited[0].outcome.event = nullptr; }),
              HasSubstr(untyped));
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[0].failures.push_back({}); }),
              HasSubstr(untyped));
  EXPECT_THAT(refusal_after([](auto& p) { p.abort.command = nullptr; }),
              HasSubstr("complete or abort makes a command without a type"));
  EXPECT_THAT(refusal_after([](auto& p) { p.steps[0].undo.command = nullptr; }),
              HasSubstr("step 'a' makes a command without a type"));
}

TEST(BadProcess, NamesEndWithTheLetterZAndMayHaveDigits) {
  EXPECT_EQ(refusal_after([](auto& p) { p.steps[0].name = "a1_z"; }), "accepted");
  for (const char* name : {"a{", "a:", "{", "1a", "a/"})
    EXPECT_THAT(refusal_after([&](auto& p) { p.steps[0].name = name; }),
                HasSubstr("a name is [a-z][a-z0-9_]*"));
}

TEST(StepDefinition, ItsSuccessesAreThoseThatItAwaitsAsSuch) {
  step_definition s;
  const auto key = [](const auto&) { return std::string("key"); };
  s.awaited = {{{&type_of<broke>(), {}}, key, key, false},
               {{&type_of<remarked>(), {}}, key, key, true},
               {{&type_of<worked>(), {}}, key, key, true}};
  EXPECT_EQ(s.success_on("worked"), &s.awaited[2].outcome);
  EXPECT_EQ(s.success_on("broke"), nullptr);
  EXPECT_EQ(s.success_on("undone"), nullptr);
}

} // namespace
} // namespace machine
