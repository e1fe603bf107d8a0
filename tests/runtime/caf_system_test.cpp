#include "runtime/bookshop.hpp"
#include "runtime/runtime_access.hpp"
#include "runtime/temporary_folder.hpp"

#include <ensemble/caf.hpp>

#include <caf/all.hpp>
#include <gtest/gtest.h>

#include <set>

// A runtime in the host program's actor system, and commands from raw CAF actors.

namespace {

using namespace bookshop;
using namespace std::chrono_literals;
using ensemble::command_receipt;
using ensemble::errc;
using ensemble::outcome_kind;
using ensemble::process_outcome;
using ensemble::runtime;
using ensemble::runtime_access;
using ensemble::send_from;

struct config : caf::actor_system_config {
  config() {
    set("scheduler.policy", caf::atom("sharing"));
    set("scheduler.max-throughput", std::size_t{100});
    set("scheduler.max-threads", std::size_t{2});
  }
};

struct host_program {
  config settings{};
  caf::actor_system system{settings};
  const std::size_t actors_before = system.registry().running();

  /// How many actors there are beside those that were there from the start.
  [[nodiscard]] std::size_t actors() { return system.registry().running() - actors_before; }
  [[nodiscard]] bool goes_on() {
    caf::scoped_actor self(system);
    const auto echo = system.spawn(
        [](caf::event_based_actor*, int) -> caf::behavior { return {[](int n) { return n; }}; }, 0);
    bool answered = false;
    self->request(echo, 10s, 17).receive([&](int n) { answered = n == 17; }, [](caf::error&) {});
    return answered;
  }
};

outcome_kind sell(runtime& r, const std::string& id) {
  return r.await(r.send("shop", buy{id, 5}).get(), 20s).kind;
}

TEST(HostsActorSystem, RunsARuntimeAndGoesOnAfterIt) {
  host_program host;
  {
    runtime r(in_memory());
    use_actor_system(r, host.system);
    set_up(r);
    r.start();
    EXPECT_GT(host.actors(), 0U);
    EXPECT_EQ(sell(r, "a"), outcome_kind::completed);
    EXPECT_EQ(sell(r, "unpackable-b"), outcome_kind::compensated);
    r.stop();
  }
  EXPECT_EQ(host.actors(), 0U);
  EXPECT_TRUE(host.goes_on());
}

TEST(HostsActorSystem, IsSharedByRuntimesThatStopOneByOne) {
  host_program host;
  runtime stays(in_memory());
  use_actor_system(stays, host.system);
  set_up(stays);
  stays.start();
  const auto actors_of_one = host.actors();
  {
    runtime goes(in_memory());
    use_actor_system(goes, host.system);
    set_up(goes);
    goes.start();
    EXPECT_EQ(sell(goes, "a"), outcome_kind::completed);
    EXPECT_EQ(sell(stays, "a"), outcome_kind::completed) << "each has its own journal";
  }
  EXPECT_EQ(sell(stays, "b"), outcome_kind::completed);
  EXPECT_LE(host.actors(), actors_of_one + 1)
      << "its own, and a saga that is kept for another instance";
}

TEST(HostsActorSystem, LosesAllActorsOfARuntimeOnAFile) {
  const temporary_folder folder;
  host_program host;
  for (int run = 0; run < 2; ++run) {
    auto options = in_memory();
    options.journal = folder.file("shop.db");
    runtime r(options);
    use_actor_system(r, host.system);
    till_switches jammed;
    jammed.throws = 1'000'000;
    set_up(r, &jammed, {.attempts = 1'000'000});
    r.start();
    r.observe({1}, [](const ensemble::recorded_event&) {});
    for (int n = 0; n < 20; ++n) // these stay open
      (void)r.send("shop", buy{std::to_string(run) + "-" + std::to_string(n), 5}).get();
    for (const auto* role : {"saga", "shop", "process manager", "journal writer", "caller gateway"})
      runtime_access::kill(r, role);
    r.stop();
    EXPECT_EQ(host.actors(), 0U) << "sagas, observer and the killed ones, too";
  }
  EXPECT_EQ(host.actors(), 0U);
  EXPECT_TRUE(host.goes_on());
}

TEST(HostsActorSystem, LosesAllActorsOfARuntimeThatFailed) {
  host_program host;
  {
    auto options = in_memory();
    options.deaths_borne = 0;
    std::promise<void> failed;
    runtime r(options);
    use_actor_system(r, host.system);
    set_up(r);
    r.on_failure([&](const ensemble::error&) { failed.set_value(); });
    r.start();
    runtime_access::kill(r, "shop");
    failed.get_future().wait();
  }
  EXPECT_EQ(host.actors(), 0U);
}

TEST(HostsActorSystem, OutlivesNoActorThatIsAtWorkBeyondTheLimit) {
  host_program host;
  std::promise<void> began;
  std::promise<void> end;
  std::future<ensemble::receipt> lost;
  std::future<void> destroyed;
  {
    auto r = std::make_unique<runtime>(in_memory());
    use_actor_system(*r, host.system);
    r->host(ensemble::service<>("desk").on<buy>(
        &buy::id, [&, ends = end.get_future().share()](const buy& c) -> ensemble::decision<bought> {
          began.set_value();
          ends.wait();
          return bought{c.id, c.price};
        }));
    r->start();
    lost = r->send("desk", buy{"a", 5});
    began.get_future().wait();
    r->stop(1ms);
    destroyed = std::async(std::launch::async, [last = std::move(r)]() mutable { last.reset(); });
  }
  EXPECT_EQ(destroyed.wait_for(50ms), std::future_status::timeout) << "a decider is at work";
  end.set_value();
  destroyed.get();
  EXPECT_EQ(host.actors(), 0U);
  EXPECT_THROW((void)lost.get(), ensemble::error);
}

TEST(HostsActorSystem, ComesBeforeTheStart) {
  host_program host;
  runtime r(in_memory());
  r.start();
  try {
    use_actor_system(r, host.system);
    FAIL();
  } catch (const ensemble::error& e) {
    EXPECT_EQ(e.code(), errc::wrong_state);
  }
}

// --- send_from, await_from ---

/// What `self` is told next, which must come.
template <class Told>
Told next(caf::scoped_actor& self) {
  Told told{};
  self->receive([&](const Told& t) { told = t; },
                caf::after(20s) >> [] { ADD_FAILURE() << "was told nothing"; });
  return told;
}

bool told_more(caf::scoped_actor& self) {
  bool more = true;
  self->receive([](const command_receipt&) {}, [](const process_outcome&) {},
                caf::after(50ms) >> [&] { more = false; });
  return more;
}

TEST(SendFrom, AnActorGetsReceiptAndOutcomeAsMessages) {
  host_program host;
  runtime r(in_memory());
  use_actor_system(r, host.system);
  set_up(r);
  r.start();
  std::promise<outcome_kind> ended;
  host.system.spawn([&](caf::event_based_actor* self) -> caf::behavior {
    send_from(self, r, "shop", buy{"unpackable-a", 5}, {}, 7);
    return {
        [&r, self](const command_receipt& m) {
          EXPECT_EQ(m.tag, 7U);
          ASSERT_TRUE(m.result);
          EXPECT_TRUE(m.result->events.front().body.is<bought>());
          await_from(self, r, *m.result, 20s, 8);
        },
        [&ended, self](const process_outcome& m) {
          EXPECT_EQ(m.tag, 8U);
          ended.set_value(m.result.kind);
          self->quit();
        },
    };
  });
  EXPECT_EQ(ended.get_future().get(), outcome_kind::compensated);
}

TEST(SendFrom, TellsARefusalOfTheServiceAsAReceipt) {
  host_program host;
  caf::scoped_actor self(host.system);
  runtime r(in_memory());
  set_up(r);
  r.start();
  send_from(self, r, "shop", buy{"free", 0}, {.idempotency_key = "once"});
  const auto told = next<command_receipt>(self);
  ASSERT_TRUE(told.result);
  EXPECT_EQ(told.result->refusal, "nothing is free");
  EXPECT_FALSE(told.failure);
}

TEST(SendFrom, TellsWhatIsRefusedAtTheDoor) {
  host_program host;
  caf::scoped_actor self(host.system);
  runtime r(in_memory());
  set_up(r);
  const auto code = [&](const std::string& service, const buy& command) {
    send_from(self, r, service, command);
    const auto told = next<command_receipt>(self);
    EXPECT_FALSE(told.result);
    return told.failure ? std::optional(told.failure->code()) : std::nullopt;
  };
  EXPECT_EQ(code("shop", {"early", 5}), errc::wrong_state);
  r.start();
  EXPECT_EQ(code("nowhere", {"a", 5}), errc::unknown_service);
  EXPECT_EQ(code("shop", {"", 5}), errc::bad_message) << "no key for a stream";
  r.stop();
  EXPECT_EQ(code("shop", {"late", 5}), errc::wrong_state);
  await_from(self, r, {}, 20s, 3);
  const auto told = next<process_outcome>(self);
  EXPECT_EQ(told.tag, 3U);
  EXPECT_EQ(told.result.kind, outcome_kind::unknown);
}

/// A service whose actor keeps every command, and answers none.
ensemble::service_definition silent(caf::actor_system& system, ensemble::duration within) {
  using order = ensemble::actor_command<buy, bought>;
  const auto keep = [](caf::stateful_actor<std::vector<order>>* self) -> caf::behavior {
    return {[self](const order& m) { self->state.push_back(m); }};
  };
  return ensemble::actor_service(
             "silent", [&system, keep] { return system.spawn(keep); }, within)
      .takes<order>(&buy::id);
}

TEST(SendFrom, WithoutAFreeCreditIsOverloadedAtOnce) {
  host_program host;
  caf::scoped_actor self(host.system);
  auto options = in_memory();
  options.credits = 1;
  runtime r(options);
  r.host(silent(host.system, 300ms)).start();
  send_from(self, r, "silent", buy{"a", 5}, {}, 1);
  send_from(self, r, "silent", buy{"b", 5}, {}, 2); // when_busy::wait is its default elsewhere
  const auto told = next<command_receipt>(self);
  EXPECT_EQ(told.tag, 2U);
  ASSERT_TRUE(told.failure);
  EXPECT_EQ(told.failure->code(), errc::overloaded);
}

TEST(SendFrom, TellsOnceWhenTheRuntimeStops) {
  host_program host;
  caf::scoped_actor self(host.system);
  auto options = in_memory();
  options.effect_threads = 1; // the second command waits for it, and is never given
  runtime r(options);
  use_actor_system(r, host.system);
  r.host(silent(host.system, 100ms)).start();
  for (const std::uint64_t tag : {1U, 2U})
    send_from(self, r, "silent", buy{std::to_string(tag), 5}, {}, tag);
  r.stop(1ms);
  std::set<std::uint64_t> tags;
  for (int n = 0; n < 2; ++n) {
    const auto told = next<command_receipt>(self);
    EXPECT_TRUE(told.failure);
    tags.insert(told.tag);
  }
  EXPECT_EQ(tags, (std::set<std::uint64_t>{1, 2}));
  EXPECT_FALSE(told_more(self));
}

TEST(SendFrom, TellsOnceWhenTheRuntimeFails) {
  host_program host;
  caf::scoped_actor self(host.system);
  auto options = in_memory();
  options.deaths_borne = 0;
  runtime r(options);
  use_actor_system(r, host.system);
  till_switches jammed;
  jammed.throws = 1'000'000;
  r.host(silent(host.system, 100ms));
  set_up(r, &jammed, {.attempts = 1'000'000});
  r.start();
  send_from(self, r, "shop", buy{"open", 5}, {}, 1);
  const auto receipt = next<command_receipt>(self);
  ASSERT_TRUE(receipt.result);
  await_from(self, r, *receipt.result, 1h, 2);
  send_from(self, r, "silent", buy{"a", 5}, {}, 3);
  runtime_access::kill(r, "table");
  EXPECT_EQ(next<process_outcome>(self).result.kind, outcome_kind::unknown);
  const auto told = next<command_receipt>(self);
  EXPECT_EQ(told.tag, 3U);
  EXPECT_TRUE(told.failure);
  r.stop();
  EXPECT_FALSE(told_more(self));
}

} // namespace
