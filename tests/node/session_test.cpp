// The two ends of a connection: who is let in, who is still there, and what is owned for how long.

#include "explorer/random_definition.hpp"
#include "node/session.hpp"

#include <gmock/gmock.h>

#include <deque>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace node_tests {

using namespace ensemble;
using namespace std::chrono_literals;
using node::moment;
using node::session;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using state = session::state;

namespace {

node::session_settings settings(const std::string& name, std::uint64_t incarnation) {
  return {"orders", name, node::incarnation_id::of(incarnation, 1), {}, {}, 1s, 5s, 10s};
}

session::door open_door() {
  return [](const node::hello&) { return std::nullopt; };
}

template <class Frame>
const Frame* first(const session::step& of) {
  for (const auto& f : of.send)
    if (const auto* found = std::get_if<Frame>(&f)) return found;
  return nullptr;
}

/// A joining and an admitting side, and what is on its way between them.
struct connection {
  explicit connection(node::session_settings worker = settings("w1", 1),
                      node::session_settings keeper = settings("journal", 2),
                      session::door door = open_door())
      : joining(session::joining(std::move(worker), now)),
        admitting(session::admitting(std::move(keeper), std::move(door), now)) {
    to_admitting = joining.begin().send;
  }

  void deliver_all() {
    while (!to_admitting.empty() || !to_joining.empty()) {
      for (auto& f : std::exchange(to_admitting, {})) take(admitting.received(f, now), to_joining);
      for (auto& f : std::exchange(to_joining, {})) take(joining.received(f, now), to_admitting);
    }
  }
  void pass(duration time) {
    now += time;
    take(admitting.tick(now), to_joining);
    take(joining.tick(now), to_admitting);
  }
  static void take(session::step from, std::vector<node::frame>& to) {
    for (auto& f : from.send) to.push_back(std::move(f));
  }

  moment now{1h};
  session joining;
  session admitting;
  std::vector<node::frame> to_admitting{};
  std::vector<node::frame> to_joining{};
};

TEST(Session, BothSidesKnowEachOtherAndAreUp) {
  auto worker = settings("w1", 1);
  worker.services = {"payment", "shipping"};
  connection c(worker);
  EXPECT_EQ(c.joining.now(), state::greeting);
  c.deliver_all();
  EXPECT_EQ(c.joining.now(), state::up);
  EXPECT_EQ(c.admitting.now(), state::up);
  EXPECT_EQ(c.admitting.peer().node, "w1");
  EXPECT_EQ(c.admitting.peer().services, worker.services);
  EXPECT_EQ(c.joining.peer().node, "journal");
  EXPECT_EQ(c.joining.peer().incarnation, node::incarnation_id::of(2, 1));
  EXPECT_EQ(c.joining.lease_until(), c.now + 10s);
}

TEST(Session, WhoDoesNotFitIsTurnedAwayAndBothSidesKnowWhy) {
  const auto why = [](node::session_settings worker, session::door door = open_door()) {
    connection c(std::move(worker), settings("journal", 2), std::move(door));
    c.deliver_all();
    EXPECT_EQ(c.joining.now(), state::down);
    EXPECT_EQ(c.admitting.now(), state::down);
    EXPECT_THAT(c.joining.reason(), HasSubstr(c.admitting.reason()));
    return c.admitting.reason();
  };
  auto other = settings("w1", 1);
  other.application = "invoices";
  EXPECT_THAT(why(other), HasSubstr("'invoices'"));
  other = settings("w1", 1);
  other.services = {"payment", "../etc"};
  EXPECT_THAT(why(other), HasSubstr("services that cannot be"));
  EXPECT_THAT(why(settings("journal", 1)), HasSubstr("met itself"));
  EXPECT_THAT(why(settings("w1", 2)), HasSubstr("met itself")) << "two names, one incarnation";
  EXPECT_THAT(why(settings("w1", 1),
                  [](const node::hello& h) { return "'" + h.node + "' is there already"; }),
              HasSubstr("'w1' is there already"));
}

TEST(Session, AnotherVersionOfTheProtocolIsRefusedWhateverItsGreetingIs) {
  moment now{1h};
  auto admitting = session::admitting(settings("journal", 2), open_door(), now);
  const auto newer = node::decode(std::string("\0\2 and what that version says", 30), {});
  const auto step = admitting.received(newer, now);
  ASSERT_NE(first<node::turned_away>(step), nullptr);
  EXPECT_THAT(first<node::turned_away>(step)->reason, HasSubstr("version 2"));
  EXPECT_EQ(admitting.now(), state::down);
}

// Whatever they are called: the answer can be sent, and logged in a line.
TEST(Session, NamesOfStrangersAreNotRepeated) {
  const moment now{1h};
  const std::string long_name(node::most_frame_bytes - 100, 'x');
  for (const auto& name : {std::string(), std::string("W1"), std::string("w1\nfatal: all is lost"),
                           std::string("w_1"), std::string(64, 'w'), long_name}) {
    for (const auto& greeting :
         {node::hello{1, "orders", name, node::incarnation_id::of(1, 1), {}, {}},
          node::hello{1, name, "w1", node::incarnation_id::of(1, 1), {}, {}}}) {
      auto admitting = session::admitting(settings("journal", 2), open_door(), now);
      const auto step = admitting.received(greeting, now);
      ASSERT_EQ(step.send.size(), 1U);
      EXPECT_LT(node::encode(step.send[0]).size(), 200U);
      EXPECT_THAT(admitting.reason(), HasSubstr("lower case letters"));
    }
  }
  auto joining = session::joining(settings("w1", 1), now);
  (void)joining.received(node::turned_away{"no\n" + long_name}, now);
  EXPECT_LT(joining.reason().size(), 600U);
  EXPECT_EQ(joining.reason().find('\n'), std::string::npos);
  auto nobody = session::admitting(settings("journal", 2), open_door(), now);
  (void)nobody.received(node::hello{1, "orders", "w1", {}, {}, {}}, now);
  EXPECT_THAT(nobody.reason(), HasSubstr("has an id"));
}

TEST(Session, OutOfTurnIsTheEnd) {
  const moment now{1h};
  const auto ends = [&](session s, const node::frame& frame) {
    const auto step = s.received(frame, now);
    EXPECT_NE(first<node::turned_away>(step), nullptr);
    EXPECT_FALSE(step.deliver);
    EXPECT_EQ(s.now(), state::down);
    return s.reason();
  };
  const auto admitting = session::admitting(settings("journal", 2), open_door(), now);
  const auto joining = session::joining(settings("w1", 1), now);
  for (const node::frame& f :
       std::vector<node::frame>{node::heartbeat{1}, node::command_asked{}, node::welcome{}})
    EXPECT_THAT(ends(admitting, f), HasSubstr("no greeting"));
  for (const node::frame& f :
       std::vector<node::frame>{node::heartbeat{1}, node::append_told{}, node::hello{}})
    EXPECT_THAT(ends(joining, f), HasSubstr("no greeting"));
  connection c;
  c.deliver_all();
  EXPECT_THAT(ends(c.admitting, node::hello{}), HasSubstr("second time"));
  EXPECT_THAT(ends(c.joining, node::welcome{}), HasSubstr("second time"));
  EXPECT_THAT(ends(c.joining, node::heartbeat_heard{99}), HasSubstr("never sent"));
}

TEST(Session, DeliversWhatIsForTheNodeWhileItIsUpAndNothingBehindItsEnd) {
  connection c;
  c.deliver_all();
  node::attempt_failed_told note{instance_id::of(1, 2), command_id::of(3, 4), "busy"};
  const auto step = c.joining.received(note, c.now);
  ASSERT_TRUE(step.deliver);
  EXPECT_EQ(std::get<node::attempt_failed_told>(*step.deliver), note);
  c.joining.end("the connection was cut");
  c.joining.end("and once more");
  EXPECT_EQ(c.joining.reason(), "the connection was cut");
  const auto late = c.joining.received(note, c.now);
  EXPECT_FALSE(late.deliver);
  EXPECT_THAT(late.send, IsEmpty());
  EXPECT_THAT(c.joining.tick(c.now + 1h).send, IsEmpty());
}

TEST(Session, ASilentPeerIsDown) {
  connection c;
  c.deliver_all();
  for (int n = 0; n < 20; ++n) {
    c.pass(500ms);
    c.deliver_all();
  }
  EXPECT_EQ(c.joining.now(), state::up) << "they have nothing to say but that they are there";
  EXPECT_EQ(c.admitting.now(), state::up);
  const auto heard = c.now;
  while (c.admitting.now() == state::up) {
    c.pass(500ms);
    c.to_admitting.clear(); // lost
    c.to_joining.clear();
  }
  EXPECT_GT(c.now - heard, 5s);
  EXPECT_LE(c.now - heard, 5s + 500ms);
  EXPECT_THAT(c.admitting.reason(), HasSubstr("5000 ms"));
  EXPECT_EQ(c.joining.now(), state::down) << "both sides notice";
}

TEST(Session, NobodyWaitsForAGreetingForEver) {
  connection c;
  c.to_admitting.clear();
  c.pass(5s);
  EXPECT_EQ(c.joining.now(), state::greeting);
  c.pass(1ms);
  EXPECT_EQ(c.joining.now(), state::down);
  EXPECT_EQ(c.admitting.now(), state::down);
}

TEST(Session, TheLeaseRunsFromWhenTheHeartbeatWasSent) {
  connection c;
  c.deliver_all();
  c.pass(1s);
  const auto sent = c.now;
  const auto under_way = std::exchange(c.to_admitting, {});
  c.now += 3s;
  for (const auto& f : under_way) c.take(c.admitting.received(f, c.now), c.to_joining);
  c.now += 1s;
  for (const auto& f : std::exchange(c.to_joining, {})) (void)c.joining.received(f, c.now);
  EXPECT_EQ(c.joining.lease_until(), sent + 10s);
  EXPECT_EQ(c.admitting.heard(), sent + 3s);
}

// Frames take any time, in order; either side may pause, or hear nothing for a while.
TEST(Session, WhatOneSideOwnsIsNeverGivenAwayBeforeItKnows) {
  std::uint64_t ended = 0;
  std::uint64_t kept = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    explorer::dice dice(seed);
    connection c;
    std::deque<std::pair<moment, node::frame>> up;
    std::deque<std::pair<moment, node::frame>> down;
    moment joining_sleeps{};
    moment admitting_sleeps{};
    const auto travels = [&](std::vector<node::frame>& from, auto& way) {
      for (auto& f : std::exchange(from, {})) {
        auto at = c.now + std::chrono::milliseconds(dice.below(400));
        if (dice.chance(0.02)) at += std::chrono::seconds(dice.below(9));
        if (!way.empty()) at = std::max(at, way.back().first);
        way.emplace_back(at, std::move(f));
      }
    };
    const auto arrives = [&](auto& way, session& at, moment sleeps, auto& answers) {
      for (; !way.empty() && way.front().first <= c.now && sleeps <= c.now; way.pop_front())
        c.take(at.received(way.front().second, c.now), answers);
    };
    for (int n = 0; n < 400; ++n) {
      c.now += 100ms;
      if (dice.chance(0.002)) joining_sleeps = c.now + std::chrono::seconds(dice.below(20));
      if (dice.chance(0.002)) admitting_sleeps = c.now + std::chrono::seconds(dice.below(20));
      travels(c.to_admitting, up);
      travels(c.to_joining, down);
      arrives(up, c.admitting, admitting_sleeps, c.to_joining);
      arrives(down, c.joining, joining_sleeps, c.to_admitting);
      if (joining_sleeps <= c.now) c.take(c.joining.tick(c.now), c.to_admitting);
      if (admitting_sleeps <= c.now) c.take(c.admitting.tick(c.now), c.to_joining);
      // The other side gives it to somebody else at that time, and not before.
      ASSERT_LE(c.joining.lease_until(), c.admitting.heard() + 10s) << "seed " << seed;
    }
    const bool both = c.joining.now() == state::up && c.admitting.now() == state::up;
    (both ? kept : ended) += 1;
  }
  EXPECT_GT(kept, 20U);
  EXPECT_GT(ended, 20U);
}

TEST(Session, SettingsThatCannotWorkAreRefused) {
  const auto refused = [](const std::function<void(node::session_settings&)>& change) {
    auto changed = settings("w1", 1);
    change(changed);
    try {
      (void)session::joining(changed, {});
    } catch (const error& e) {
      return e.code() == errc::bad_argument;
    }
    return false;
  };
  EXPECT_FALSE(refused([](auto&) {}));
  EXPECT_TRUE(refused([](auto& s) { s.heartbeat = 0s; }));
  EXPECT_TRUE(refused([](auto& s) { s.heartbeat = duration::max(); }));
  EXPECT_TRUE(refused([](auto& s) { s.silence = 1s; }));
  EXPECT_TRUE(refused([](auto& s) { s.lease = 1s; }));
  EXPECT_TRUE(refused([](auto& s) { s.lease = duration::max(); }));
  EXPECT_TRUE(refused([](auto& s) { s.node = "W1"; }));
  EXPECT_TRUE(refused([](auto& s) { s.application.clear(); }));
  EXPECT_TRUE(refused([](auto& s) { s.incarnation = {}; }));
}

TEST(Session, AWelcomeOfNonsenseDoesNoHarm) {
  const moment now{1h};
  const auto welcomed = [&](duration heartbeat, duration lease) {
    auto joining = session::joining(settings("w1", 1), now);
    (void)joining.received(
        node::welcome{"journal", node::incarnation_id::of(2, 1), heartbeat, lease}, now);
    EXPECT_EQ(joining.now(), state::up);
    (void)joining.received(node::heartbeat_heard{1}, now);
    return joining;
  };
  auto hasty = welcomed(duration::min(), duration::min());
  EXPECT_THAT(hasty.tick(now).send, IsEmpty());
  EXPECT_THAT(hasty.tick(now + 1ms).send, SizeIs(1)) << "it beats as often as it can";
  EXPECT_LE(hasty.lease_until(), now) << "and owns nothing";
  const auto slow = welcomed(duration::max(), duration::max());
  EXPECT_EQ(slow.beats_every(), 2500ms) << "it would be taken for silent";
  EXPECT_EQ(slow.lease_until(), now + 1h);
}

} // namespace

} // namespace node_tests
