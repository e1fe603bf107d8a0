#include "model/engine_messages.hpp"
#include "runtime/actor_house.hpp"
#include "runtime/bookshop.hpp"
#include "runtime/deployment.hpp"
#include "runtime/faulty_journal.hpp"
#include "runtime/holder_scope.hpp"
#include "runtime/identity.hpp"
#include "runtime/tested_mode.hpp"

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include <future>
#include <memory>

// The actors around a journal that fails, or that holds what they did not put there.

namespace {

using namespace bookshop;
using namespace ensemble;
using namespace std::chrono_literals;

class JournalFaults : public testing::Test {
protected:
  JournalFaults() {
    for (const auto* type : engine::message_types()) env_->registry.add_engine(*type);
    internal::deploy(*env_, shop());
    internal::deploy(*env_, till());
    internal::deploy(*env_, packing_table());
    internal::deploy(*env_, selling(), tested_mode());
    auto journal = std::make_unique<faulty_journal>();
    journal_ = journal.get();
    house_ = std::make_unique<internal::actor_house>(
        env_, std::move(journal), [this](const error& e) { failed_.set_value(e.code()); });
    house_->open();
  }

  struct answer {
    std::optional<receipt> got{};
    std::optional<error> failure{};
  };
  std::future<answer> buy_book(const std::string& id) {
    auto promise = std::make_shared<std::promise<answer>>();
    auto result = promise->get_future();
    auto command = std::make_shared<internal::host_command>();
    command->id = command->target = internal::command_id_for_key("shop", id);
    command->from_caller = true;
    command->body = buy{id, 20};
    command->origin.correlation = internal::random_correlation_id(env_->clock());
    auto what = std::make_shared<internal::caller_command>();
    what->service = "shop";
    what->command = std::move(command);
    what->callback = std::make_shared<internal::exactly_once<const receipt*, const error*>>(
        [promise](const receipt* got, const error* failure) {
          promise->set_value({got ? std::optional(*got) : std::nullopt,
                              failure ? std::optional(*failure) : std::nullopt});
        },
        [promise](const auto&) {
          promise->set_value({{}, error(errc::unknown_outcome, "lost")});
        });
    caf::anon_send(house_->directory()->gateway, internal::submit{std::move(what)});
    return result;
  }
  outcome await_start_at(position start) {
    auto promise = std::make_shared<std::promise<outcome>>();
    auto result = promise->get_future();
    auto once = std::make_shared<internal::exactly_once<const outcome&>>(
        [promise](const outcome& o) { promise->set_value(o); },
        [promise](const auto&) { promise->set_value({}); });
    caf::anon_send(internal::keeper_of(*env_, *house_->directory(), "selling"),
                   internal::await_outcome{make_instance_id(start, "selling"), env_->clock() + 10s,
                                           std::move(once)});
    return result.get();
  }
  static append_request foreign_purchase(const std::string& id) {
    new_event e;
    e.id = event_id::of(77, 77);
    e.body = bought{id, 1};
    return {{{"shop-" + id, expected_version::any(), {e}}}, {}};
  }

  internal::environment_ptr env_ = std::make_shared<internal::environment>(in_memory());
  faulty_journal* journal_{};
  std::promise<errc> failed_{};
  std::unique_ptr<internal::actor_house> house_{};
};

TEST_F(JournalFaults, AFailedSyncStopsEverythingAndAcknowledgesNothing) {
  EXPECT_TRUE(buy_book("b1").get().got.has_value());
  journal_->fails = true;
  const auto told = buy_book("b2").get();
  EXPECT_FALSE(told.got.has_value());
  EXPECT_EQ(told.failure->code(), errc::unknown_outcome);
  EXPECT_EQ(failed_.get_future().get(), errc::journal_failed);
  journal_->fails = false; // even so: a failed sync is never repeated
  const auto commits = journal_->commits.load();
  EXPECT_FALSE(buy_book("b3").get().got.has_value());
  EXPECT_EQ(journal_->commits, commits);
  EXPECT_TRUE(house_->failure().has_value());
}

TEST_F(JournalFaults, ATailThatRestsOnAWrongStateIsDecidedAnew) {
  // Somebody else records the purchase while the host decides on an empty stream.
  journal_->slip_in = [] { return foreign_purchase("b1"); };
  const auto told = buy_book("b1").get();
  ASSERT_TRUE(told.got.has_value());
  EXPECT_EQ(told.got->refusal, "bought already");
}

TEST_F(JournalFaults, AnEventThatWasNeverPublishedIsReadFromTheJournal) {
  journal_->slip_in = [] { return foreign_purchase("slipped"); };
  const auto told = buy_book("b1").get();
  ASSERT_TRUE(told.got.has_value());
  const auto at = told.got->events.at(0).position;
  // The slipped purchase stands before it; no batch ever carried it, and its process runs.
  EXPECT_EQ(await_start_at({at.value - 1}).kind, outcome_kind::completed);
  EXPECT_EQ(await_start_at(at).kind, outcome_kind::completed);
}

TEST_F(JournalFaults, ABusyEntityDecidesManyCommandsInOneCommit) {
  std::vector<std::future<answer>> all;
  for (int n = 0; n < 500; ++n) all.push_back(buy_book("b" + std::to_string(n)));
  position last{};
  for (auto& one : all) last = one.get().got->events.at(0).position;
  (void)await_start_at(last);
  // 500 purchases with four events each; without sharing that would be 2,000 commits.
  EXPECT_LT(journal_->commits, 1'500);
}

} // namespace
