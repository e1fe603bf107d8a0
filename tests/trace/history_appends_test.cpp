#include <ensemble/history.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <random>

// Clients of a journal that race for a few streams, from a seed: what they were told holds against
// the journal, and whatever is planted in the one or the other is found.

namespace ensemble {
namespace {

using ::testing::HasSubstr;

struct noted {
  int n{};
};
ENSEMBLE_MESSAGE_NAMED(noted, "history.noted", 1, n)

/// What such clients did. Between asking, commit and answer any other may come.
struct race {
  explicit race(std::uint64_t seed) : chance(seed), journal(open_journal({})) {
    for (int step = 0; step < 300; ++step) {
      const auto roll = draw(10);
      if (roll < 3)
        ask();
      else if (roll < 6 && !waiting.empty())
        commit();
      else if (!done.empty())
        answer();
    }
    const auto reader = journal->open_reader();
    events = reader->read_all({1});
  }

  std::size_t draw(std::size_t below) { return chance() % below; }
  std::size_t take(std::vector<std::size_t>& from) {
    const auto at = static_cast<std::ptrdiff_t>(draw(from.size()));
    const auto n = from[static_cast<std::size_t>(at)];
    from.erase(from.begin() + at);
    return n;
  }

  void ask() {
    asked_append a;
    a.asked = ++now;
    if (!told.appends.empty() && draw(6) == 0) { // again, as after an unknown outcome
      a.request = told.appends[draw(told.appends.size())].request;
    } else {
      const auto parts = 1 + draw(2);
      for (std::size_t p = 0; p < parts; ++p) {
        const auto stream = "s-" + std::to_string(p * 3 + draw(3));
        const auto length = journal->open_reader()->read_stream(stream, {0}).size();
        stream_append part{stream, expected_version::exactly(length), {}};
        if (draw(4) == 0) part.expected = expected_version::any();
        for (auto k = 1 + draw(2); k > 0; --k) {
          new_event e;
          e.id = event_id::of(++ids, 7);
          e.body = noted{static_cast<int>(ids)};
          part.events.push_back(e);
        }
        a.request.streams.push_back(std::move(part));
      }
    }
    waiting.push_back(told.appends.size());
    told.appends.push_back(std::move(a));
  }

  void commit() {
    const auto n = take(waiting);
    if (draw(8) == 0) return; // it never arrives
    auto& a = told.appends[n];
    a.result = journal->commit({&a.request, 1}, timestamp(std::chrono::seconds(++now))).front();
    done.push_back(n);
  }

  void answer() {
    const auto n = take(done);
    if (draw(8) == 0) return; // it is never heard of
    told.appends[n].answer = ensemble::told(told.appends[n].result.state);
    told.appends[n].answered = ++now;
  }

  [[nodiscard]] history_findings found() const {
    history_check check(told, {});
    for (const auto& e : events) check.take(e);
    return check.finish().found;
  }
  [[nodiscard]] std::string rules() const {
    std::string all;
    const auto broken = found();
    for (const auto& [rule, count] : broken.counts()) all += rule + " ";
    return all;
  }

  /// The first append that was told so and fits.
  asked_append& one(
      told_append answer,
      const std::function<bool(const asked_append&)>& fits = [](auto&) { return true; }) {
    for (auto& a : told.appends)
      if (a.answer == answer && fits(a)) return a;
    throw std::logic_error("this seed has none");
  }
  recorded_event& at(position p) { return events.at(p.value - 1); }
  /// Takes events out as if they had never been there.
  void lose(position first, position last) {
    std::map<std::string, std::uint64_t> lengths;
    std::vector<recorded_event> left;
    for (auto& e : events) {
      if (e.position >= first && e.position <= last) continue;
      e.position.value = left.size() + 1;
      e.version.value = lengths[e.stream]++;
      left.push_back(e);
    }
    events = std::move(left);
  }

  std::mt19937_64 chance;
  std::unique_ptr<ensemble::journal> journal;
  history told{};
  std::vector<std::size_t> waiting{};
  std::vector<std::size_t> done{};
  std::vector<recorded_event> events{};
  history_moment now = 0;
  std::uint64_t ids = 0;
};

TEST(HistoryAppends, HonestRacesHold) {
  std::map<told_append, int> seen;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const race r(seed);
    for (const auto& a : r.told.appends) ++seen[a.answer];
    const auto report = verify_history(*r.journal->open_reader(), r.told);
    ASSERT_TRUE(report.holds()) << "seed " << seed << "\n" << report.text();
  }
  for (const auto answer :
       {told_append::nothing, told_append::appended, told_append::repeated, told_append::conflict})
    EXPECT_GT(seen[answer], 100);
}

/// Plants one fault in each of some races; it must be found under its letter in every one that has
/// room for it, and there must be many.
void expect_found(const std::string& rule, const std::function<void(race&)>& plant) {
  int planted = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    race r(seed);
    try {
      plant(r);
    } catch (const std::logic_error&) {
      continue;
    }
    ++planted;
    EXPECT_THAT(r.rules(), HasSubstr(rule)) << "seed " << seed;
  }
  EXPECT_GE(planted, 20);
}

bool several(const asked_append& a) { return a.result.last > a.result.first; }

TEST(HistoryAppends, SeesAnAcknowledgedAppendThatIsLost) {
  expect_found("S1", [](race& r) {
    const auto& a = r.one(told_append::appended);
    r.lose(a.result.first, a.result.last);
  });
}

TEST(HistoryAppends, SeesOtherBytes) {
  expect_found("S1",
               [](race& r) { r.at(r.one(told_append::appended).result.first).body = noted{-1}; });
}

TEST(HistoryAppends, SeesATornAppend) {
  expect_found("S2", [](race& r) {
    const auto& a = r.one(told_append::appended, several);
    r.lose(a.result.last, a.result.last);
  });
  expect_found("S2", [](race& r) {
    auto& a = r.one(told_append::appended, several);
    a.answer = told_append::nothing; // nobody knew: whole, or not at all
    for (auto& other : r.told.appends)
      if (other.answer == told_append::repeated) other.answer = told_append::nothing;
    r.lose(a.result.first, a.result.first);
  });
}

TEST(HistoryAppends, SeesWhatNobodyAskedFor) {
  expect_found("S3", [](race& r) {
    auto& e = r.events.back();
    e.id = event_id::of(1'000'000, 1);
  });
  expect_found("S3", [](race& r) {
    auto& a = r.one(told_append::appended);
    a.answer = told_append::conflict; // it was refused, and stands there
    for (auto& other : r.told.appends)
      if (&other != &a && other.request.streams.front().events.front().id ==
                              a.request.streams.front().events.front().id)
        throw std::logic_error("asked for twice");
  });
}

TEST(HistoryAppends, SeesGapsAndVersionsOutOfTurn) {
  expect_found("S5", [](race& r) { r.events.erase(r.events.begin() + 2); });
  expect_found("S4", [](race& r) { ++r.events.back().version.value; });
}

TEST(HistoryAppends, SeesRealTimeTurnedRound) {
  expect_found("S6", [](race& r) {
    auto& a = r.one(told_append::appended);
    const auto& later = r.one(told_append::appended, [&](const asked_append& b) {
      return b.result.first > a.result.last && b.answered > a.asked;
    });
    // As if it had been asked only after the later one was answered.
    a.answered = (a.asked = later.answered + 1'000'000) + 1;
  });
}

TEST(HistoryAppends, SeesTwoWinnersAtOneVersion) {
  expect_found("S7", [](race& r) {
    const auto demands = [](const asked_append& a) {
      return a.request.streams.front().expected.length().has_value();
    };
    const auto& won = r.one(told_append::appended, demands);
    auto second = won;
    second.request.streams.front().events.front().id = event_id::of(2'000'000, 1);
    r.told.appends.push_back(second);
  });
}

TEST(HistoryAppends, SeesAConflictThatNoLengthExplains) {
  expect_found("S7", [](race& r) { // a length that the stream had long left behind
    auto& a = r.one(told_append::appended);
    auto stale = a;
    stale.answer = told_append::conflict;
    stale.request.streams.resize(1);
    for (auto& e : stale.request.streams[0].events) e.id = event_id::of(3'000'000, 1);
    stale.request.streams[0].expected = expected_version::exactly(99);
    stale.result.lengths = {0};
    stale.asked = r.now + 1;
    stale.answered = r.now + 2;
    r.told.appends.push_back(stale);
  });
  expect_found("S7", [](race& r) { // one that it never had
    r.one(told_append::conflict).result.lengths.front() += 50;
  });
  expect_found("S7", [](race& r) { // one that would have fitted
    auto& a = r.one(told_append::conflict);
    for (std::size_t k = 0; k < a.request.streams.size(); ++k)
      a.result.lengths[k] = a.request.streams[k].expected.length().value_or(a.result.lengths[k]);
  });
}

TEST(HistoryAppends, SeesARepeatWithAnotherAnswer) {
  expect_found("S8", [](race& r) { ++r.one(told_append::repeated).result.first.value; });
}

} // namespace
} // namespace ensemble
