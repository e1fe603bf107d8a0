#include "model/engine_messages.hpp"
#include "runtime/actor_house.hpp"
#include "runtime/bookshop.hpp"
#include "runtime/deployment.hpp"
#include "runtime/faulty_journal.hpp"

#include <caf/all.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

// The journal writer on a full disk: new work is refused, accepted work waits and is never dropped.

namespace {

using namespace bookshop;
using namespace ensemble;
using namespace std::chrono_literals;
using internal::append_job;
using space = faulty_journal::space;
using status = append_result::status;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class FullDisk : public testing::Test {
protected:
  FullDisk() {
    for (const auto* type : engine::message_types()) env_->registry.add_engine(*type);
    auto journal = std::make_unique<faulty_journal>();
    journal_ = journal.get();
    house_ = std::make_unique<internal::actor_house>(env_, std::move(journal), [](const error&) {});
    house_->open();
  }

  enum class work { plain, essential, nobody_told, question };
  void give(std::uint64_t n, work kind = work::plain) {
    new_event e;
    e.id = event_id::of(n, n);
    e.body = bought{"b" + std::to_string(n), 1};
    auto job = std::make_shared<append_job>();
    if (kind != work::question)
      job->request.streams.push_back({"shop-1", expected_version::any(), {e}});
    job->request.essential = kind == work::essential;
    if (kind != work::nobody_told) job->from = caf::actor_cast<caf::actor>(self_);
    job->tag = n;
    self_->send(house_->directory()->writer, internal::append_to_journal{std::move(job)});
  }

  using answers = std::vector<std::pair<std::uint64_t, status>>;
  // The next answers, up to `count`; fewer if the writer tells no more.
  answers told(std::size_t count, caf::duration wait = caf::infinite) {
    answers all;
    bool silent = false;
    while (all.size() < count && !silent)
      self_->receive(
          [&](const internal::appends_done& m) {
            for (const auto& a : *m.answers) all.emplace_back(a.tag, a.result.state);
          },
          caf::after(wait) >> [&] { silent = true; });
    return all;
  }
  std::vector<std::uint64_t> recorded() {
    std::vector<std::uint64_t> ids;
    for (const auto& e : journal_->open_reader()->read_stream("shop-1", {0}))
      for (std::uint64_t n = 1; n < 20; ++n)
        if (e.id == event_id::of(n, n)) ids.push_back(n);
    return ids;
  }

  internal::environment_ptr env_ = std::make_shared<internal::environment>(in_memory());
  faulty_journal* journal_{};
  std::unique_ptr<internal::actor_house> house_{};
  caf::actor_system_config config_{};
  caf::actor_system system_{config_};
  caf::scoped_actor self_{system_};
};

TEST_F(FullDisk, NewWorkIsRefusedWhileWhatIsEssentialGoesOn) {
  journal_->room = space::scarce;
  give(1);
  EXPECT_THAT(told(1), ElementsAre(Pair(1, status::no_space)));
  EXPECT_TRUE(env_->journal_full);
  give(2, work::essential);
  EXPECT_THAT(told(1), ElementsAre(Pair(2, status::appended)));
  journal_->room = space::ample;
  give(3);
  EXPECT_THAT(told(1), ElementsAre(Pair(3, status::appended)));
  EXPECT_THAT(recorded(), ElementsAre(2, 3));
}

TEST_F(FullDisk, AcceptedWorkIsKeptInItsOrderUntilThereIsSpace) {
  journal_->room = space::none;
  give(1, work::essential);
  give(2, work::nobody_told);
  give(3);
  give(4, work::essential);
  EXPECT_THAT(told(1), ElementsAre(Pair(3, status::no_space)));
  // It is tried again and again, and stays.
  const auto before = journal_->commits.load();
  while (journal_->commits < before + 3) EXPECT_THAT(told(1, caf::duration(20ms)), IsEmpty());
  give(5);
  EXPECT_THAT(told(1), ElementsAre(Pair(5, status::no_space)));
  journal_->room = space::ample;
  EXPECT_THAT(told(2), ElementsAre(Pair(1, status::appended), Pair(4, status::appended)));
  EXPECT_THAT(recorded(), ElementsAre(1, 2, 4));
}

// A host that replaces another asks so, before it takes a command.
TEST_F(FullDisk, AQuestionIsAnsweredBehindEverythingThatWasKept) {
  journal_->room = space::none;
  give(1, work::essential);
  give(2, work::question);
  give(3);
  EXPECT_THAT(told(1), ElementsAre(Pair(3, status::no_space)));
  give(4, work::question);
  journal_->room = space::ample;
  EXPECT_THAT(told(3), ElementsAre(Pair(1, status::appended), Pair(2, status::appended),
                                   Pair(4, status::appended)));
}

TEST_F(FullDisk, AFullDiskIsFoundFreeAgainWithoutNewWorkBeingLetThrough) {
  journal_->room = space::scarce;
  give(1);
  told(1);
  ASSERT_TRUE(env_->journal_full);
  journal_->room = space::ample;
  while (env_->journal_full) EXPECT_THAT(told(1, caf::duration(20ms)), IsEmpty());
}

TEST_F(FullDisk, WhatIsKeptIsRecordedAtTheEndIfItFits) {
  journal_->room = space::none;
  give(1, work::essential);
  give(2);
  EXPECT_THAT(told(1), ElementsAre(Pair(2, status::no_space)));
  journal_->room = space::scarce;
  caf::anon_send_exit(house_->directory()->writer, caf::exit_reason::user_shutdown);
  EXPECT_THAT(told(1), ElementsAre(Pair(1, status::appended)));
}

// As a saga does with each attempt that fails.
TEST_F(FullDisk, WhatNobodyIsToldOfIsKeptOnceHoweverOftenItIsAsked) {
  journal_->room = space::none;
  give(1, work::essential);
  for (int n = 0; n < 10; ++n) give(2, work::nobody_told);
  give(3);
  EXPECT_THAT(told(1), ElementsAre(Pair(3, status::no_space)));
  const auto before = journal_->commits.load();
  while (journal_->commits < before + 5) EXPECT_THAT(told(1, caf::duration(20ms)), IsEmpty());
  journal_->room = space::ample;
  EXPECT_THAT(told(1), ElementsAre(Pair(1, status::appended)));
  EXPECT_EQ(journal_->requests_of_last_commit, 2U);
  EXPECT_THAT(recorded(), ElementsAre(1, 2));
}

TEST_F(FullDisk, WhatIsTooMuchForTheSpaceLeftGoesInAsFarAsItFits) {
  journal_->room = space::none;
  for (std::uint64_t n = 1; n <= 5; ++n) give(n, work::essential);
  give(6);
  EXPECT_THAT(told(1), ElementsAre(Pair(6, status::no_space)));
  journal_->fits = 2;
  journal_->room = space::ample;
  EXPECT_THAT(told(5, caf::duration(10s)),
              ElementsAre(Pair(1, status::appended), Pair(2, status::appended),
                          Pair(3, status::appended), Pair(4, status::appended),
                          Pair(5, status::appended)));
  EXPECT_THAT(recorded(), ElementsAre(1, 2, 3, 4, 5));
}

// Its predecessor cannot try again any more, and callers are refused before they reach the writer.
TEST_F(FullDisk, ANewWriterTakesNewWork) {
  journal_->room = space::scarce;
  give(1);
  told(1);
  ASSERT_TRUE(env_->journal_full);
  house_->kill(std::string(internal::writer_role));
  for (int n = 0; n < 100 && env_->journal_full; ++n) told(1, caf::duration(20ms));
  EXPECT_FALSE(env_->journal_full);
}

} // namespace
