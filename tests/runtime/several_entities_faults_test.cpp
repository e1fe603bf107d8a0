#include "model/engine_messages.hpp"
#include "runtime/actor_house.hpp"
#include "runtime/bank.hpp"
#include "runtime/deployment.hpp"
#include "runtime/faulty_journal.hpp"
#include "runtime/identity.hpp"

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include <future>
#include <memory>

// Commands over several entities around a journal that holds what their host did not put there, or
// that is full.

namespace {

using namespace bank;
using namespace ensemble;

class SeveralFaults : public testing::Test {
protected:
  SeveralFaults() {
    for (const auto* type : engine::message_types()) env_->registry.add_engine(*type);
    internal::deploy(*env_, bank::service());
    auto journal = std::make_unique<faulty_journal>();
    journal_ = journal.get();
    house_ = std::make_unique<internal::actor_house>(env_, std::move(journal), [](const error&) {});
    house_->open();
  }
  receipt send(message body) {
    auto promise = std::make_shared<std::promise<receipt>>();
    auto command = std::make_shared<internal::host_command>();
    command->id = command->target = command_id::of(5, ++sent_);
    command->from_caller = true;
    command->body = std::move(body);
    auto what = std::make_shared<internal::caller_command>();
    what->service = "bank";
    what->command = std::move(command);
    what->callback = std::make_shared<internal::exactly_once<const receipt*, const error*>>(
        [promise](const receipt* got, const error* failure) {
          if (got)
            promise->set_value(*got);
          else
            promise->set_exception(std::make_exception_ptr(*failure));
        },
        [promise](const auto&) {
          promise->set_exception(
              std::make_exception_ptr(error(errc::unknown_outcome, "nobody told")));
        });
    caf::anon_send(house_->directory()->gateway, internal::submit{std::move(what)});
    return promise->get_future().get();
  }
  static int amount(const receipt& r, std::size_t n) {
    return r.events.at(n).body.as<booked>().amount;
  }
  static new_event event(event_id id, std::uint32_t index, bool last, int amount) {
    new_event e;
    e.id = id;
    e.index = index;
    e.last = last;
    e.body = booked{"b", amount};
    return e;
  }

  internal::environment_ptr env_ = std::make_shared<internal::environment>(runtime_options{});
  faulty_journal* journal_{};
  std::unique_ptr<internal::actor_house> house_{};
  std::uint64_t sent_ = 0;
};

TEST_F(SeveralFaults, ADecisionRestsOnEveryStateThatItSaw) {
  // b gets no event of the command, but what the command decides depends on it.
  journal_->slip_in = [] {
    return append_request{
        {{"bank-b", expected_version::any(), {event(event_id::of(9, 9), 0, true, -60)}}}, {}};
  };
  const auto got = send(match_poorest{{"a", "b", "c"}});
  EXPECT_EQ(amount(got, 0), 40);
  EXPECT_EQ(amount(send(match_poorest{{"c", "a"}}), 0), 140);
}

TEST_F(SeveralFaults, AConflictOnOneStreamIsDecidedAnewOnAll) {
  (void)send(pay_all{{"a", "b"}, 10});
  journal_->slip_in = [] {
    return append_request{
        {{"bank-c", expected_version::any(), {event(event_id::of(9, 9), 0, true, 1)}}}, {}};
  };
  const auto got = send(pay_all{{"a", "b", "c"}, 10});
  ASSERT_EQ(got.events.size(), 3U);
  EXPECT_EQ(got.events[1].version.value, 1U);
  EXPECT_EQ(got.events[2].version.value, 1U);
  EXPECT_EQ(amount(send(match_poorest{{"x", "a", "b", "c"}}), 0), 70);
}

TEST_F(SeveralFaults, AnOutcomeThatAPredecessorRecordedIsFoundWhole) {
  // As if the host had died before it heard that its append was recorded.
  journal_->slip_in = [] {
    const auto command = command_id::of(5, 1);
    append_request request;
    request.streams.push_back(
        {"bank-a", expected_version::any(), {event(make_event_id(command, 0), 0, false, -3)}});
    request.streams.push_back(
        {"bank-b", expected_version::any(), {event(make_event_id(command, 1), 1, true, 3)}});
    return request;
  };
  const auto got = send(pay_all{{"a", "b"}, 10});
  EXPECT_TRUE(got.repeated);
  ASSERT_EQ(got.events.size(), 2U);
  EXPECT_EQ(amount(got, 0), -3);
  EXPECT_EQ(amount(got, 1), 3);
  EXPECT_EQ(amount(send(match_poorest{{"x", "a", "b"}}), 0), 97);
}

TEST_F(SeveralFaults, AFullDiskIsToldAndLeavesNoTail) {
  (void)send(pay_all{{"a", "b"}, 10});
  journal_->room = faulty_journal::space::scarce;
  for (int n = 0; n < 2; ++n) {
    try {
      (void)send(pay_all{{"a", "b"}, 90});
      FAIL() << "there is no space";
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::journal_full);
      EXPECT_NE(std::string(e.what()).find("nothing was recorded"), std::string::npos);
    }
  }
  journal_->room = faulty_journal::space::ample;
  EXPECT_EQ(amount(send(match_poorest{{"x", "a", "b"}}), 0), 90);
  EXPECT_FALSE(send(pay_all{{"a", "b"}, 90}).refused());
}

} // namespace
