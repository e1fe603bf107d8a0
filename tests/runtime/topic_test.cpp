#include "runtime/runtime_access.hpp"
#include "runtime/temporary_folder.hpp"

#include <ensemble/caf.hpp>
#include <ensemble/ensemble.hpp>

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <thread>

namespace {

using namespace ensemble;
using namespace std::chrono_literals;

struct write_down {
  int n{};
};
struct written {
  int n{};
};
struct written_in_red {
  int n{};
};
struct thrown_away {
  int n{};
};
ENSEMBLE_MESSAGE(write_down, 1, n)
ENSEMBLE_MESSAGE(written, 1, n)
ENSEMBLE_MESSAGE(written_in_red, 1, n)
ENSEMBLE_MESSAGE(thrown_away, 1, n)

service_definition diary() {
  return service<>("diary").on<write_down>(
      [](const write_down& c) -> decision<written, written_in_red, thrown_away> {
        if (c.n % 5 == 1) return written_in_red{c.n};
        if (c.n % 5 == 3) return thrown_away{c.n};
        return written{c.n};
      });
}

/// What members saw: topic messages, and the events that a cursor made of them.
struct seen {
  std::mutex mutex{};
  std::vector<topic_events> messages{};
  std::vector<std::uint64_t> positions{};
  std::size_t published = 0; ///< messages from the group; keeping them would hold the topic up

  std::size_t count() {
    const std::lock_guard lock(mutex);
    return positions.size();
  }
};

/// A raw actor that only looks at what comes.
caf::behavior watcher(caf::event_based_actor* self, caf::group group, seen* all) {
  self->join(group);
  return {[=](const topic_events& m) {
            const std::lock_guard lock(all->mutex);
            all->messages.push_back(m);
            for (std::size_t n = 0; n < m.size(); ++n)
              all->positions.push_back(m[n].position.value);
          },
          [](caf::ok_atom) { return caf::ok_atom::value; }};
}

/// One that follows a topic from the first event on. It waits for the gate before its first
/// message.
caf::behavior follower(caf::event_based_actor* self, runtime* r, std::string topic, seen* all,
                       std::shared_future<void> gate) {
  self->join(topic_group(*r, topic));
  auto cursor = std::make_shared<topic_cursor>(*r, topic);
  cursor->start(self);
  return {[=](const topic_events& m) {
            if (gate.valid()) gate.wait();
            {
              const std::lock_guard lock(all->mutex);
              if (!m.place().was_read) ++all->published;
            }
            cursor->take(self, m, [&](const recorded_event& e) {
              const std::lock_guard lock(all->mutex);
              all->positions.push_back(e.position.value);
            });
          },
          [](caf::ok_atom) { return caf::ok_atom::value; }};
}

std::vector<std::uint64_t> write(runtime& r, int from, int to, const std::string& prefix) {
  std::vector<std::future<receipt>> sent;
  for (int n = from; n < to; ++n) sent.push_back(r.send("diary", write_down{n}));
  std::vector<std::uint64_t> matching;
  for (auto& s : sent) {
    const auto got = s.get();
    for (const auto& e : got.events)
      if (e.body.name().starts_with(prefix)) matching.push_back(e.position.value);
  }
  std::ranges::sort(matching);
  return matching;
}

class TopicTest : public testing::Test {
protected:
  void TearDown() override {
    for (const auto& actor : actors_) caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  }
  caf::actor keep(caf::actor actor) {
    caf::scoped_actor self(system_); // it has joined
    self->request(actor, caf::infinite, caf::ok_atom::value)
        .receive([](caf::ok_atom) {}, [](const caf::error&) { FAIL(); });
    actors_.push_back(actor);
    return actor;
  }
  static bool eventually(const std::function<bool()>& holds) {
    for (int n = 0; n < 20'000; ++n) {
      if (holds()) return true;
      std::this_thread::sleep_for(1ms);
    }
    return false;
  }

  caf::actor_system_config config_{};
  caf::actor_system system_{config_};
  std::vector<caf::actor> actors_{};
};

TEST_F(TopicTest, MembersGetTheEventsOfTheirTopicAndWhereTheyStand) {
  seen exact;
  seen prefix;
  runtime r;
  use_actor_system(r, system_);
  r.host(diary()).start();
  keep(system_.spawn(watcher, topic_group(r, "written_in_red"), &exact));
  keep(system_.spawn(watcher, topic_group(r, "writ*"), &prefix));
  std::vector<std::uint64_t> red;
  for (int n = 0; n < 20; ++n) { // each in a commit of its own
    for (const auto at : write(r, n, n + 1, "written_in_red")) red.push_back(at);
  }
  ASSERT_TRUE(eventually([&] { return exact.count() == 4 && prefix.count() == 16; }));
  EXPECT_EQ(exact.positions, red);
  ASSERT_EQ(exact.messages.size(), 4U);
  for (std::size_t n = 0; n < 4; ++n) {
    const auto& m = exact.messages[n];
    EXPECT_EQ(m.topic(), "written_in_red");
    EXPECT_EQ(m.place().previous.value, n == 0 ? 0 : red[n - 1]);
    EXPECT_EQ(m.place().from, m.place().to);
    EXPECT_EQ(m[0].position, m.place().from);
    EXPECT_TRUE(m[0].body.is<written_in_red>());
  }
}

TEST_F(TopicTest, AnActorThatJoinsLateReadsWhatItMissed) {
  const temporary_folder folder;
  for (const auto& journal : {std::string("memory:"), folder.file("j.db")}) {
    seen all;
    runtime_options options;
    options.journal = journal;
    options.durability = durability::relaxed;
    runtime r(options);
    use_actor_system(r, system_);
    r.host(diary()).start();
    auto expected = write(r, 0, 2'000, "writ"); // more than a page
    const auto actor = keep(system_.spawn(follower, &r, "writ*", &all, std::shared_future<void>()));
    std::ranges::copy(write(r, 2'000, 2'100, "writ"), std::back_inserter(expected));
    ASSERT_TRUE(eventually([&] { return all.count() >= expected.size(); })) << all.count();
    EXPECT_EQ(all.positions, expected);
    caf::scoped_actor self(system_);
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    self->wait_for(actor);
  }
}

TEST_F(TopicTest, AMemberThatDoesNotKeepUpGetsABoundedNumberOfMessagesAndMissesNothing) {
  seen all;
  std::promise<void> gate;
  runtime r;
  use_actor_system(r, system_);
  r.host(diary()).start();
  actors_.push_back(system_.spawn(follower, &r, "writ*", &all, gate.get_future().share()));
  std::vector<std::uint64_t> expected;
  for (int n = 0; n < 5'000; n += 2) // each in a commit of its own, more than may be under way
    for (const auto at : write(r, n, n + 1, "writ")) expected.push_back(at);
  gate.set_value();
  ASSERT_TRUE(eventually([&] { return all.count() >= expected.size(); })) << all.count();
  EXPECT_EQ(all.positions, expected);
  EXPECT_EQ(expected.size(), 2'000U);
  const std::lock_guard lock(all.mutex);
  // Some are published again while it takes what was under way.
  EXPECT_LT(all.published, 1'500U);
}

TEST_F(TopicTest, NothingIsMissedWhenThePublisherWriterOrReaderIsKilled) {
  for (const auto* role : {"topic publisher", "journal writer", "journal reader"}) {
    seen all;
    runtime_options options;
    options.deaths_borne = 1'000;
    runtime r(options);
    use_actor_system(r, system_);
    r.host(diary()).start();
    const auto actor = keep(system_.spawn(follower, &r, "*", &all, std::shared_future<void>()));
    std::vector<std::uint64_t> expected;
    for (int n = 0; n < 200; n += 10) {
      std::ranges::copy(write(r, n, n + 10, ""), std::back_inserter(expected));
      runtime_access::kill(r, role);
    }
    // What was published by nobody is noticed with the next event.
    for (int n = 200; n < 1'000 && all.count() < expected.size(); ++n) {
      std::ranges::copy(write(r, n, n + 1, ""), std::back_inserter(expected));
      (void)eventually(
          [&, tries = 0]() mutable { return all.count() >= expected.size() || ++tries > 100; });
    }
    EXPECT_EQ(all.positions, expected) << role;
    EXPECT_GE(r.stats().actors_respawned, 1U);
    caf::scoped_actor self(system_);
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
    self->wait_for(actor);
  }
}

TEST_F(TopicTest, MisuseIsAnErrorAndReadingFromWhatHasEndedIsAnswered) {
  runtime r;
  use_actor_system(r, system_);
  r.host(diary());
  EXPECT_THROW((void)topic_group(r, "written"), error);
  r.start();
  EXPECT_THROW((void)topic_group(r, "Written"), error);
  EXPECT_THROW((void)topic_group(r, "unknown"), error);
  EXPECT_THROW((void)topic_group(r, "unknown*"), error);
  runtime elsewhere;
  elsewhere.host(diary()).start();
  EXPECT_THROW((void)topic_group(elsewhere, "written"), error) << "in a system of its own";
  EXPECT_EQ(topic_group(r, "writ*"), topic_group(r, "writ*"));
  r.stop();
  EXPECT_THROW((void)topic_group(r, "written"), error);
  caf::scoped_actor self(system_);
  read_topic(caf::actor_cast<caf::actor>(self), r, "written", {7});
  self->receive([](const topic_events& m) {
    EXPECT_EQ(m.size(), 0U);
    EXPECT_TRUE(m.place().complete);
    EXPECT_EQ(m.place().to, position{7});
  });
}

} // namespace
