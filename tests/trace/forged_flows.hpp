#pragma once

#include "model/engine_messages.hpp"
#include "model/instance.hpp"
#include "model/operator_decision.hpp"

#include <ensemble/journal.hpp>
#include <ensemble/service.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

// Journals made by hand, of a small process: right ones, with the ids that an engine gives, and
// wrong ones.
namespace forged {

using namespace ensemble;
using namespace std::chrono_literals;

struct placed {
  std::string id{};
};
struct charge {
  std::string id{};
};
struct charged {
  std::string id{};
};
struct declined {
  std::string id{};
};
struct refund {
  std::string id{};
};
struct refunded {
  std::string id{};
};
struct approved {
  std::string id{};
};
struct ship {
  std::string id{};
};
struct shipped {
  std::string id{};
};
struct confirm {
  std::string id{};
};
struct confirmed {
  std::string id{};
};
struct cancel {
  std::string id{};
};
struct cancelled {
  std::string id{};
};
/// An event that no definition declares.
struct remarked {};
ENSEMBLE_MESSAGE(placed, 1, id)
ENSEMBLE_MESSAGE(charge, 1, id)
ENSEMBLE_MESSAGE(charged, 1, id)
ENSEMBLE_MESSAGE(declined, 1, id)
ENSEMBLE_MESSAGE(refund, 1, id)
ENSEMBLE_MESSAGE(refunded, 1, id)
ENSEMBLE_MESSAGE(approved, 1, id)
ENSEMBLE_MESSAGE(ship, 1, id)
ENSEMBLE_MESSAGE(shipped, 1, id)
ENSEMBLE_MESSAGE(confirm, 1, id)
ENSEMBLE_MESSAGE(confirmed, 1, id)
ENSEMBLE_MESSAGE(cancel, 1, id)
ENSEMBLE_MESSAGE(cancelled, 1, id)
ENSEMBLE_MESSAGE(remarked, 1)

struct sale {
  std::string id{};
};

/// pay (till), then approval (awaited), then ship (depot, the pivot); the shop owns it.
inline process_definition selling() {
  using state = const sale&;
  return process<sale>("selling", "shop")
      .deadline(24h)
      .starts_on<placed>([](sale& s, const placed& e) {
        if (e.id == "unreadable") throw std::runtime_error("no such sale");
        s.id = e.id;
      })
      .step("pay")
      .asks("till", [](state s) { return charge{s.id}; })
      .succeeds_on<charged>()
      .fails_on<declined>()
      .undone_by<refunded>([](state s) { return refund{s.id}; })
      .within(30s)
      .retries({3, 5s, 100ms, 5s})
      .step("approval")
      .after("pay")
      .awaits<approved>(&approved::id, &sale::id)
      .within(1h)
      .step("ship")
      .after("approval")
      .pivot()
      .asks("depot", [](state s) { return ship{s.id}; })
      .succeeds_on<shipped>()
      .completes<confirmed>([](state s) { return confirm{s.id}; })
      .aborts<cancelled>([](state s) { return cancel{s.id}; });
}

/// A journal in memory whose clock goes on by a millisecond an event.
class forged_journal {
public:
  forged_journal() : journal_(open_journal({})), reader_(journal_->open_reader()) {}

  [[nodiscard]] journal_reader& reader() { return *reader_; }

  /// Records events at once, each on its stream; returns them.
  std::vector<recorded_event> record(const std::vector<std::pair<std::string, new_event>>& events) {
    append_request request;
    for (const auto& [stream, event] : events) {
      if (request.streams.empty() || request.streams.back().stream != stream)
        request.streams.push_back({stream, expected_version::any(), {}});
      request.streams.back().events.push_back(event);
    }
    const auto result = journal_->commit({&request, 1}, now += 1ms).front();
    if (result.state != append_result::status::appended) throw std::logic_error("not appended");
    return reader_->read_all(result.first, events.size());
  }
  recorded_event record(const std::string& stream, const new_event& event) {
    return record({{stream, event}}).front();
  }

  /// What a caller's command comes to: one event or several, all on one stream.
  std::vector<recorded_event> called(const std::string& stream, const std::vector<message>& bodies,
                                     correlation_id flow = {}) {
    const auto command = command_id::of(900 + ++calls_, 1);
    std::vector<std::pair<std::string, new_event>> events;
    for (const auto& body : bodies) {
      new_event e;
      e.index = static_cast<std::uint32_t>(events.size());
      e.id = make_event_id(command, e.index);
      e.last = events.size() + 1 == bodies.size();
      e.origin.correlation = flow ? flow : correlation_id::of(calls_, 7);
      e.body = body;
      events.emplace_back(stream, std::move(e));
    }
    return record(events);
  }

  /// As a runtime notes, from the beginning of the journal on.
  void deployed(const std::string& process, int version, const std::string& start_event) {
    append_request request;
    request.books.push_back({"ensemble.deployments", process + "@0",
                             R"({"process":")" + process + R"(","version":)" +
                                 std::to_string(version) + R"(,"after":0,"start_event":")" +
                                 start_event + R"("})"});
    (void)journal_->commit({&request, 1}, now);
  }

  timestamp now{std::chrono::hours(1)};

private:
  std::unique_ptr<journal> journal_;
  std::unique_ptr<journal_reader> reader_;
  std::uint64_t calls_ = 0;
};

/// One sale. Its verbs record what services, engine and operators would.
class forged_sale {
public:
  forged_sale(forged_journal& journal, const std::string& id,
              const process_definition& definition = selling())
      : journal_(journal) {
    auto start = journal.called("shop-" + id, {placed{id}}).front();
    start.body = placed{id}; // a journal without types gives texts
    i = begin_instance(std::make_shared<const process_definition>(definition), start);
  }

  [[nodiscard]] correlation_id flow() const { return i.correlation; }
  [[nodiscard]] const std::string& id() const { return std::any_cast<const sale&>(i.state).id; }

  /// The outcome of a command that is due.
  recorded_event answers(const std::string& service, const std::string& step, direction d,
                         const message& body) {
    for (const auto& c : due(i)) {
      if (c.step != step || c.target_direction != d) continue;
      return forge(service, step, d, body, c.round, c.cause);
    }
    throw std::logic_error("not due: " + step);
  }
  /// The same, due or not.
  recorded_event forge(const std::string& service, const std::string& step, direction d,
                       const message& body, std::uint32_t round, event_id cause) {
    new_event e;
    e.id = make_event_id(make_command_id(i.id, step, d, round), 0);
    e.origin = {i.correlation, cause, i.id, step, d, round};
    e.body = body;
    return fold(service + "-" + id(), e);
  }
  recorded_event pays() { return answers("till", "pay", direction::forward, charged{id()}); }
  recorded_event declines() { return answers("till", "pay", direction::forward, declined{id()}); }
  recorded_event ships() { return answers("depot", "ship", direction::forward, shipped{id()}); }
  recorded_event confirms() { return answers("shop", "", direction::complete, confirmed{id()}); }
  recorded_event refunds_early() {
    return forge("till", "pay", direction::undo, refunded{id()}, 0, i.start_event);
  }
  recorded_event refunds() { return answers("till", "pay", direction::undo, refunded{id()}); }
  recorded_event cancels() { return answers("shop", "", direction::abort, cancelled{id()}); }
  /// An approval from another flow, handed over.
  recorded_event is_approved() {
    const auto outside = journal_.called("office-" + id(), {approved{id()}}).front();
    auto typed = outside;
    typed.body = approved{id()};
    return fold(i.stream(), receive_event(i, typed).value());
  }
  void completes() {
    pays();
    is_approved();
    ships();
    confirms();
  }
  void compensates_after_payment() {
    pays();
    times_out("approval");
    refunds();
    cancels();
  }

  recorded_event attempt_fails(const std::string& reason) {
    return fold(i.stream(), make_attempt_failed(i, due(i).front(), journal_.now, reason));
  }
  recorded_event times_out(const std::string& step) {
    for (const auto& d : deadlines(i)) {
      if (d.event.origin.step != step) continue;
      journal_.now = std::max(journal_.now, d.at);
      return fold(i.stream(), d.event);
    }
    throw std::logic_error("no deadline: " + step);
  }
  recorded_event word(operator_verb verb) {
    operator_word w;
    w.verb = verb;
    w.reason = "mended";
    const auto decided = decide(i, w, event_id::of(700 + ++words_, 5));
    return fold(i.stream(), decided.event.value());
  }
  recorded_event fold(const std::string& stream, const new_event& e) {
    auto recorded = journal_.record(stream, e);
    recorded.body = e.body;
    evolve(i, recorded);
    return recorded;
  }

private:
  forged_journal& journal_;
  std::uint64_t words_ = 0;

public:
  instance i{};
};

} // namespace forged
