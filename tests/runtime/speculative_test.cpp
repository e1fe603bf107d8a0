#include "runtime/bookshop.hpp"
#include "runtime/durability_gate.hpp"
#include "runtime/leave.hpp"
#include "runtime/runtime_access.hpp"
#include "runtime/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

// Speculative durability (rule 19): inside the process work goes on before a commit is synced, and
// nothing leaves it before.

namespace {

using namespace bookshop;
using namespace ensemble;
using namespace std::chrono_literals;
using leave::eventually;
using testing::ElementsAre;
using testing::IsEmpty;

/// How the syncs of a held_journal go.
class held_syncs {
public:
  void hold() { set(held_, true); }
  void let_go() { set(held_, false); }
  void fail() { set(failing_, true); }
  void wait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !held_ || failing_; });
    if (failing_) throw error(errc::journal_failed, "planted: the sync failed");
  }

private:
  void set(bool& what, bool to) {
    {
      const std::lock_guard lock(mutex_);
      what = to;
    }
    changed_.notify_all();
  }
  std::mutex mutex_{};
  std::condition_variable changed_{};
  bool held_ = false;
  bool failing_ = false;
};

/// In memory; what is recorded is durable once a sync has been let go.
class held_journal final : public journal {
public:
  held_journal(held_syncs& syncs, const journal_options& options)
      : syncs_(syncs), inner_(open_journal(options)) {}
  std::vector<append_result> commit(std::span<const append_request> requests,
                                    timestamp now) override {
    return inner_->commit(requests, now);
  }
  void sync() override { syncs_.wait(); }
  std::unique_ptr<journal_reader> open_reader() override { return inner_->open_reader(); }
  [[nodiscard]] bool blocking() const noexcept override { return true; }

private:
  held_syncs& syncs_;
  std::unique_ptr<journal> inner_;
};

struct send_letter {
  std::string id{};
};
struct letter_sent {
  std::string id{};
};
ENSEMBLE_MESSAGE(send_letter, 1, id)
ENSEMBLE_MESSAGE(letter_sent, 1, id)

struct letter {
  std::string id{};
};

class Speculative : public testing::Test {
protected:
  Speculative() {
    runtime_options options = in_memory();
    options.durability = durability::speculative;
    r.emplace(options);
    runtime_access::set_journal(*r, [this](const journal_options& wanted) {
      return std::make_unique<held_journal>(syncs, wanted);
    });
    set_up(*r);
    r->host(service<>("post").effect<send_letter>(
        &send_letter::id,
        [this](const send_letter& c, const effect_context&) -> decision<letter_sent> {
          ++letters;
          return letter_sent{c.id};
        }));
    r->orchestrate(process<letter>("mailing", "shop")
                       .deadline(1h)
                       .starts_on<bought>([](letter& l, const bought& e) { l.id = e.id; })
                       .step("letter")
                       .asks("post", [](const letter& l) { return send_letter{l.id}; })
                       .succeeds_on<letter_sent>()
                       .pivot());
    r->subscribe(subscription("watcher").on<bought>([this](const bought&) { ++handled; }));
    r->on_failure([this](const error& why) { failed.set_value(why.code()); });
  }
  ~Speculative() override {
    syncs.let_go();
    r.reset();
  }
  void start() {
    r->start();
    r->observe({1}, [this](const recorded_event& e) {
      if (e.stream.starts_with("shop-")) ++observed;
    });
  }

  held_syncs syncs{};
  std::atomic<int> letters{0};
  std::atomic<int> handled{0};
  std::atomic<int> observed{0};
  std::promise<errc> failed{};
  std::optional<runtime> r{};
};

TEST_F(Speculative, WorkGoesOnBeforeTheSyncAndNothingLeavesUntilThen) {
  start();
  const auto first = r->send("shop", buy{"b1", 20}).get();
  ASSERT_EQ(r->await(first, 30s).kind, outcome_kind::completed);
  ASSERT_TRUE(eventually([&] { return letters == 1 && handled == 1 && observed == 2; }));
  ASSERT_TRUE(eventually([&] { return r->stats().instances_completed == 2; }));

  syncs.hold();
  auto receipt = r->send("shop", buy{"b2", 20});
  auto refusal = r->send("shop", buy{"b1", 20});
  // Nobody tells what is recorded; but the whole sale goes through.
  ASSERT_TRUE(eventually([&] { return r->stats().instances_completed == 3; }));
  auto state = r->query<purchase>("shop", "b2");
  auto stuck = r->stuck();
  auto flows = r->flows();
  std::promise<outcome_kind> ended;
  r->await(first, 30s, [&](const outcome& o) { ended.set_value(o.kind); });
  auto outcome = ended.get_future();
  std::this_thread::sleep_for(50ms); // what would leave, would have left by now
  EXPECT_NE(receipt.wait_for(0s), std::future_status::ready);
  EXPECT_NE(refusal.wait_for(0s), std::future_status::ready);
  EXPECT_NE(state.wait_for(0s), std::future_status::ready);
  EXPECT_NE(stuck.wait_for(0s), std::future_status::ready);
  EXPECT_NE(flows.wait_for(0s), std::future_status::ready);
  EXPECT_NE(outcome.wait_for(0s), std::future_status::ready)
      << "who tells it may have read what is not durable";
  EXPECT_EQ(letters, 1);
  EXPECT_EQ(handled, 1);
  EXPECT_EQ(observed, 2);

  syncs.let_go();
  EXPECT_FALSE(receipt.get().refused());
  EXPECT_TRUE(refusal.get().refused());
  EXPECT_TRUE(state.get().is_confirmed);
  EXPECT_THAT(stuck.get().instances, IsEmpty());
  EXPECT_EQ(outcome.get(), outcome_kind::completed);
  // The refusal is an event, too.
  EXPECT_TRUE(eventually([&] { return letters == 2 && handled == 2 && observed == 5; }));
  EXPECT_GT(flows.get().last().value, 0U);
}

TEST_F(Speculative, AFailedSyncTellsNobodyWhatMayBeLost) {
  start();
  syncs.hold();
  auto receipt = r->send("shop", buy{"b1", 20});
  ASSERT_TRUE(eventually([&] { return r->stats().instances_completed > 0; }));
  syncs.fail();
  EXPECT_EQ(failed.get_future().get(), errc::journal_failed);
  try {
    (void)receipt.get();
    FAIL() << "told what may be lost";
  } catch (const error& why) {
    EXPECT_EQ(why.code(), errc::unknown_outcome);
  }
  EXPECT_THROW((void)r->send("shop", buy{"b2", 20}), error);
  r->stop();
  EXPECT_EQ(letters, 0);
  EXPECT_EQ(handled, 0);
  EXPECT_EQ(observed, 0);
}

TEST_F(Speculative, SyncerAndOutletAreReplacedAndEveryoneIsTold) {
  start();
  for (const auto* role : {"journal syncer", "outlet of the durable"}) {
    syncs.hold();
    auto receipt = r->send("shop", buy{role, 20});
    runtime_access::kill(*r, role);
    syncs.let_go();
    ASSERT_EQ(receipt.wait_for(30s), std::future_status::ready) << role;
    EXPECT_EQ(r->await(receipt.get(), 30s).kind, outcome_kind::completed) << role;
  }
  EXPECT_TRUE(eventually([&] { return r->stats().actors_respawned >= 2; }));
}

TEST_F(Speculative, StopTellsWhatIsDurableByThen) {
  start();
  auto receipt = r->send("shop", buy{"b1", 20});
  r->stop();
  EXPECT_FALSE(receipt.get().refused());
}

TEST(SpeculativeFile, IsReadBackAfterTheProgramEnds) {
  const temporary_folder folder;
  runtime_options options;
  options.journal = folder.file("shop.db");
  options.durability = durability::speculative;
  instance_id sold;
  {
    runtime r(options);
    set_up(r);
    r.start();
    const auto ended = r.await(r.send("shop", buy{"b1", 20}).get(), 30s);
    EXPECT_EQ(ended.kind, outcome_kind::completed);
    sold = ended.instance;
  }
  runtime r(options);
  set_up(r);
  r.start();
  EXPECT_TRUE(r.inspect(sold).get().terminal);
}

using internal::durability_gate;

TEST(DurabilityGate, IsOpenWhereCommitsAreDurable) {
  durability_gate gate(false);
  const durability_gate::commit under_way(gate);
  bool left = false;
  gate.pass([&] { left = true; });
  EXPECT_TRUE(left);
}

TEST(DurabilityGate, HoldsWhatMayRestOnACommitThatHasBegun) {
  durability_gate gate(true);
  int woken = 0;
  gate.set_outlet([&] { ++woken; });
  std::vector<int> left;
  gate.pass([&] { left.push_back(1); });
  EXPECT_EQ(woken, 1) << "it rests on nothing that is not durable";
  EXPECT_THAT(left, IsEmpty()) << "but it leaves by the outlet, as all others";
  gate.release();
  EXPECT_THAT(left, ElementsAre(1));
  auto under_way = std::make_unique<durability_gate::commit>(gate);
  gate.pass([&] { left.push_back(2); });
  under_way.reset();
  under_way = std::make_unique<durability_gate::commit>(gate);
  gate.pass([&] { left.push_back(3); });
  gate.release();
  EXPECT_THAT(left, ElementsAre(1));
  gate.made_durable(gate.sync_begins());
  EXPECT_EQ(woken, 2);
  gate.release();
  EXPECT_THAT(left, ElementsAre(1, 2)) << "the second commit has not ended";
  under_way.reset();
  gate.made_durable(gate.sync_begins());
  gate.release();
  EXPECT_THAT(left, ElementsAre(1, 2, 3));
}

TEST(DurabilityGate, AsksForASyncWhenSomethingWaitsForOne) {
  durability_gate gate(true);
  int asked = 0;
  gate.set_syncer([&] { ++asked; });
  auto under_way = std::make_unique<durability_gate::commit>(gate);
  under_way.reset();
  EXPECT_EQ(asked, 0) << "nobody waits for it";
  gate.pass([] {});
  gate.pass([] {});
  EXPECT_EQ(asked, 1);
  const auto first = gate.sync_begins();
  under_way = std::make_unique<durability_gate::commit>(gate);
  gate.pass([] {});
  gate.made_durable(first);
  EXPECT_EQ(asked, 1) << "what is left waits for a commit that has not ended";
  under_way.reset();
  EXPECT_EQ(asked, 2);
  gate.made_durable(gate.sync_begins());
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(gate.durable(), 2U);
}

TEST(DurabilityGate, LetsOutFirstWhatRestsOnLess) {
  durability_gate gate(true);
  std::vector<int> left;
  auto under_way = std::make_unique<durability_gate::commit>(gate);
  const auto first = under_way->number();
  under_way.reset();
  under_way = std::make_unique<durability_gate::commit>(gate);
  gate.pass([&] { left.push_back(2); });
  gate.pass(first, [&] { left.push_back(1); });
  gate.made_durable(gate.sync_begins());
  gate.release();
  EXPECT_THAT(left, ElementsAre(1));
}

TEST(DurabilityGate, DestroysWhatWaitsWhenItIsClosed) {
  durability_gate gate(true);
  const durability_gate::commit under_way(gate);
  auto held = std::make_shared<int>(1);
  const std::weak_ptr<int> seen = held;
  bool left = false;
  gate.pass([&left, held = std::move(held)] { left = true; });
  EXPECT_FALSE(seen.expired());
  gate.close();
  EXPECT_TRUE(seen.expired());
  gate.pass([&] { left = true; });
  gate.made_durable(1);
  gate.release();
  EXPECT_FALSE(left);
}

} // namespace
