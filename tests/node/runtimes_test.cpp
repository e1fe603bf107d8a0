// Runtimes that are nodes: several in this process, which meet over TCP. (What the demo does on
// several nodes is tested with it, in tests/apps.)

#include "journal/support.hpp"
#include "runtime/bookshop.hpp"
#include "runtime/runtime_access.hpp"

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace node_tests {

using namespace ensemble;
using namespace std::chrono_literals;
using bookshop::buy;
using bookshop::till_switches;
using journal_tests::error_of;
using testing::HasSubstr;

namespace {

using service_names = std::vector<std::string>;

class Runtimes : public testing::TestWithParam<process_mode> {
protected:
  std::unique_ptr<runtime> node(runtime_options o, service_names services,
                                till_switches* switches = nullptr) {
    o.services = std::move(services);
    o.heartbeat = 50ms;
    o.silence = 500ms;
    auto made = std::make_unique<runtime>(std::move(o));
    made->host(bookshop::shop()).host(bookshop::till(switches)).host(bookshop::packing_table());
    auto selling = bookshop::selling({.attempts = 5, .first_delay = 1ms, .max_delay = 2ms});
    if (GetParam() == process_mode::orchestration)
      made->orchestrate(std::move(selling));
    else
      made->choreograph(std::move(selling));
    made->subscribe(subscription("mailer").on<bookshop::bought>([](const bookshop::bought&) {}));
    made->start();
    return made;
  }
  std::unique_ptr<runtime> keeper(service_names services, till_switches* switches = nullptr) {
    auto o = bookshop::in_memory();
    o.listen = "127.0.0.1:0";
    o.node_name = "journal";
    auto made = node(std::move(o), std::move(services), switches);
    address_ = made->address();
    return made;
  }
  std::unique_ptr<runtime> worker(const std::string& name, service_names services,
                                  till_switches* switches = nullptr) {
    auto o = bookshop::in_memory();
    o.join = address_;
    o.node_name = name;
    return node(std::move(o), std::move(services), switches);
  }
  static outcome buy_at(runtime& r, const std::string& id, duration limit = 20s) {
    return r.await(r.send("shop", buy{id, 5}).get(), limit);
  }

  std::string address_{};
};

INSTANTIATE_TEST_SUITE_P(Modes, Runtimes,
                         testing::Values(process_mode::orchestration, process_mode::choreography),
                         [](const auto& mode) {
                           return mode.param == process_mode::orchestration ? "Conducted"
                                                                            : "Danced";
                         });

// The till is on another node than the one that counts its attempts, conducted.
TEST_P(Runtimes, AFailedAttemptElsewhereIsTriedAgain) {
  till_switches switches;
  switches.throws = 2;
  const auto keeps = keeper({"shop", "table"});
  const auto works = worker("w1", {"till"}, &switches);
  EXPECT_EQ(buy_at(*keeps, "one").kind, outcome_kind::completed);
  EXPECT_EQ(switches.calls, 3);
  EXPECT_EQ(keeps->stats().attempts_failed + works->stats().attempts_failed, 2U);
}

TEST_P(Runtimes, OutcomesAreKnownOnEveryNode) {
  const auto keeps = keeper({"table"});
  const auto works = worker("w1", {"shop", "till"});
  const auto client = worker("client", {});
  for (auto* at : {keeps.get(), works.get(), client.get()}) {
    const auto name = std::to_string(at->stats().messages);
    EXPECT_EQ(buy_at(*at, "fine-" + name).kind, outcome_kind::completed);
    const auto declined = buy_at(*at, "declined-" + name);
    EXPECT_EQ(declined.kind, outcome_kind::compensated);
    EXPECT_EQ(declined.reason, "step 'pay' answered with 'declined'");
    const auto stuck = buy_at(*at, "unconfirmable-" + name);
    EXPECT_EQ(stuck.kind, outcome_kind::stuck);
    EXPECT_THAT(stuck.reason, HasSubstr("never"));
  }
  // What has ended long ago, and what nobody will end.
  const auto receipt = client->send("shop", buy{"late", 5}).get();
  EXPECT_EQ(keeps->await(receipt, 20s).kind, outcome_kind::completed);
  EXPECT_EQ(client->await(receipt, 20s).kind, outcome_kind::completed);
  const auto refused = client->send("shop", buy{"late", 5}).get();
  EXPECT_EQ(refused.refusal, "bought already") << "a refusal travels as what it is";
}

TEST_P(Runtimes, WithoutTheNodeOfAServiceItsCommandsWait) {
  const auto keeps = keeper({"shop", "table"});
  const auto receipt = keeps->send("shop", buy{"patient", 5}).get();
  EXPECT_EQ(keeps->await(receipt, 200ms).kind, outcome_kind::unknown);
  auto works = worker("w1", {"till"});
  EXPECT_EQ(keeps->await(receipt, 20s).kind, outcome_kind::completed);
  works.reset();
  const auto client = worker("client", {});
  const auto second = client->send("shop", buy{"also", 5}).get();
  EXPECT_EQ(client->await(second, 200ms).kind, outcome_kind::unknown);
  works = worker("w1", {"till"});
  EXPECT_EQ(client->await(second, 20s).kind, outcome_kind::completed);
}

TEST_P(Runtimes, TheSameRequestFromTwoNodesIsOne) {
  const auto keeps = keeper({"table"});
  const auto works = worker("w1", {"shop", "till"});
  const auto client = worker("client", {});
  std::vector<std::future<receipt>> answers;
  for (int n = 0; n < 50; ++n) {
    const send_options same{.idempotency_key = "key-" + std::to_string(n)};
    for (auto* at : {keeps.get(), works.get(), client.get()})
      answers.push_back(at->send("shop", buy{"same-" + std::to_string(n), 5}, same));
  }
  for (std::size_t n = 0; n < answers.size(); n += 3) {
    const auto first = answers[n].get();
    ASSERT_EQ(first.events.size(), 1U);
    for (std::size_t other = n + 1; other < n + 3; ++other)
      EXPECT_EQ(answers[other].get().events.at(0).position, first.events[0].position);
  }
}

TEST_P(Runtimes, WhatDiesOnOneNodeIsGivenAgainFromTheOthers) {
  const auto keeps = keeper({"table"});
  const auto works = worker("w1", {"shop", "till"});
  const auto client = worker("client", {});
  std::vector<receipt> placed;
  for (int n = 0; n < 100; ++n) {
    if (n % 10 == 3) runtime_access::kill(*works, n % 20 == 3 ? "till" : "shop");
    if (n % 10 == 7) runtime_access::kill(*keeps, n % 20 == 7 ? "till" : "journal reader");
    placed.push_back(client->send("shop", buy{"hard-" + std::to_string(n), 5}).get());
  }
  for (const auto& one : placed) EXPECT_EQ(client->await(one, 20s).kind, outcome_kind::completed);
}

TEST_P(Runtimes, WhatIsKeptWithTheJournalIsNotAskedElsewhere) {
  const auto keeps = keeper({"shop", "table"});
  const auto works = worker("w1", {"till"});
  const auto code = [](const std::function<void()>& call) { return error_of(call).code(); };
  EXPECT_EQ(code([&] { (void)works->nodes(); }), errc::wrong_state);
  EXPECT_EQ(code([&] { (void)works->flows(); }), errc::wrong_state);
  EXPECT_EQ(code([&] { (void)works->stats("mailer"); }), errc::wrong_state);
  EXPECT_NO_THROW((void)keeps->stats("mailer"));
  EXPECT_EQ(code([&] { (void)works->query<bookshop::purchase>("shop", "x").get(); }),
            errc::unknown_service);
  EXPECT_TRUE(works->stuck().get().instances.empty());
}

TEST_P(Runtimes, AnOperatorIsHeardOnEveryNode) {
  const auto keeps = keeper({"shop", "table"});
  const auto works = worker("w1", {"till"});
  const auto stuck = buy_at(*keeps, "unconfirmable-1");
  ASSERT_EQ(stuck.kind, outcome_kind::stuck);
  operator_word word;
  word.verb = operator_verb::skip;
  word.instance = stuck.instance;
  word.direction = direction::complete;
  word.reason = "it is fine as it is";
  const auto answer = works->operate(word).get();
  EXPECT_FALSE(answer.refused()) << answer.refusal.value_or("");
  EXPECT_TRUE(works->inspect(stuck.instance).get().terminal);
}

TEST_P(Runtimes, StoppingDoesNotWaitForTheJournalForEver) {
  auto keeps = keeper({"shop", "table"});
  const auto works = worker("w1", {"till"});
  keeps.reset();
  const auto began = std::chrono::steady_clock::now();
  works->stop(300ms);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 20s);
}

} // namespace
} // namespace node_tests
