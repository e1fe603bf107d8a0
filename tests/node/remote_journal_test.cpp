// A journal that another node keeps: two nodes record in it over links that break, in one thread.

#include "explorer/random_definition.hpp"
#include "journal/support.hpp"
#include "node/journal_client.hpp"
#include "node/journal_guest.hpp"
#include "node/nodes.hpp"
#include "node/remote_journal.hpp"
#include "runtime/bus.hpp"
#include "runtime/journal_writer.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace node_tests {

using namespace ensemble;
using namespace std::chrono_literals;
using journal_tests::append;
using journal_tests::error_of;
using journal_tests::event;
using testing::ElementsAre;
using testing::HasSubstr;

namespace {

struct counted {
  int n = 0;
};
ENSEMBLE_MESSAGE(counted, 2, n)

/// A node without a journal of its own.
struct worker {
  caf::actor client{};
  caf::actor joiner{};
  std::unique_ptr<journal> remote{};
  std::vector<std::uint64_t> followed{}; ///< positions
};

class RemoteJournal : public testing::Test {
protected:
  struct deterministic : caf::actor_system_config {
    deterministic() { set("scheduler.policy", caf::atom("testing")); }
  };

  RemoteJournal() {
    env_->since_boot = [this] { return now_; };
    env_->clock = [this] { return timestamp(now_); };
    auto now = std::make_shared<internal::directory>();
    now->journal_group = internal::journal_group(system_, "remote");
    now->writer = system_.spawn<internal::journal_writer>(env_, *kept_, position{}, timestamp{},
                                                          caf::actor{});
    directory_ = now;
    caf::anon_send(now->writer, internal::directory_changed{directory_, ""});
    const auto owners = [this] {
      std::shared_ptr<journal_reader> from = kept_->open_reader();
      return guests_.emplace_back(
          system_.spawn<node::journal_guest>(env_, directory_, std::move(from)));
    };
    gate_ = system_.spawn<node::gate>(env_, named("journal", 1), owners);
    for (std::uint64_t n = 0; n < workers_.size(); ++n) start(n);
    pass(1s);
  }
  ~RemoteJournal() override {
    for (auto& w : workers_) end(w);
    for (const auto& one : {gate_, directory_->writer})
      caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    gate_ = nullptr;
    directory_.reset();
    guests_.clear();
    pass(10s);
    EXPECT_TRUE(env_->actors->wait_for_none(0s));
  }

  void start(std::uint64_t which) {
    auto& w = workers_[which];
    w.client = system_.spawn<node::journal_client>(env_);
    w.joiner = system_.spawn<node::joiner>(env_, named("w" + std::to_string(which), which + 2),
                                           find_here(gate_), w.client);
    w.remote =
        node::make_remote_journal(w.client, {}, [this](const auto& ready) { wait_until(ready); });
    EXPECT_TRUE(w.remote->follow({}, [&w](std::vector<recorded_event> events) {
      for (const auto& e : events) w.followed.push_back(e.position.value);
    }));
  }
  static void end(worker& w) {
    w.remote.reset();
    for (auto* one : {&w.joiner, &w.client}) {
      caf::anon_send_exit(*one, caf::exit_reason::user_shutdown);
      *one = nullptr;
    }
  }
  void step() {
    auto& jobs = scheduler_.jobs;
    const auto first = jobs.begin() + static_cast<std::ptrdiff_t>(dice_.below(jobs.size()));
    std::rotate(jobs.begin(), first, jobs.end());
    scheduler_.run_once();
    if (cuts_ && dice_.below(100) < 2) cut();
  }
  /// One of the links breaks at this moment.
  void cut() {
    if (guests_.empty()) return;
    auto& guest = guests_[dice_.below(guests_.size())];
    caf::anon_send_exit(guest, caf::exit_reason::kill); // a guest that is gone: its link goes, too
    std::swap(guest, guests_.back());
    guests_.pop_back();
    ++cut_;
  }
  void settle() {
    while (!scheduler_.jobs.empty()) step();
  }
  void pass(duration time) {
    for (; time > 0s; time -= 50ms) {
      now_ += 50ms;
      scheduler_.advance_time(std::chrono::duration_cast<caf::timespan>(duration(50ms)));
      settle();
    }
  }
  void wait_until(const std::function<bool()>& ready) {
    for (int n = 0; n < 10'000 && !ready(); ++n) {
      while (!scheduler_.jobs.empty() && !ready()) step();
      if (!ready()) pass(50ms);
    }
  }
  append_result commit(std::size_t which, const append_request& request) {
    return workers_[which].remote->commit(std::array{request}, {}).front();
  }

  explorer::dice dice_{1};
  bool cuts_ = false;
  int cut_ = 0;
  duration now_ = 1h;
  std::unique_ptr<journal> kept_ = open_journal({});
  std::shared_ptr<internal::environment> env_ =
      std::make_shared<internal::environment>(runtime_options{});
  deterministic config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& scheduler_ =
      dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  internal::directory_ptr directory_{};
  caf::actor gate_{};
  std::vector<caf::actor> guests_{};
  std::array<worker, 2> workers_{};
};

TEST_F(RemoteJournal, WhatAnyNodeRecordsAllOfThemFollow) {
  EXPECT_EQ(commit(0, append("a-1", event(1))).first, position{1});
  EXPECT_EQ(commit(1, append("a-1", event(2), expected_version::exactly(1))).first, position{2});
  const auto late = commit(0, append("a-1", event(3), expected_version::exactly(1)));
  EXPECT_EQ(late.state, append_result::status::conflict);
  EXPECT_EQ(late.lengths.front(), 2U);
  settle();
  for (const auto& w : workers_) EXPECT_THAT(w.followed, ElementsAre(1, 2));
}

TEST_F(RemoteJournal, TheTimeIsThatOfTheJournalsNode) {
  const auto told = commit(0, append("a-1", event(1)));
  EXPECT_EQ(told.time, timestamp(now_));
  EXPECT_EQ(kept_->open_reader()->read_all({1}).front().time, told.time);
}

TEST_F(RemoteJournal, WhatCannotBeRecordedKeepsOnlyItselfOut) {
  commit(0, append("a-1", event(1)));
  auto clash = append("a-1", journal_tests::run(2, 2));
  clash.streams[0].events[1].id = journal_tests::id(1);
  const auto refused = error_of([&] {
    (void)workers_[0].remote->commit(
        std::array{append("b-1", event(3)), clash, append("b-1", event(4))}, {});
  });
  EXPECT_EQ(refused.code(), errc::bad_argument);
  EXPECT_THAT(refused.what(), HasSubstr("a-1"));
  EXPECT_EQ(commit(1, append("b-1", event(5))).lengths.front(), 3U) << "the others, and it goes on";
}

TEST_F(RemoteJournal, WhatNoNodeCanReadOrAFrameHoldIsRefusedBeforeItIsAsked) {
  auto garbage = event(1);
  garbage.body = message::opaque("thing_happened", 1, "no json");
  auto long_one = journal_tests::run(2, 5);
  for (auto& e : long_one)
    e.body = message::opaque("thing_happened", 1,
                             "{\"a\":\"" + std::string(std::size_t{1000} << 10, 'x') + "\"}");
  for (const auto& bad : {append("a-1", garbage), append("a-1", long_one)}) {
    const auto refused = error_of([&] {
      (void)workers_[0].remote->commit(std::array{append("a-1", event(9)), bad}, {});
    });
    EXPECT_EQ(refused.code(), errc::bad_argument);
  }
  EXPECT_EQ(kept_->open_reader()->head(), position{});
}

TEST_F(RemoteJournal, PagesThatAreLongerThanAFrameAreReadWhole) {
  const auto text = "{\"a\":\"" + std::string(std::size_t{1000} << 10, 'x') + "\"}";
  for (std::uint64_t n = 1; n <= 9; ++n) commit(0, append("a-1", event(n, text)));
  append_request rows;
  for (const auto* key : {"a", "b", "c", "d", "e"})
    rows.books.push_back({"large", key, std::string(std::size_t{700} << 10, 'y')});
  commit(0, rows);
  const auto reader = workers_[1].remote->open_reader();
  EXPECT_EQ(reader->read_all({1}).size(), 9U);
  EXPECT_EQ(reader->read_all({2}, 7).size(), 7U);
  EXPECT_EQ(reader->read_stream("a-1", {1}).size(), 8U);
  EXPECT_EQ(reader->read_book("large").size(), 5U);
  settle();
  for (const auto& w : workers_) EXPECT_EQ(w.followed.size(), 9U);
}

TEST_F(RemoteJournal, WhatCannotBeReadHereIsAMatterOfItsReaderAndNotOfTheLink) {
  auto newer = event(1);
  newer.body = message::opaque("counted", 3, "{}");
  commit(0, append("a-1", newer));
  commit(0, append("b-1", event(2)));
  const auto remote = node::make_remote_journal(
      workers_[1].client, [](std::string_view) { return &type_of<counted>(); },
      [this](const auto& ready) { wait_until(ready); });
  const auto reader = remote->open_reader();
  EXPECT_EQ(error_of([&] { (void)reader->read_stream("a-1", {0}); }).code(), errc::newer_schema);
  EXPECT_EQ(reader->head(), position{2});
  settle();
  EXPECT_THAT(workers_[1].followed, ElementsAre(1, 2));
  EXPECT_EQ(guests_.size(), 2U) << "no link has ended";
}

TEST_F(RemoteJournal, TwoOverOneClientAreToldTheirOwnAnswers) {
  const auto wait = [this](const auto& ready) { wait_until(ready); };
  const auto second = node::make_remote_journal(workers_[0].client, {}, wait);
  const auto reader = second->open_reader();
  for (std::uint64_t n = 1; n <= 5; ++n) {
    commit(0, append("a-1", event(n)));
    EXPECT_EQ(reader->read_stream("a-1", {0}).size(), n);
  }
}

TEST_F(RemoteJournal, WhoseNodeEndsIsToldThatItIsUnknown) {
  caf::anon_send_exit(gate_, caf::exit_reason::kill); // nobody is let in any more
  cut();
  cut();
  settle();
  auto& w = workers_[0];
  const auto failure = error_of([&] {
    const auto end_soon = [&, left = 3](const auto& ready) mutable {
      for (; left > 0; --left) pass(1s);
      caf::anon_send_exit(w.client, caf::exit_reason::user_shutdown);
      wait_until(ready);
    };
    const auto remote = node::make_remote_journal(w.client, {}, end_soon);
    (void)remote->commit(std::array{append("a-1", event(1))}, {});
  });
  EXPECT_EQ(failure.code(), errc::journal_failed);
  const auto later = error_of([&] { (void)w.remote->open_reader()->head(); });
  EXPECT_EQ(later.code(), errc::journal_failed);
}

TEST_F(RemoteJournal, OverLinksThatBreakNothingIsLostOrDoubled) {
  int repeated = 0;
  int cuts = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    dice_ = explorer::dice(seed);
    cut_ = 0;
    cuts_ = true;
    std::map<std::string, std::uint64_t> lengths;
    for (std::uint64_t n = 1; n <= 30; ++n) {
      const auto which = dice_.below(2);
      const auto stream = "s-" + std::to_string(seed * 10 + dice_.below(3));
      const auto told = commit(which, append(stream, event(seed * 1000 + n),
                                             expected_version::exactly(lengths[stream])));
      // A conflict would be a lie: nobody else writes there. (A repeat is told before it.)
      ASSERT_THAT(told.state,
                  testing::AnyOf(append_result::status::appended, append_result::status::repeated))
          << "seed " << seed;
      repeated += told.state == append_result::status::repeated;
      ASSERT_EQ(told.lengths.front(), ++lengths[stream]) << "seed " << seed;
    }
    cuts_ = false;
    cuts += cut_;
    pass(20s);
    const auto head = kept_->open_reader()->head().value;
    ASSERT_EQ(head, seed * 30);
    for (const auto& w : workers_) {
      ASSERT_EQ(w.followed.size(), head) << "seed " << seed;
      ASSERT_TRUE(std::ranges::is_sorted(w.followed));
    }
  }
  EXPECT_GT(cuts, 100);
  EXPECT_GT(repeated, 5) << "of " << cuts << " cuts";
}

} // namespace

} // namespace node_tests
