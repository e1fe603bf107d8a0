#include "runtime/bookshop.hpp"
#include "runtime/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

// What the public face of the runtime promises beyond the happy path.

namespace {

using namespace bookshop;
using namespace std::chrono_literals;
using ensemble::errc;
using ensemble::outcome_kind;

template <class F>
errc code_of(F f) {
  try {
    f();
  } catch (const ensemble::error& e) {
    return e.code();
  }
  ADD_FAILURE() << "no error";
  return errc::bad_argument;
}

TEST(Start, RefusesAProcessWhoseServiceIsNotHosted) {
  ensemble::runtime r;
  r.host(shop()).host(packing_table()).orchestrate(selling());
  EXPECT_EQ(code_of([&] { r.start(); }), errc::unknown_service);
}

TEST(Start, RefusesACommandThatTheServiceDoesNotTake) {
  ensemble::runtime r;
  r.host(shop()).host(till()).host(ensemble::service<>("table")).orchestrate(selling());
  EXPECT_EQ(code_of([&] { r.start(); }), errc::unknown_service);
}

TEST(Start, RefusesToWaitForAnEventThatIsNeverDecided) {
  ensemble::runtime r;
  r.host(shop()).host(till()).host(packing_table());
  r.orchestrate(ensemble::process<sale>("selling", "shop")
                    .deadline(1h)
                    .starts_on<bought>([](sale& s, const bought& e) { s.id = e.id; })
                    .step("pay")
                    .asks("till",
                          [](const sale& s) {
                            return charge{s.id, s.price};
                          })
                    .succeeds_on<packed>()
                    .pivot());
  EXPECT_EQ(code_of([&] { r.start(); }), errc::bad_definition);
}

TEST(Start, RefusesAProcessThatLeavesAStepDoneAndShowsHow) {
  ensemble::runtime r;
  auto process = selling();
  process.steps[0].undo = {};
  r.host(shop()).host(till()).host(packing_table()).orchestrate(std::move(process));
  try {
    r.start();
    ADD_FAILURE() << "it started";
  } catch (const ensemble::error& e) {
    EXPECT_EQ(e.code(), errc::bad_definition);
    const std::string text = e.what();
    EXPECT_NE(text.find("step 'pay' stays done when the process fails"), std::string::npos) << text;
    EXPECT_NE(text.find("2. 'pay' is answered with charged"), std::string::npos) << text;
  }
}

TEST(Start, RefusesAJournalWithAMessageThatNobodyDeclares) {
  const temporary_folder folder;
  auto options = in_memory();
  options.journal = folder.file("j.db");
  {
    ensemble::runtime r(options);
    set_up(r);
    r.start();
    (void)r.send("shop", buy{"b1", 20}).get();
  }
  ensemble::runtime r(options);
  r.host(till());
  EXPECT_EQ(code_of([&] { r.start(); }), errc::unknown_message);
}

TEST(Start, RefusesAJournalThatAnotherRuntimeOwns) {
  const temporary_folder folder;
  auto options = in_memory();
  options.journal = folder.file("j.db");
  ensemble::runtime first(options);
  set_up(first);
  first.start();
  ensemble::runtime second(options);
  set_up(second);
  EXPECT_EQ(code_of([&] { second.start(); }), errc::journal_locked);
}

TEST(Host, RefusesANameThatIsTaken) {
  ensemble::runtime r;
  r.host(shop());
  EXPECT_EQ(code_of([&] { r.host(shop()); }), errc::bad_definition);
}

TEST(RuntimeState, EveryCallOutOfTurnIsRefused) {
  ensemble::runtime r(in_memory());
  EXPECT_EQ(code_of([&] { (void)r.send("shop", buy{"b1", 20}); }), errc::wrong_state);
  set_up(r);
  r.start();
  EXPECT_EQ(code_of([&] { r.start(); }), errc::wrong_state);
  EXPECT_EQ(code_of([&] { r.host(packing_table()); }), errc::wrong_state);
  r.stop();
  EXPECT_EQ(code_of([&] { (void)r.send("shop", buy{"b1", 20}); }), errc::wrong_state);
  r.stop(); // twice is fine
}

TEST(Send, RefusesWhatCannotBeDone) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  EXPECT_EQ(code_of([&] { (void)r.send("nobody", buy{"b1", 20}); }), errc::unknown_service);
  EXPECT_EQ(code_of([&] { (void)r.send("till", buy{"b1", 20}); }), errc::unknown_service);
  EXPECT_EQ(code_of([&] { (void)r.send("shop", buy{"", 20}); }), errc::bad_message);
  EXPECT_EQ(code_of([&] { (void)r.send("shop", buy{"a\nb", 20}); }), errc::bad_message);
  EXPECT_EQ(code_of([&] { (void)r.send("shop", buy{"\xff", 20}); }), errc::bad_message);
  EXPECT_EQ(r.stats().commands_accepted, 0U);
}

TEST(Admission, RefusesBeyondItsCreditsAndTakesAgainWhenWorkEnds) {
  auto options = in_memory();
  options.credits = 3;
  till_switches jammed;
  jammed.throws = 1'000'000;
  ensemble::runtime r(options);
  set_up(r, &jammed, {.attempts = 1'000'000, .first_delay = 1ms, .max_delay = 1ms});
  r.start();
  std::vector<ensemble::receipt> accepted;
  for (int n = 0; n < 3; ++n)
    accepted.push_back(r.send("shop", buy{"b" + std::to_string(n), 20}).get());
  while (r.stats().instances_open < 3) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(code_of([&] {
              (void)r.send("shop", buy{"b9", 20}, {.when_busy = ensemble::when_busy::refuse});
            }),
            errc::overloaded);
  auto turned_away = errc::bad_argument;
  r.send("shop", buy{"b9", 20}, {.when_busy = ensemble::when_busy::refuse},
         [&](const ensemble::receipt*, const ensemble::error* why) { turned_away = why->code(); });
  EXPECT_EQ(turned_away, errc::overloaded) << "told before send() returns";
  EXPECT_EQ(r.stats().commands_refused, 2U);
  auto waiting = std::async(std::launch::async, [&] {
    return r.send("shop", buy{"b8", 20}).get();
  });
  EXPECT_EQ(waiting.wait_for(50ms), std::future_status::timeout);
  jammed.throws = 0; // the accepted ones end, so there is room
  EXPECT_FALSE(waiting.get().refused());
  for (const auto& receipt : accepted)
    EXPECT_EQ(r.await(receipt, 10s).kind, outcome_kind::completed);
}

TEST(Admission, AStuckInstanceHoldsNoCredit) {
  auto options = in_memory();
  options.credits = 1;
  ensemble::runtime r(options);
  set_up(r);
  r.start();
  const auto stuck = r.send("shop", buy{"unconfirmable-1", 20}).get();
  EXPECT_EQ(r.await(stuck, 10s).kind, outcome_kind::stuck);
  EXPECT_EQ(r.await(r.send("shop", buy{"b1", 20}).get(), 10s).kind, outcome_kind::completed);
}

TEST(Handlers, MayNotBlockTheRuntime) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  std::promise<errc> awaited;
  r.send("shop", buy{"b1", 20}, {}, [&](const ensemble::receipt* got, const ensemble::error*) {
    awaited.set_value(code_of([&] { (void)r.await(*got, 1s); }));
  });
  EXPECT_EQ(awaited.get_future().get(), errc::would_block);
}

TEST(Observe, TellsEveryEventOnceInJournalOrderFromAnyPosition) {
  ensemble::runtime r(in_memory());
  set_up(r);
  r.start();
  for (int n = 0; n < 50; ++n)
    (void)r.await(r.send("shop", buy{"early-" + std::to_string(n), 20}).get(), 10s);
  std::mutex mutex;
  std::vector<std::uint64_t> all;
  std::vector<std::uint64_t> late;
  r.observe({0}, [&](const ensemble::recorded_event& e) {
    const std::lock_guard lock(mutex);
    all.push_back(e.position.value);
  });
  r.observe({101}, [&](const ensemble::recorded_event& e) {
    const std::lock_guard lock(mutex);
    late.push_back(e.position.value);
  });
  for (int n = 0; n < 50; ++n)
    (void)r.await(r.send("shop", buy{"late-" + std::to_string(n), 20}).get(), 10s);
  const auto total = r.stats().events_appended;
  for (int n = 0; n < 2'000; ++n) {
    const std::lock_guard lock(mutex);
    if (all.size() >= total && late.size() >= total - 100) break;
    std::this_thread::sleep_for(1ms);
  }
  const std::lock_guard lock(mutex);
  ASSERT_EQ(all.size(), total);
  ASSERT_EQ(late.size(), total - 100);
  for (std::size_t n = 0; n < all.size(); ++n) ASSERT_EQ(all[n], n + 1);
  for (std::size_t n = 0; n < late.size(); ++n) ASSERT_EQ(late[n], n + 101);
}

TEST(Observe, AnExceptionFailsTheRuntimeLoudly) {
  ensemble::runtime r(in_memory());
  set_up(r);
  std::promise<std::string> told;
  r.on_failure([&](const ensemble::error& e) { told.set_value(e.what()); });
  r.start();
  r.observe({1}, [](const ensemble::recorded_event&) { throw std::runtime_error("no room"); });
  r.send("shop", buy{"b1", 20}).wait(); // its receipt may be lost in the failure
  EXPECT_NE(told.get_future().get().find("no room"), std::string::npos);
}

TEST(OnFailure, MayThrowAndTheRuntimeStillStops) {
  ensemble::runtime r(in_memory());
  set_up(r);
  std::promise<void> told;
  r.on_failure([&](const ensemble::error&) {
    told.set_value();
    r.stop(); // not from here: it throws
  });
  r.start();
  r.observe({1}, [](const ensemble::recorded_event&) { throw std::runtime_error("no room"); });
  r.send("shop", buy{"b1", 20}).wait(); // its receipt may be lost in the failure
  told.get_future().get();
  r.stop();
}

TEST(Query, SeesWhatTheReceiptPromised) {
  const temporary_folder folder;
  auto options = in_memory();
  options.journal = folder.file("j.db");
  options.cached_entities = 1; // most states are folded again
  ensemble::runtime r(options);
  set_up(r);
  r.start();
  for (int n = 0; n < 30; ++n) {
    const auto id = "b" + std::to_string(n);
    const auto receipt = r.send("shop", buy{id, n + 1}).get();
    const auto state = r.query<purchase>("shop", id, receipt).get();
    EXPECT_TRUE(state.exists);
    EXPECT_EQ(state.price, n + 1);
  }
  EXPECT_FALSE(r.query<purchase>("shop", "never").get().exists);
  EXPECT_EQ(code_of([&] { (void)r.query<sale>("shop", "b1").get(); }), errc::bad_argument);
}

TEST(Query, OfEntitiesThatAreOnlyQueriedIsAnsweredThoughNoneIsKept) {
  const temporary_folder folder;
  auto options = in_memory();
  options.journal = folder.file("j.db");
  options.cached_entities = 0;
  ensemble::runtime r(options);
  set_up(r);
  r.start();
  (void)r.send("shop", buy{"b7", 5}).get();
  std::vector<std::future<purchase>> all;
  for (int n = 0; n < 200; ++n) // four wait for each at once
    all.push_back(r.query<purchase>("shop", "b" + std::to_string(n % 50)));
  for (int n = 0; n < 200; ++n)
    EXPECT_EQ(all[static_cast<std::size_t>(n)].get().exists, n % 50 == 7);
}

TEST(Stop, AnswersWhatWasAcceptedAndKeepsTheRest) {
  const temporary_folder folder;
  auto options = in_memory();
  options.journal = folder.file("j.db");
  std::vector<std::future<ensemble::receipt>> sent;
  {
    ensemble::runtime r(options);
    set_up(r);
    r.start();
    for (int n = 0; n < 200; ++n) sent.push_back(r.send("shop", buy{"b" + std::to_string(n), 20}));
    r.stop();
  }
  for (auto& one : sent) EXPECT_FALSE(one.get().refused());
}

TEST(Runtime, SeveralLiveInOneProgram) {
  ensemble::runtime a(in_memory());
  ensemble::runtime b(in_memory());
  set_up(a);
  set_up(b);
  a.start();
  b.start();
  EXPECT_FALSE(a.send("shop", buy{"b1", 20}).get().refused());
  EXPECT_FALSE(b.send("shop", buy{"b1", 20}).get().refused()) << "another journal, another shop";
}

} // namespace
