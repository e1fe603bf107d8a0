// Links between nodes, in one thread and in virtual time: who is let in, what breaks, what follows.

#include "node/link.hpp"
#include "node/nodes.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

namespace node_tests {

using namespace ensemble;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

namespace {

/// What an owner of links was told, in order.
struct told {
  std::vector<std::string> what{};
  caf::actor link{}; ///< the newest that was up
};

class owner_actor final : public internal::base_actor {
public:
  owner_actor(caf::actor_config& config, internal::environment_ptr env, std::shared_ptr<told> to,
              bool ends)
      : base_actor(config, std::move(env), "owner"), to_(std::move(to)), ends_(ends) {}

protected:
  caf::behavior make_behavior() override {
    return {
        [this](const node::link_up& m) {
          to_->what.push_back("up " + m.peer->node);
          to_->link = m.link;
        },
        [this](const node::link_received& m) {
          const auto* note = std::get_if<node::attempt_failed_told>(&*m.what);
          to_->what.push_back(note ? note->reason : "frame " + std::to_string(m.what->index()));
        },
        [this](const node::link_down& m) {
          to_->what.push_back("down: " + m.reason);
          if (ends_) quit();
        },
    };
  }

private:
  std::shared_ptr<told> to_;
  bool ends_; ///< with its link
};

node::link_say note(const std::string& text) {
  return node::to_say(node::attempt_failed_told{{}, {}, text});
}

class Link : public testing::Test {
protected:
  struct deterministic : caf::actor_system_config {
    deterministic() { set("scheduler.policy", caf::atom("testing")); }
  };

  Link() {
    env_->since_boot = [this] { return now_; };
    gate_ = open_gate(named("journal", 1));
  }
  ~Link() override {
    keeper_->link = worker_->link = nullptr;
    for (const auto& one : actors_) caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
    actors_.clear();
    gate_ = nullptr;
    settle();
    pass(10s); // what was sent to be later lets go of who it was for
    EXPECT_TRUE(env_->actors->wait_for_none(0s));
  }

  caf::actor open_gate(node::session_settings own) {
    const auto owners = [this] { return system_.spawn<owner_actor>(env_, keeper_, true); };
    return add(system_.spawn<node::gate>(env_, std::move(own), owners));
  }
  caf::actor join(node::session_settings own, node::gate_finder find) {
    const auto owner = add(system_.spawn<owner_actor>(env_, worker_, false));
    return add(system_.spawn<node::joiner>(env_, std::move(own), std::move(find), owner));
  }
  caf::actor join(node::session_settings own) { return join(std::move(own), find_here(gate_)); }

  void settle() {
    while (!scheduler_.jobs.empty()) scheduler_.run_once();
  }
  void pass(duration time) {
    for (; time > 0s; time -= 100ms) {
      now_ += 100ms;
      scheduler_.advance_time(std::chrono::duration_cast<caf::timespan>(duration(100ms)));
      settle();
    }
  }
  /// A node w1 that does no more than that.
  void greet(caf::scoped_actor& as, std::uint64_t incarnation) {
    const auto own = named("w1", incarnation);
    as->send(gate_, node::frame_atom,
             node::encode(node::hello{
                 node::protocol_version, own.application, own.node, own.incarnation, {}, {}}));
    settle();
  }
  /// As if the connection broke: what is sent to it reaches nobody.
  void cut(const caf::actor& link) {
    caf::anon_send_exit(link, caf::exit_reason::kill);
    settle();
  }

  duration now_ = 1h;
  std::shared_ptr<internal::environment> env_ =
      std::make_shared<internal::environment>(runtime_options{});
  deterministic config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator& scheduler_ =
      dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  caf::actor gate_{};
  const std::shared_ptr<told> keeper_ = std::make_shared<told>();
  const std::shared_ptr<told> worker_ = std::make_shared<told>();

private:
  caf::actor add(caf::actor one) { return actors_.emplace_back(std::move(one)); }

  std::vector<caf::actor> actors_{};
};

TEST_F(Link, CarriesFramesBothWaysInTheirOrder) {
  join(named("w1", 2));
  settle();
  ASSERT_THAT(keeper_->what, ElementsAre("up w1"));
  ASSERT_THAT(worker_->what, ElementsAre("up journal"));
  for (const auto* text : {"a", "b", "c"}) caf::anon_send(worker_->link, note(text));
  caf::anon_send(keeper_->link, note("d"));
  settle();
  EXPECT_THAT(keeper_->what, ElementsAre("up w1", "a", "b", "c"));
  EXPECT_THAT(worker_->what, ElementsAre("up journal", "d"));
  pass(1min);
  EXPECT_THAT(keeper_->what, SizeIs(4)) << "it stays up";
}

TEST_F(Link, ANodeThatStopsIsDownAtOnce) {
  const auto joiner = join(named("w1", 2));
  settle();
  caf::anon_send_exit(joiner, caf::exit_reason::user_shutdown);
  settle();
  EXPECT_THAT(keeper_->what, ElementsAre("up w1", HasSubstr("the node stops")));
  EXPECT_THAT(worker_->what, ElementsAre("up journal", HasSubstr("the node stops")));
}

TEST_F(Link, ABrokenConnectionIsMadeAnewAndNothingOfTheOldOneArrives) {
  join(named("w1", 2));
  settle();
  const auto old = worker_->link;
  cut(keeper_->link);
  EXPECT_THAT(worker_->what, ElementsAre("up journal", HasSubstr("connection is lost")));
  pass(1s);
  EXPECT_THAT(worker_->what, SizeIs(3));
  EXPECT_THAT(keeper_->what, ElementsAre("up w1", HasSubstr("broke"), "up w1"));
  EXPECT_NE(worker_->link, old);
  caf::anon_send(old, note("stale"));
  caf::anon_send(worker_->link, note("fresh"));
  settle();
  EXPECT_EQ(keeper_->what.back(), "fresh");
  EXPECT_THAT(keeper_->what, SizeIs(4));
}

TEST_F(Link, TheNameOfANodeIsItsOwnWhileItIsConnected) {
  join(named("w1", 2));
  settle();
  worker_->what.clear();
  join(named("w1", 3));
  pass(3s);
  EXPECT_THAT(keeper_->what, ElementsAre("up w1")) << "another start of it waits";
  EXPECT_THAT(worker_->what, IsEmpty());
  cut(keeper_->link); // both try; the one that is there first is let in
  pass(10s);
  EXPECT_EQ(std::ranges::count(keeper_->what, "up w1"), 2);
}

TEST_F(Link, TheSameStartIsLetInOnceItsLastConnectionHasEnded) {
  caf::scoped_actor first(system_, true);
  caf::scoped_actor second(system_, true); // it knows before the gate that its connection broke
  greet(first, 2);
  greet(second, 2);
  EXPECT_THAT(keeper_->what, ElementsAre("up w1", HasSubstr("connected again")));
  greet(second, 2);
  EXPECT_THAT(keeper_->what, ElementsAre("up w1", HasSubstr("connected again"), "up w1"));
  caf::scoped_actor other_start(system_, true);
  greet(other_start, 3);
  EXPECT_THAT(keeper_->what, SizeIs(3));
}

TEST_F(Link, WhoDoesNotFitIsToldWhyAndTriesAgainSlowly) {
  auto stranger = named("w1", 2);
  stranger.application = "billing";
  std::size_t tries = 0;
  join(stranger, [&](caf::event_based_actor& by, const auto& tell) {
    ++tries;
    find_here(gate_)(by, tell);
  });
  pass(1min);
  EXPECT_THAT(worker_->what, IsEmpty());
  EXPECT_THAT(keeper_->what, IsEmpty());
  EXPECT_GT(tries, 12U);
  EXPECT_LT(tries, 30U) << "a pause of three to five seconds in the end";
}

TEST_F(Link, PausesGrowAndDifferFromNodeToNode) {
  std::vector<duration> one;
  std::vector<duration> other;
  for (std::uint64_t n = 0; n < 20; ++n) {
    one.push_back(node::pause_after(n, node::incarnation_id::of(0x0123456789abcdef, 1)));
    other.push_back(node::pause_after(n, node::incarnation_id::of(0xfedcba9876543210, 2)));
  }
  EXPECT_NE(one, other);
  for (const auto& all : {one, other}) {
    EXPECT_GE(all.front(), 100ms);
    EXPECT_LT(all.front(), 150ms);
    EXPECT_GE(*std::ranges::max_element(all), 3200ms);
    EXPECT_LE(*std::ranges::max_element(all), 4800ms);
  }
}

TEST_F(Link, LooksUpUntilTheOtherNodeIsThere) {
  bool there = false;
  join(named("w1", 2), [&](caf::event_based_actor& by, const auto& tell) {
    if (there)
      find_here(gate_)(by, tell);
    else
      tell(caf::make_error(caf::sec::cannot_connect_to_node));
  });
  pass(20s);
  EXPECT_THAT(worker_->what, IsEmpty());
  there = true;
  pass(5s);
  EXPECT_THAT(worker_->what, ElementsAre("up journal"));
}

TEST_F(Link, APeerThatTakesNothingIsNotFedForEver) {
  caf::scoped_actor mute(system_, true); // it greets, and then only listens
  greet(mute, 2);
  ASSERT_THAT(keeper_->what, ElementsAre("up w1"));
  const auto much = note(std::string(std::size_t{1} << 20, 'x'));
  int sent = 0;
  for (; sent < 200 && keeper_->what.size() == 1; ++sent) {
    caf::anon_send(keeper_->link, much);
    settle();
  }
  EXPECT_EQ(sent, 64);
  EXPECT_THAT(keeper_->what, ElementsAre("up w1", HasSubstr("has not taken")));
}

TEST_F(Link, AsMuchAsOneLikesIsCarriedWhereItIsTaken) {
  join(named("w1", 2));
  settle();
  for (int n = 0; n < 200; ++n) {
    caf::anon_send(keeper_->link, note(std::string(std::size_t{1} << 20, 'x')));
    settle();
  }
  EXPECT_THAT(keeper_->what, ElementsAre("up w1"));
  EXPECT_THAT(worker_->what, SizeIs(201));
}

TEST_F(Link, GarbageEndsItWithAReasonForBoth) {
  join(named("w1", 2));
  settle();
  const auto nonsense = std::make_shared<const std::string>("\xff\xff nonsense");
  caf::anon_send(worker_->link, node::link_say{nonsense});
  settle();
  EXPECT_THAT(keeper_->what, testing::Contains(testing::StartsWith("down: ")));
  EXPECT_THAT(worker_->what, testing::Contains(HasSubstr("the peer ended it")));
}

TEST_F(Link, StrangersAtTheGateLeaveNothingBehind) {
  caf::scoped_actor stranger(system_, true);
  const auto actors = system_.registry().running();
  for (const auto& bytes :
       {std::string(), std::string("GET / HTTP/1.1"),
        std::string(node::most_greeting_bytes + 1, 'x'), node::encode(node::heartbeat{1}),
        node::encode(node::turned_away{"no"}),
        node::encode(node::welcome{"w1", node::incarnation_id::of(7, 7), 1s, 10s})}) {
    stranger->send(gate_, node::frame_atom, bytes);
    settle();
    EXPECT_EQ(system_.registry().running(), actors);
  }
  stranger->send(gate_, std::string("no frame"));
  stranger->send(gate_, node::frame_atom);
  settle();
  EXPECT_THAT(keeper_->what, IsEmpty());
  join(named("w1", 2));
  settle();
  EXPECT_THAT(keeper_->what, ElementsAre("up w1")) << "the gate goes on";
}

} // namespace

} // namespace node_tests
