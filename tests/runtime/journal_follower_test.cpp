#include "runtime/journal_follower.hpp"
#include "runtime/journal_reading.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <gtest/gtest.h>

#include <array>
#include <random>

// A follower under a publisher that loses, repeats and delays what it publishes, and a reader that
// dies. Everything runs in this thread.

namespace {

using namespace ensemble;
using namespace ensemble::internal;

struct note {
  int number{};
};
ENSEMBLE_MESSAGE(note, 1, number)

struct told {
  std::vector<std::uint64_t> positions{};
  bool pause = false; ///< at the next batch
};

class following_actor final : public base_actor {
public:
  following_actor(caf::actor_config& config, environment_ptr env, directory_ptr now, position from,
                  std::shared_ptr<told> to)
      : base_actor(config, std::move(env), "following"),
        from_(from),
        to_(std::move(to)),
        follower_(*this, [this](const batch_ptr& b) { take(*b); }) {
    directory_ = std::move(now);
  }

protected:
  caf::behavior make_behavior() override {
    follower_.start(from_, *directory_);
    return {
        [this](const committed& m) { follower_.follow(m.batch, *directory_); },
        [this](const journal_page& m) { EXPECT_TRUE(follower_.page_read(m, *directory_)); },
        [this](const wake_up&) { follower_.resume(*directory_); },
        [this](const directory_changed& m) {
          directory_ = m.now;
          follower_.reader_replaced(*directory_);
        },
    };
  }
  void on_exit() override {
    follower_.clear();
    base_actor::on_exit();
  }

private:
  void take(const committed_batch& b) {
    for (const auto& e : b.events)
      if (e.position > follower_.seen()) to_->positions.push_back(e.position.value);
    if (std::exchange(to_->pause, false)) follower_.pause();
  }

  position from_;
  std::shared_ptr<told> to_;
  journal_follower follower_;
};

class Follower : public testing::TestWithParam<unsigned> {
protected:
  struct deterministic : caf::actor_system_config {
    deterministic() { set("scheduler.policy", caf::atom("testing")); }
  };

  Follower() {
    env_->registry.add(type_of<note>());
    journal_ = open_journal(
        {"memory:", durability::durable, [this](auto name) { return env_->registry.find(name); }});
    now_ = std::make_shared<directory>();
    new_reader();
  }
  ~Follower() override {
    for (const auto& actor : {now_->reader, following_})
      if (actor) caf::anon_send_exit(actor, caf::exit_reason::kill);
    settle();
  }

  void new_reader() {
    auto next = std::make_shared<directory>(*now_);
    if (next->reader) caf::anon_send_exit(next->reader, caf::exit_reason::kill);
    std::shared_ptr<journal_reader> reader = journal_->open_reader();
    next->reader = system_.spawn<journal_reading>(env_, std::move(reader), caf::actor{});
    now_ = std::move(next);
    if (following_) caf::anon_send(following_, directory_changed{now_, std::string(reader_role)});
  }
  void follow(position from) {
    following_ = system_.spawn<following_actor>(env_, directory_ptr(now_), from, told_);
  }
  /// Appends so many events in one commit; what would be published of it.
  batch_ptr commit(int count) {
    append_request request;
    request.streams.push_back({"notes-1", expected_version::any(), {}});
    for (int n = 0; n < count; ++n) {
      new_event e;
      e.index = static_cast<std::uint32_t>(n);
      e.last = n + 1 == count;
      e.id = event_id::of(7, next_id_ + e.index);
      e.body = note{n};
      request.streams[0].events.push_back(std::move(e));
    }
    next_id_ += static_cast<std::uint64_t>(count);
    const auto done = journal_->commit(std::array{request}, timestamp{}).front();
    auto batch = std::make_shared<committed_batch>();
    batch->events = journal_->open_reader()->read_all(done.first, static_cast<std::size_t>(count));
    batch->from = done.first;
    batch->to = done.last;
    return batch;
  }
  void publish(const batch_ptr& batch) { caf::anon_send(following_, committed{batch}); }
  /// Messages of the two actors, in an order that the seed draws.
  void step() {
    auto& jobs = scheduler_.jobs;
    if (jobs.empty()) return;
    const auto first = jobs.begin() + static_cast<std::ptrdiff_t>(chance_() % jobs.size());
    std::rotate(jobs.begin(), first, jobs.end());
    scheduler_.run_once();
  }
  void settle() {
    while (!scheduler_.jobs.empty()) step();
  }

  std::mt19937 chance_{GetParam()};
  environment_ptr env_ = std::make_shared<environment>(runtime_options{});
  std::unique_ptr<journal> journal_;
  deterministic config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& scheduler_ =
      dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  directory_ptr now_;
  caf::actor following_;
  std::shared_ptr<told> told_ = std::make_shared<told>();
  std::uint64_t next_id_ = 1;
};

TEST_P(Follower, TakesEveryEventOnceInOrderWhateverIsLost) {
  for (int n = 0; n < 40; ++n) (void)commit(1 + static_cast<int>(chance_() % 100));
  const position from{chance_() % 500};
  follow(from);
  std::vector<batch_ptr> published;
  for (int n = 0; n < 400; ++n) {
    const auto draw = chance_() % 100;
    if (draw < 40) published.push_back(commit(1 + static_cast<int>(chance_() % 5)));
    if (draw < 30) publish(published.back());
    if (draw >= 30 && draw < 33 && !published.empty()) // again, and late
      publish(published[chance_() % published.size()]);
    if (draw == 50) new_reader();
    if (draw == 51) told_->pause = true;
    if (draw >= 52 && draw < 55) caf::anon_send(following_, wake_up{});
    step();
  }
  settle();
  // It ends paused, and nothing is published once it goes on.
  caf::anon_send(following_, wake_up{});
  told_->pause = true;
  publish(commit(1));
  settle();
  const auto last = commit(1);
  publish(last);
  settle();
  EXPECT_LT(told_->positions.back(), last->to.value);
  caf::anon_send(following_, wake_up{});
  settle();
  std::vector<std::uint64_t> all;
  for (auto p = from.value + 1; p <= last->to.value; ++p) all.push_back(p);
  EXPECT_EQ(told_->positions, all) << "seed " << GetParam();
}

TEST_P(Follower, KeepsALimitedNumberOfBatchesWhileItReads) {
  follow({});
  std::vector<batch_ptr> batches;
  for (std::size_t n = 0; n < 5 * journal_follower::most_kept; ++n) batches.push_back(commit(1));
  const std::weak_ptr<const committed_batch> first = batches.front();
  for (const auto& batch : batches) publish(batch);
  batches.clear();
  // The follower alone runs: nothing that it asked for is read yet.
  while (scheduler_.jobs.size() > 1 || !first.expired()) {
    auto& jobs = scheduler_.jobs;
    const auto mine = std::ranges::find_if(
        jobs, [&](caf::resumable* job) { return dynamic_cast<following_actor*>(job) != nullptr; });
    if (mine == jobs.end()) break;
    std::rotate(jobs.begin(), mine, jobs.end());
    scheduler_.run_once();
  }
  EXPECT_TRUE(first.expired());
  settle();
  EXPECT_EQ(told_->positions.size(), 5 * journal_follower::most_kept);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Follower, testing::Range(1U, 21U));

} // namespace
