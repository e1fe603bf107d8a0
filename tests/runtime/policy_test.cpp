#include "runtime/deployment.hpp"
#include "runtime/runtime_access.hpp"
#include "runtime/temporary_folder.hpp"

#include <ensemble/ensemble.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <thread>

namespace {

using namespace ensemble;
using namespace std::chrono_literals;

struct order {
  std::string id{};
};
struct ordered {
  std::string id{};
};
struct thank {
  std::string id{};
};
struct thanked {
  std::string id{};
};
ENSEMBLE_MESSAGE(order, 1, id)
ENSEMBLE_MESSAGE(ordered, 1, id)
ENSEMBLE_MESSAGE(thank, 1, id)
ENSEMBLE_MESSAGE(thanked, 1, id)

service_definition shop() {
  return service<>("shop").on<order>(
      &order::id, [](const order& c) -> decision<ordered> { return ordered{c.id}; });
}

struct thanks {
  int count = 0;
  void apply(const thanked&) { ++count; }
};
/// Thanks for each order, once; what is ordered as "rude" is refused, as "free" not thanked for,
/// and "poison" throws until it is mended.
service_definition desk(std::atomic<bool>* mended = nullptr) {
  return service<thanks>("desk")
      .on<thank>(&thank::id,
                 [](const thanks& t, const thank& c) -> decision<thanked> {
                   if (c.id.starts_with("rude")) return reject("no thanks");
                   if (t.count > 0) return reject("thanked before");
                   return thanked{c.id};
                 })
      .reacts<ordered>([mended](const ordered& e) -> std::optional<thank> {
        if (e.id.starts_with("free")) return std::nullopt;
        if (e.id == "poison" && !(mended && *mended)) throw std::runtime_error("poison");
        return thank{e.id};
      });
}
constexpr auto policy = "desk:ordered";

bool quiet(runtime& r) {
  for (int n = 0; n < 20'000; ++n) {
    if (r.stats(policy).behind == 0) return true;
    std::this_thread::sleep_for(1ms);
  }
  return false;
}

receipt place(runtime& r, const std::string& id) { return r.send("shop", order{id}).get(); }

std::vector<recorded_event> events_of(runtime& r, const std::string& name) {
  auto all = std::make_shared<std::vector<recorded_event>>();
  auto told = std::make_shared<std::promise<void>>();
  auto done = told->get_future();
  const auto end = place(r, "free-last").events.front().position;
  r.observe({1}, [=](const recorded_event& e) {
    if (e.position <= end && e.body.name() == name) all->push_back(e);
    if (e.position == end) told->set_value();
  });
  done.get();
  return *all;
}

TEST(Policy, GivesItsCommandInTheEventsFlowAndOnceForEach) {
  runtime r;
  r.host(shop()).host(desk()).start();
  std::vector<receipt> placed;
  for (int n = 0; n < 100; ++n) placed.push_back(place(r, "o" + std::to_string(n)));
  (void)place(r, "rude-1");
  (void)place(r, "free-1");
  ASSERT_TRUE(quiet(r));
  EXPECT_EQ(r.stats(policy).handled, 102U) << "a refusal is an outcome, and nothing to do, too";
  EXPECT_TRUE(r.parked(policy).empty());
  const auto made = events_of(r, "thanked");
  ASSERT_EQ(made.size(), 100U);
  for (const auto& e : made) {
    const auto& cause = placed[std::stoul(e.body.as<thanked>().id.substr(1))].events.front();
    EXPECT_EQ(e.origin.correlation, cause.origin.correlation);
    EXPECT_EQ(e.origin.causation, cause.id);
    EXPECT_FALSE(e.origin.instance);
  }
  EXPECT_EQ(events_of(r, "ensemble.command_rejected").size(), 1U);
}

class PolicyKills : public testing::TestWithParam<const char*> {};

TEST_P(PolicyKills, EveryEventIsAnsweredOnceAlthoughKilled) {
  const temporary_folder folder;
  runtime_options options;
  options.journal = folder.file("j.db");
  options.durability = durability::relaxed;
  options.deaths_borne = 1'000;
  runtime r(options);
  r.host(shop()).host(desk()).start();
  std::vector<std::future<receipt>> sent;
  for (int n = 0; n < 200; ++n) {
    const auto id = (n % 10 == 3 ? "rude-" : "o") + std::to_string(n);
    sent.push_back(r.send("shop", order{id}, {.idempotency_key = id}));
    if (n % 20 == 10) runtime_access::kill(r, GetParam());
  }
  for (auto& s : sent) (void)s.get();
  ASSERT_TRUE(quiet(r));
  EXPECT_TRUE(r.parked(policy).empty());
  EXPECT_EQ(events_of(r, "thanked").size(), 180U);
  EXPECT_EQ(events_of(r, "ensemble.command_rejected").size(), 20U)
      << "a repeat has the outcome that it had";
}

INSTANTIATE_TEST_SUITE_P(Roles, PolicyKills,
                         testing::Values("subscriber desk:ordered", "desk", "journal writer",
                                         "journal reader"),
                         [](const auto& which) {
                           std::string name = which.param;
                           std::erase_if(name, [](char c) { return c == ' ' || c == ':'; });
                           return name;
                         });

TEST(Policy, GoesOnAfterARestartAndBeginsWithWhatHappensThen) {
  const temporary_folder folder;
  runtime_options options;
  options.journal = folder.file("j.db");
  options.durability = durability::relaxed;
  {
    runtime r(options);
    r.host(shop()).start();
    (void)place(r, "before");
  }
  for (int life = 0; life < 4; ++life) {
    runtime r(options);
    r.host(shop()).host(desk()).start();
    for (int n = 0; n < 30; ++n)
      (void)place(r, "o" + std::to_string(life) + "-" + std::to_string(n));
  }
  {
    runtime r(options); // without its policy: those are for the next start
    r.host(shop()).host(service<>("desk").folds<thanked>()).start();
    (void)place(r, "away");
  }
  runtime r(options);
  r.host(shop()).host(desk()).start();
  ASSERT_TRUE(quiet(r));
  std::set<std::string> ids;
  const auto made = events_of(r, "thanked");
  for (const auto& e : made) ids.insert(e.body.as<thanked>().id);
  EXPECT_EQ(made.size(), 121U);
  EXPECT_EQ(ids.size(), 121U);
  EXPECT_FALSE(ids.contains("before"));
  EXPECT_TRUE(ids.contains("away"));
}

TEST(Policy, WhatThrowsIsParkedAndRedrivenAfterTheFix) {
  std::atomic<bool> mended = false;
  runtime r;
  r.host(shop()).host(desk(&mended)).start();
  const auto poison = place(r, "poison");
  const auto behind = r.send("shop", order{"behind"}, {.correlation = poison.correlation}).get();
  (void)place(r, "other");
  ASSERT_TRUE(quiet(r));
  const auto parked = r.parked(policy);
  ASSERT_EQ(parked.size(), 2U);
  EXPECT_EQ(parked[0].cause, "poison");
  EXPECT_EQ(parked[0].position, poison.events.front().position);
  EXPECT_EQ(parked[0].order_key, to_string(poison.correlation));
  EXPECT_EQ(parked[1].position, behind.events.front().position);
  mended = true;
  EXPECT_EQ(r.redrive(policy).get().handled, 2U);
  EXPECT_TRUE(r.parked(policy).empty());
  EXPECT_EQ(events_of(r, "thanked").size(), 3U);
}

TEST(Policy, ThatLeadsToItsOwnEventIsNoticed) {
  internal::environment env(runtime_options{});
  internal::deploy(env, shop());
  internal::deploy(env, desk());
  EXPECT_TRUE(internal::policies_in_circles(env).empty());
  internal::deploy(
      env, service_definition(
               service<>("again")
                   .on<order>(&order::id,
                              [](const order& c) -> decision<ordered> { return ordered{c.id}; })
                   .reacts<thanked>([](const thanked& e) { return order{e.id}; })));
  EXPECT_EQ(internal::policies_in_circles(env),
            (std::vector<std::string>{"again:thanked", "desk:ordered"}));
}

} // namespace
