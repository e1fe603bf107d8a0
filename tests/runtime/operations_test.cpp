#include "runtime/bookshop.hpp"
#include "runtime/runtime_access.hpp"
#include "runtime/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>
#include <vector>

// Operators' words to a live runtime (rule 18).

namespace {

using namespace bookshop;
using namespace std::chrono_literals;
using ensemble::instance_id;
using ensemble::operator_verb;
using ensemble::operator_word;
using ensemble::outcome_kind;

operator_word word(operator_verb verb, instance_id instance) {
  operator_word w;
  w.verb = verb;
  w.instance = instance;
  w.reason = "the till is mended";
  return w;
}

class Operations : public testing::Test {
protected:
  /// A runtime in which purchases of "unpackable-..." get stuck until the till gives refunds.
  void start(ensemble::runtime_options options = in_memory()) {
    r.emplace(std::move(options));
    set_up(*r, &till_, {.attempts = 2, .first_delay = 1ms, .max_delay = 2ms});
    r->start();
  }
  void stop() { r.reset(); }

  instance_id stuck_one(const std::string& id = "unpackable-1") {
    till_.refuses_refunds = true;
    const auto outcome = r->await(r->send("shop", buy{id, 20}).get(), 30s);
    EXPECT_EQ(outcome.kind, outcome_kind::stuck);
    return outcome.instance;
  }
  /// How it ends.
  std::string end_of(instance_id id) {
    for (;;) {
      const auto report = r->inspect(id).get();
      if (report.terminal) return report.phase;
      std::this_thread::yield();
    }
  }

  till_switches till_{};
  std::optional<ensemble::runtime> r{};
};

TEST_F(Operations, WhoAwaitsBehindAWordIsNotToldWhatWasBefore) {
  start();
  for (int round = 0; round < 30; ++round) {
    till_.refuses_refunds = true;
    const auto receipt = r->send("shop", buy{"unpackable-" + std::to_string(round), 20}).get();
    const auto id = r->await(receipt, 30s).instance;
    till_.refuses_refunds = false;
    (void)r->operate(word(operator_verb::retry, id)).get();
    EXPECT_EQ(r->await(receipt, 30s).kind, outcome_kind::compensated);
  }
}

TEST_F(Operations, ARetryHealsWhatIsStuck) {
  start();
  const auto id = stuck_one();
  till_.refuses_refunds = false;
  const auto answer = r->operate(word(operator_verb::retry, id)).get();
  EXPECT_FALSE(answer.refused()) << *answer.refusal;
  EXPECT_FALSE(answer.repeated);
  EXPECT_GT(answer.recorded.value, 0U);
  EXPECT_EQ(answer.now.instance, id);
  EXPECT_EQ(end_of(id), "compensated");
  while (r->stats().instances_stuck + r->stats().instances_open > 0) std::this_thread::yield();
}

TEST_F(Operations, ARetryBeforeItsCauseIsGoneIsStuckAgain) {
  start();
  const auto id = stuck_one();
  EXPECT_FALSE(r->operate(word(operator_verb::retry, id)).get().refused());
  while (r->inspect(id).get().stuck.empty()) std::this_thread::yield();
  till_.refuses_refunds = false;
  EXPECT_FALSE(r->operate(word(operator_verb::retry, id)).get().refused());
  EXPECT_EQ(end_of(id), "compensated");
}

TEST_F(Operations, ASkipPassesOverTheUndo) {
  start();
  const auto id = stuck_one();
  auto skip = word(operator_verb::skip, id);
  skip.step = "pay";
  EXPECT_FALSE(r->operate(skip).get().refused());
  EXPECT_EQ(end_of(id), "compensated");
  EXPECT_EQ(r->query<till_state>("till", "unpackable-1").get().refunds, 0);
}

TEST_F(Operations, ARefusalIsAValueAndRecordsNothing) {
  start();
  const auto id = stuck_one();
  const auto before = r->stats().events_appended;
  const auto answer = r->operate(word(operator_verb::abort, id)).get();
  ASSERT_TRUE(answer.refused());
  EXPECT_NE(answer.refusal->find("compensated already"), std::string::npos) << *answer.refusal;
  EXPECT_EQ(answer.recorded.value, 0U);
  EXPECT_NE(answer.now.stuck.find("no refunds today"), std::string::npos);
  EXPECT_EQ(r->stats().events_appended, before);
}

TEST_F(Operations, AnInstanceThatIsNotThereIsAnError) {
  start();
  (void)stuck_one();
  for (const auto id : {instance_id{}, instance_id::of(1, 7), instance_id::of(1 << 20, 7)}) {
    EXPECT_THROW((void)r->operate(word(operator_verb::retry, id)).get(), ensemble::error);
    try {
      (void)r->inspect(id).get();
      FAIL();
    } catch (const ensemble::error& e) {
      EXPECT_EQ(e.code(), ensemble::errc::bad_argument);
    }
  }
}

TEST_F(Operations, OfSeveralOperatorsAtOnceOneWinsAndTheOthersAreTold) {
  start();
  till_.refuses_refunds = false;
  for (int round = 0; round < 10; ++round) {
    const auto id = stuck_one("unpackable-" + std::to_string(round));
    till_.refuses_refunds = false;
    std::vector<std::future<ensemble::operator_answer>> asked;
    for (int n = 0; n < 8; ++n) asked.push_back(r->operate(word(operator_verb::retry, id)));
    int accepted = 0;
    for (auto& each : asked) {
      const auto answer = each.get();
      accepted += answer.refused() ? 0 : 1;
      EXPECT_EQ(answer.recorded.value == 0, answer.refused());
    }
    EXPECT_EQ(accepted, 1);
    EXPECT_EQ(end_of(id), "compensated");
  }
}

TEST_F(Operations, AWordThatIsRepeatedHasOneEffect) {
  start();
  const auto id = stuck_one();
  till_.refuses_refunds = false;
  auto retry = word(operator_verb::retry, id);
  retry.idempotency_key = "ticket-17";
  const auto first = r->operate(retry).get();
  EXPECT_FALSE(first.refused());
  EXPECT_EQ(end_of(id), "compensated");
  const auto again = r->operate(retry).get();
  EXPECT_FALSE(again.refused()) << *again.refusal;
  EXPECT_TRUE(again.repeated);
  EXPECT_EQ(again.recorded, first.recorded);
  retry.idempotency_key = "ticket-18";
  EXPECT_TRUE(r->operate(retry).get().refused());
}

// Whatever the race between the word and the saga's own progress: an abort that was accepted ends
// in compensation, and one that was refused has changed nothing.
TEST_F(Operations, AnAbortIsHeededOrRefusedHoweverItRacesWithTheSaga) {
  start();
  std::atomic<int> heeded = 0;
  std::atomic<int> refused = 0;
  for (int n = 0; n < 150; ++n) {
    const auto receipt = r->send("shop", buy{"b-" + std::to_string(n), 20}).get();
    const auto id = ensemble::make_instance_id(receipt.events.at(0).position, "selling");
    for (int k = 0; k < n % 20; ++k) std::this_thread::yield();
    const auto answer = r->operate(word(operator_verb::abort, id)).get();
    const auto end = end_of(id);
    // Heeded, and the pivot was on its way: then what became of that decides.
    EXPECT_TRUE(end == "completed" || (end == "compensated" && !answer.refused())) << end;
    ++(answer.refused() ? refused : heeded);
  }
  EXPECT_GT(heeded + refused, 0);
}

TEST_F(Operations, AWordAfterARestartFindsWhatIsStuck) {
  const temporary_folder folder;
  auto options = in_memory();
  options.journal = folder.file("j.db");
  start(options);
  const auto id = stuck_one();
  stop();
  start(options);
  auto found = r->stuck().get();
  while (found.instances.empty()) found = r->stuck().get(); // it is read after the start
  ASSERT_EQ(found.instances.size(), 1U);
  EXPECT_EQ(found.instances[0].instance, id);
  till_.refuses_refunds = false;
  EXPECT_FALSE(r->operate(word(operator_verb::retry, id)).get().refused());
  EXPECT_EQ(end_of(id), "compensated");
}

TEST_F(Operations, ListsWhatIsStuckInPages) {
  start();
  std::vector<instance_id> all;
  for (int n = 0; n < 5; ++n) {
    all.push_back(stuck_one("unpackable-" + std::to_string(n)));
    EXPECT_EQ(r->await(r->send("shop", buy{"b-" + std::to_string(n), 20}).get(), 30s).kind,
              outcome_kind::completed);
  }
  auto page = r->stuck(3).get();
  ASSERT_EQ(page.instances.size(), 3U);
  EXPECT_TRUE(page.more);
  EXPECT_EQ(page.instances[2].instance, all[2]);
  EXPECT_EQ(page.instances[2].process, "selling");
  EXPECT_EQ(page.instances[2].phase, "compensating");
  EXPECT_GT(page.instances[2].since, page.instances[2].started);
  page = r->stuck(3, all[2]).get();
  ASSERT_EQ(page.instances.size(), 2U);
  EXPECT_FALSE(page.more);
  EXPECT_EQ(page.instances[1].instance, all[4]);
}

TEST_F(Operations, DeathsOfActorsLoseNoWordAndDoubleNone) {
  auto options = in_memory();
  options.deaths_borne = 1'000;
  start(options);
  const std::vector<std::string> roles{"operator desk", "journal reader", "journal writer"};
  for (int round = 0; round < 15; ++round) {
    const auto id = stuck_one("unpackable-" + std::to_string(round));
    till_.refuses_refunds = false;
    auto retry = word(operator_verb::retry, id);
    retry.idempotency_key = "ticket";
    auto asked = r->operate(retry);
    ensemble::runtime_access::kill(*r, roles[static_cast<std::size_t>(round) % roles.size()]);
    for (;;) {
      try {
        const auto answer = asked.get();
        EXPECT_FALSE(answer.refused()) << *answer.refusal;
        break;
      } catch (const ensemble::error& e) { // only the desk's own death, and then ask again
        EXPECT_EQ(e.code(), ensemble::errc::unknown_outcome);
        EXPECT_EQ(round % 3, 0);
        asked = r->operate(retry);
      }
    }
    for (std::string end; end.empty();) try {
        end = end_of(id);
        EXPECT_EQ(end, "compensated");
      } catch (const ensemble::error& e) { // the desk died only now
        EXPECT_EQ(e.code(), ensemble::errc::unknown_outcome);
        EXPECT_EQ(round % 3, 0);
      }
  }
}

TEST_F(Operations, AfterTheStopNoWordIsTaken) {
  start();
  r->stop();
  EXPECT_THROW((void)r->operate(word(operator_verb::retry, {})), ensemble::error);
  EXPECT_THROW((void)r->inspect({}), ensemble::error);
  EXPECT_THROW((void)r->stuck(), ensemble::error);
}

} // namespace
