// Runtimes that are nodes: several in this process, which meet over TCP. (What the demo does on
// several nodes is tested with it, in tests/apps.)

#include "journal/support.hpp"
#include "runtime/bookshop.hpp"
#include "runtime/runtime_access.hpp"

#include <gmock/gmock.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <sstream>
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

struct ring {
  std::string id{};
};
struct rang {
  std::string id{};
};
ENSEMBLE_MESSAGE(ring, 1, id)
ENSEMBLE_MESSAGE(rang, 1, id)

service_definition bell() {
  return service<>("bell").on<ring>(&ring::id,
                                    [](const ring& c) -> decision<rang> { return rang{c.id}; });
}
/// Its one step gives the till a command that no frame, and no journal, can hold.
process_definition ringing() {
  struct nothing {};
  return process<nothing>("ringing", "bell")
      .deadline(1h)
      .starts_on<rang>([](nothing&, const rang&) {})
      .step("charge")
      .asks("till",
            [](const nothing&) {
              return bookshop::charge{std::string(2 << 20, 'x'), 1};
            })
      .succeeds_on<bookshop::charged>()
      .fails_on<bookshop::declined>()
      .undone_by<bookshop::refunded>([](const nothing&) { return bookshop::refund{}; })
      .retries({.attempts = 3, .first_delay = 1ms, .max_delay = 2ms});
}

/// What the library logs while it lives. Made before the runtimes, and gone after them.
class heard_log {
public:
  heard_log() { spdlog::default_logger()->sinks().push_back(sink_); }
  ~heard_log() { std::erase(spdlog::default_logger()->sinks(), sink_); }
  heard_log(const heard_log&) = delete;
  heard_log& operator=(const heard_log&) = delete;
  [[nodiscard]] std::string text() const {
    sink_->flush();
    return said_.str();
  }

private:
  std::ostringstream said_{};
  spdlog::sink_ptr sink_ = std::make_shared<spdlog::sinks::ostream_sink_mt>(said_);
};

using service_names = std::vector<std::string>;

class Runtimes : public testing::TestWithParam<process_mode> {
protected:
  std::unique_ptr<runtime> node(runtime_options o, service_names services,
                                till_switches* switches = nullptr, int version = 1) {
    o.services = std::move(services);
    o.heartbeat = 50ms;
    o.silence = 500ms;
    o.deaths_borne = 100;
    auto made = std::make_unique<runtime>(std::move(o));
    made->host(bookshop::shop()).host(bookshop::till(switches)).host(bookshop::packing_table());
    made->host(bell());
    auto selling = bookshop::selling({.attempts = 5, .first_delay = 1ms, .max_delay = 2ms});
    selling.version = version;
    if (GetParam() == process_mode::orchestration)
      made->orchestrate(std::move(selling)).orchestrate(ringing());
    else
      made->choreograph(std::move(selling)).choreograph(ringing());
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
  int number = 0;
  for (auto* at : {keeps.get(), works.get(), client.get()}) {
    const auto name = std::to_string(number++);
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

// A process whose command cannot be sent harms itself alone.
TEST_P(Runtimes, ACommandThatNoFrameHoldsFailsAndTheLinkStays) {
  const heard_log log;
  const auto keeps = keeper({"shop", "table", "bell"});
  const auto works = worker("w1", {"till"});
  const auto rung = keeps->send("bell", ring{"loud"}).get();
  EXPECT_NE(keeps->await(rung, 1s).kind, outcome_kind::completed);
  EXPECT_EQ(buy_at(*keeps, "fine").kind, outcome_kind::completed);
  EXPECT_THAT(log.text(), testing::Not(HasSubstr("is over")));
}

TEST_P(Runtimes, AnOutcomeIsToldThoughWhoPublishesDies) {
  const auto keeps = keeper({"shop", "table"});
  const auto works = worker("w1", {"till"});
  const auto client = worker("client", {});
  for (int n = 0; n < 60; ++n) {
    const auto receipt = client->send("shop", buy{"told-" + std::to_string(n), 5}).get();
    if (n % 3 == 0) runtime_access::kill(*client, "journal writer");
    if (n % 5 == 0) runtime_access::kill(*client, "journal reader");
    EXPECT_EQ(client->await(receipt, 20s).kind, outcome_kind::completed) << n;
  }
}

TEST_P(Runtimes, WhoseRuntimeHasFailedIsNoNodeAnyMore) {
  const auto keeps = keeper({"shop", "table"});
  const auto works = worker("w1", {"till"});
  works->observe({1}, [](const recorded_event&) { throw std::runtime_error("enough"); });
  const auto receipt = keeps->send("shop", buy{"one", 5}).get();
  const auto other = worker("w2", {"till"}); // let in once the first one is gone
  EXPECT_EQ(keeps->await(receipt, 20s).kind, outcome_kind::completed);
}

TEST_P(Runtimes, WhatWasAcceptedIsAnsweredBeforeTheNodesPart) {
  const auto keeps = keeper({"table"});
  const auto works = worker("w1", {"shop", "till"});
  std::vector<std::future<receipt>> answers;
  for (int n = 0; n < 200; ++n)
    answers.push_back(keeps->send("shop", buy{"last-" + std::to_string(n), 5}));
  keeps->stop();
  for (auto& answer : answers) EXPECT_NO_THROW((void)answer.get());
}

TEST_P(Runtimes, AnotherVersionOfAProcessIsRefused) {
  const auto keeps = keeper({"shop", "table"});
  auto o = bookshop::in_memory();
  o.join = address_;
  o.join_within = 2s;
  const auto refused = error_of([&] { (void)node(std::move(o), {"till"}, nullptr, 2); });
  EXPECT_EQ(refused.code(), errc::not_running);
  EXPECT_THAT(refused.what(), HasSubstr("selling 1"));
}

} // namespace
} // namespace node_tests
