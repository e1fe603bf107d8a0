#include "runtime/service_host.hpp"

#include "model/engine_messages.hpp"
#include "runtime/deployment.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <stdexcept>

// One service host, whose writer and reader the test plays: so each test says in which order its
// messages come.

namespace {

using namespace ensemble;
using internal::append_answer;
using internal::append_job;
using internal::read_request;
using status = append_result::status;
using testing::ElementsAre;
using testing::IsEmpty;

struct add {
  std::string key{};
  int n{};
};
struct add_to_both {
  int n{};
};
struct added {
  int n{};
};
struct add_to_two {
  std::string one{};
  std::string other{};
};
ENSEMBLE_MESSAGE(add, 1, key, n)
ENSEMBLE_MESSAGE(add_to_two, 1, one, other)
ENSEMBLE_MESSAGE(add_to_both, 1, n)
ENSEMBLE_MESSAGE(added, 1, n)

struct sum {
  int total = 0;
  void apply(const added& e) {
    if (e.n == 13) throw std::runtime_error("thirteen");
    total += e.n;
  }
};

struct no_effects final : internal::effect_executor {
  void post(command_id, std::function<void()>) override {}
  void discard() override {}
  void stop() override {}
};

service_definition sums_of_both() {
  return service<sum>("sums").on_all<add_to_both>(
      [](const add_to_both&) {
        return std::vector<std::string>{"a", "b"};
      },
      [](const entities<sum>&, const add_to_both& c) -> decision_on_all<added> {
        return {on("a", added{c.n}), on("b", added{c.n})};
      });
}

template <class State>
service_definition sums() {
  return service<State>("sums").template on<add>(
      [](const add& c) { return c.key; },
      [](const State&, const add& c) -> decision<added> { return added{c.n}; });
}

/// Throws unless something was added before.
service_definition sums_of_the_begun() {
  return service<sum>("sums").on<add>([](const add& c) { return c.key; },
                                      [](const sum& s, const add& c) -> decision<added> {
                                        if (s.total == 0) throw std::runtime_error("not begun");
                                        return added{c.n};
                                      });
}

/// On two keys, it throws while the first has five.
service_definition sums_of_two() {
  return service<sum>("sums")
      .on<add>([](const add& c) { return c.key; },
               [](const sum&, const add& c) -> decision<added> { return added{c.n}; })
      .on_all<add_to_two>(
          [](const add_to_two& c) {
            return std::vector{c.one, c.other};
          },
          [](const entities<sum>& all, const add_to_two& c) -> decision_on_all<added> {
            if (all.at(c.one).total == 5) throw std::runtime_error("five");
            return {on(c.one, added{1}), on(c.other, added{1})};
          });
}

class ServiceHost : public testing::Test {
protected:
  template <class State>
  void begin() {
    begin(sums<State>());
  }
  void begin(const service_definition& service) {
    for (const auto* type : engine::message_types()) env_->registry.add_engine(*type);
    internal::deploy(*env_, service);
    auto now = std::make_shared<internal::directory>();
    now->writer = now->reader = system_.spawn([this](caf::event_based_actor*) {
      return caf::behavior{
          [this](const internal::append_to_journal& m) { appends_.push_back(m.job); },
          [this](const internal::read_journal& m) { reads_.push_back(m.request); },
      };
    });
    caller_ = system_.spawn([this](caf::event_based_actor*) {
      return caf::behavior{[this](const internal::command_answer& m) {
        answers_.push_back(m.failure ? std::string(to_string(m.failure->code())) : "recorded");
      }};
    });
    journal_ = now->writer;
    host_ = system_.spawn<internal::service_host>(env_, env_->services.at("sums"), effects_, now);
    run();
  }
  void TearDown() override {
    for (const auto& actor : {host_, journal_, caller_})
      caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    run();
  }

  void run() {
    // Bounded: an actor that keeps itself busy is seen as such.
    auto& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
    for (int n = 0; n < 1'000 && scheduler.has_job(); ++n) scheduler.run_once();
  }
  void give(std::uint64_t n, const std::string& key, bool from_caller = true) {
    give(n, message(add{key, static_cast<int>(n)}), from_caller);
  }
  void give(std::uint64_t n, message body, bool from_caller) {
    auto c = std::make_shared<internal::host_command>();
    c->id = c->target = command_id::of(1, n);
    c->body = std::move(body);
    c->from_caller = from_caller;
    if (from_caller) c->reply_to = caller_;
    caf::anon_send(host_, internal::give_command{std::move(c)});
    run();
  }
  void give_by_policy(std::uint64_t n, const std::string& key) {
    auto c = std::make_shared<internal::host_command>();
    c->id = c->target = command_id::of(1, n);
    c->body = add{key, static_cast<int>(n)};
    c->from_policy = true;
    c->reply_to = caller_;
    caf::anon_send(host_, internal::give_command{std::move(c)});
    run();
  }
  void query(const std::string& key) {
    auto q = std::make_shared<internal::state_query>();
    q->key = key;
    q->callback = std::make_shared<internal::exactly_once<const std::any*, const error*>>(
        [this](const std::any*, const error* why) { told_.emplace_back(why ? "error" : "state"); },
        [](const auto&) {});
    caf::anon_send(host_, internal::query_state{std::move(q)});
    run();
  }
  void answer_append(status what) {
    ASSERT_FALSE(appends_.empty());
    append_answer answer{appends_.front()->tag, {what, {}, {}, {}}, {}};
    answer.result.lengths.assign(appends_.front()->request.streams.size(), 1);
    appends_.pop_front();
    caf::anon_send(host_, internal::appends_done{
                              std::make_shared<const std::vector<append_answer>>(1, answer)});
    run();
  }
  void answer_read(std::vector<int> events) {
    ASSERT_FALSE(reads_.empty());
    std::vector<recorded_event> page;
    for (const int n : events) page.emplace_back().body = added{n};
    const auto tag = reads_.front()->tag;
    reads_.pop_front();
    caf::anon_send(host_,
                   internal::journal_page{
                       tag, std::make_shared<const std::vector<recorded_event>>(page), true});
    run();
  }

  internal::environment_ptr env_ = std::make_shared<internal::environment>(runtime_options{});
  no_effects effects_;
  std::deque<std::shared_ptr<append_job>> appends_;
  std::deque<std::shared_ptr<const read_request>> reads_;
  std::vector<std::string> answers_;
  std::vector<std::string> told_;
  caf::actor_system_config config_{};
  caf::actor_system system_{config_.set("scheduler.policy", caf::atom("testing"))};
  caf::actor host_;
  caf::actor journal_;
  caf::actor caller_;
};

// What a predecessor sent to the writer may not be recorded yet.
TEST_F(ServiceHost, NothingIsReadForAQueryBeforeItHasCaughtUp) {
  begin<sum>();
  query("a");
  EXPECT_THAT(reads_, IsEmpty());
  answer_append(status::appended);
  answer_read({1, 2});
  EXPECT_THAT(told_, ElementsAre("state"));
}

TEST_F(ServiceHost, QueriesOfAStatelessServiceAreAnsweredThoughTheAppendWasRefused) {
  begin<no_state>();
  answer_append(status::appended);
  give(1, "a");
  query("a");
  EXPECT_THAT(told_, IsEmpty()) << "what is not durable was told";
  answer_append(status::no_space);
  EXPECT_THAT(answers_, ElementsAre("journal_full"));
  EXPECT_THAT(told_, ElementsAre("state"));
}

// The command over both waits at "a"; nobody needs "b" before that is there.
TEST_F(ServiceHost, AnEntityThatCannotBeFoldedIsReadAgainOnlyWhenItIsNeeded) {
  begin(sums_of_both());
  answer_append(status::appended);
  give(1, message(add_to_both{1}), true);
  ASSERT_EQ(reads_.size(), 2U);
  std::swap(reads_.front(), reads_.back());
  answer_read({13});
  EXPECT_EQ(reads_.size(), 1U) << "nobody waits for it";
  answer_read({});
  ASSERT_EQ(reads_.size(), 1U);
  EXPECT_EQ(reads_.front()->stream, "sums-b");
  answer_read({13});
  EXPECT_THAT(answers_, ElementsAre("handler_failed"));
  EXPECT_THAT(reads_, IsEmpty());
  query("b");
  answer_read({7});
  EXPECT_THAT(told_, ElementsAre("state"));
}

TEST_F(ServiceHost, OnAFullDiskNoCallerWaitsUntilItHasCaughtUp) {
  begin<sum>();
  env_->journal_full = true;
  give(1, "a");
  EXPECT_THAT(answers_, ElementsAre("journal_full"));
  give(2, "a", false); // accepted work waits
  answer_append(status::appended);
  EXPECT_EQ(reads_.size(), 1U);
}

// An append of its predecessor's may still be on the way: "nothing was recorded" would be a lie.
TEST_F(ServiceHost, OnAFullDiskACallerIsNotToldThatWhatAPredecessorHadWasNotRecorded) {
  begin<sum>();
  env_->journal_full = true;
  auto c = std::make_shared<internal::host_command>();
  c->id = c->target = command_id::of(1, 1);
  c->body = add{"a", 1};
  c->from_caller = c->repeat = c->was_with_another = true;
  c->reply_to = caller_;
  caf::anon_send(host_, internal::give_command{std::move(c)});
  run();
  EXPECT_THAT(answers_, ElementsAre("unknown_outcome"));
}

// A full disk may keep a host from catching up for hours.
TEST_F(ServiceHost, WhatAPolicyAsksAgainAndAgainWaitsOnce) {
  begin<sum>();
  for (int times = 0; times < 5; ++times) give_by_policy(1, "a");
  give_by_policy(2, "b");
  answer_append(status::appended); // it has caught up
  EXPECT_EQ(reads_.size(), 2U);
  answer_read({});
  answer_read({});
  EXPECT_EQ(appends_.size(), 2U);
  answer_append(status::appended);
  answer_append(status::appended);
  EXPECT_THAT(answers_, ElementsAre("recorded", "recorded"));
  EXPECT_THAT(reads_, IsEmpty()) << "a repeat was kept, and looks its outcome up";
}

TEST_F(ServiceHost, OnAFullDiskNoCallerWaitsBehindAcceptedWork) {
  begin<sum>();
  answer_append(status::appended);
  give(1, "a", false);
  answer_read({});
  const auto kept = appends_.front(); // the writer keeps it, and refuses what follows
  give(2, "a");
  appends_.pop_front();
  env_->journal_full = true;
  answer_append(status::no_space);
  EXPECT_THAT(answers_, ElementsAre("journal_full"));
  give(3, "a");
  EXPECT_THAT(answers_, ElementsAre("journal_full", "journal_full"));
  appends_.push_back(kept);
  answer_append(status::appended);
  answer_read({1});
  env_->journal_full = false;
  give(4, "a");
  answer_append(status::appended);
  EXPECT_THAT(answers_, ElementsAre("journal_full", "journal_full", "recorded"));
}

// Most commands that begin something meet an entity without events: after a few of them it is no
// longer looked for.
class NewEntities : public ServiceHost {
protected:
  /// Commands on entities that turn out to be new, until the host expects it.
  void accustom() {
    answer_append(status::appended); // it has caught up
    for (std::uint64_t n = 1; n <= 4; ++n) {
      give(n, "new-" + std::to_string(n));
      answer_read({});
      answer_append(status::appended);
    }
    answers_.clear();
  }
  [[nodiscard]] std::uint64_t expected() const {
    return appends_.front()->request.streams.front().expected.length().value();
  }
};

TEST_F(NewEntities, AreDecidedWithoutALook) {
  begin<sum>();
  accustom();
  give(5, "new-5");
  EXPECT_THAT(reads_, IsEmpty());
  EXPECT_EQ(expected(), 0U) << "nobody would notice that it was not new";
  answer_append(status::appended);
  give(6, "new-5");
  EXPECT_THAT(reads_, IsEmpty());
  EXPECT_EQ(expected(), 1U);
  give(7, "new-7");
  give(8, "new-7");
  answer_append(status::appended);
  EXPECT_EQ(appends_.size(), 1U) << "the second did not wait until the first is proven";
  answer_append(status::appended);
  EXPECT_EQ(appends_.size(), 1U);
  EXPECT_EQ(expected(), 1U);
}

TEST_F(NewEntities, AreReadAfterAllWhenTheJournalKnowsThem) {
  begin<sum>();
  accustom();
  give(5, "old");
  give(6, "old");
  EXPECT_EQ(appends_.size(), 1U) << "of as many events as were guessed, the second would fit";
  answer_append(status::conflict);
  ASSERT_EQ(reads_.size(), 1U);
  answer_read({1, 2});
  ASSERT_EQ(reads_.size(), 1U) << "the earlier outcome of the first is looked for";
  answer_read({});
  ASSERT_EQ(appends_.size(), 2U);
  EXPECT_EQ(expected(), 2U);
  answer_append(status::appended);
  answer_append(status::appended);
  EXPECT_THAT(answers_, ElementsAre("recorded", "recorded"));
  give(7, "perhaps new");
  EXPECT_EQ(reads_.size(), 1U) << "it was wrong, and guesses on";
}

TEST_F(NewEntities, AreReadBeforeACommandFailsOnThem) {
  begin(sums_of_the_begun());
  answer_append(status::appended);
  for (std::uint64_t n = 1; n <= 4; ++n) {
    give(n, "new-" + std::to_string(n));
    answer_read({});
  }
  answers_.clear();
  give(5, "old");
  EXPECT_THAT(answers_, IsEmpty()) << "it failed on a guess";
  ASSERT_EQ(reads_.size(), 1U);
  answer_read({1});
  EXPECT_EQ(expected(), 1U);
  give(6, "new");
  answer_read({});
  EXPECT_THAT(answers_, ElementsAre("handler_failed")) << "the guess was right";
  answers_.clear();
  give(13, "also old"); // its own event cannot be folded
  ASSERT_EQ(reads_.size(), 1U);
  answer_read({1});
  EXPECT_THAT(answers_, ElementsAre("handler_failed"));
}

// The failure on a guess is of the states of that time, not of all that are as long.
TEST_F(NewEntities, AreDecidedOnWhatTheyAreWhenTheGuessWasWrong) {
  begin(sums_of_two());
  answer_append(status::appended);
  for (std::uint64_t n = 1; n <= 2; ++n) {
    const auto key = std::to_string(n);
    give(n, message(add_to_two{"one-" + key, "other-" + key}), true);
    answer_read({});
    answer_read({});
    answer_append(status::appended);
  }
  give(5, "one");
  answer_read({});
  answers_.clear();
  give(6, message(add_to_two{"one", "other"}), true);
  ASSERT_EQ(reads_.size(), 1U) << "it failed on a guess";
  answer_append(status::no_space); // of the five that it failed on
  EXPECT_THAT(answers_, ElementsAre("journal_full"));
  answer_read({});
  answer_read({});
  ASSERT_EQ(appends_.size(), 1U);
  answer_append(status::conflict);
  answer_read({7}); // as long as when it failed
  answer_read({});
  answer_read({}); // its earlier outcome
  ASSERT_EQ(appends_.size(), 1U) << "it failed on what is past";
  answer_append(status::appended);
  EXPECT_THAT(answers_, ElementsAre("journal_full", "recorded"));
}

TEST_F(NewEntities, AreNotShownBeforeTheJournalHasThem) {
  begin<sum>();
  accustom();
  give(5, "old");
  query("old");
  answer_append(status::conflict);
  EXPECT_THAT(told_, IsEmpty());
  answer_read({1, 2});
  EXPECT_THAT(told_, ElementsAre("state"));
}

TEST_F(NewEntities, AreReadForARepeat) {
  begin<sum>();
  accustom();
  auto c = std::make_shared<internal::host_command>();
  c->id = c->target = command_id::of(1, 5);
  c->body = add{"old", 5};
  c->repeat = true;
  caf::anon_send(host_, internal::give_command{std::move(c)});
  run();
  EXPECT_EQ(reads_.size(), 1U);
}

} // namespace
