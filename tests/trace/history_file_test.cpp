#include <ensemble/history_file.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <random>

#include <unistd.h>

namespace ensemble {
namespace {

using ::testing::HasSubstr;

class HistoryFile : public testing::Test {
protected:
  HistoryFile()
      : path(std::filesystem::temp_directory_path() /
             ("ensemble-history-" + std::to_string(::getpid()))) {
    std::filesystem::remove(path);
  }
  ~HistoryFile() override { std::filesystem::remove(path); }
  void append(const std::string& bytes) const { std::ofstream(path, std::ios::app) << bytes; }
  /// Why the file cannot be read; empty: it can.
  [[nodiscard]] std::string refusal() const {
    try {
      (void)read_history(path);
      return {};
    } catch (const error& e) {
      EXPECT_EQ(e.code(), errc::bad_argument);
      return e.what();
    }
  }

  std::string path;
};

recorded_event event(std::uint64_t n, std::string text) {
  recorded_event e;
  e.position.value = n;
  e.stream = "s-1";
  e.version.value = n - 1;
  e.id = event_id::of(n, ~n);
  e.body = message::opaque("happened", 2, std::move(text));
  return e;
}

TEST_F(HistoryFile, GivesBackWhatWasWritten) {
  asked_command c{"shop", "place", "k\"1", command_id::of(1, 2), 0, 0, told_answer::nothing, "",
                  {},     "",      false};
  asked_append a;
  new_event e;
  e.id = event_id::of(8, 9);
  e.body = message::opaque("happened", 2, "{}");
  a.request.streams.push_back({"s-1", expected_version::exactly(4), {e}});
  a.request.streams.push_back({"s-2", expected_version::any(), {}});
  {
    history_writer out(path, "one");
    const auto first = out.asked(c);
    const auto second = out.asked(a);
    c.answer = told_answer::ok;
    c.stream = "s-1";
    c.repeated = true;
    c.events = {event(5, R"({"n":"\u0001"})"), event(6, std::string(200'000, ' ') + "{}")};
    a.answer = told_append::conflict;
    a.result = {append_result::status::conflict, {}, {}, {3, 0}};
    out.told(second, a);
    out.told(first, c);
    out.effect("till", {"key", "charge", effect_entry::kind::cancel, 3});
    subscription_history s;
    s.name = "mailer";
    s.topics = {"happened", "order_*"};
    s.ordered_by = order_key::correlation;
    s.attempts = 4;
    out.subscribed(s);
    out.saw("mailer", {subscription_entry::kind::checkpoint, {7}, "", {{3}, {5}}});
    out.parked("mailer", {{3}, "happened", "s-1", "s-1", "it threw", 4, {}});
  }
  const auto read = read_history(path);
  EXPECT_EQ(read.lines, 9U);
  EXPECT_EQ(read.torn, 0U);
  ASSERT_EQ(read.told.commands.size(), 1U);
  const auto& command = read.told.commands.front();
  EXPECT_EQ(command.idempotency_key, c.idempotency_key);
  EXPECT_EQ(command.id, c.id);
  EXPECT_EQ(command.asked, 2U);
  EXPECT_EQ(command.answered, 5U);
  EXPECT_EQ(command.answer, told_answer::ok);
  EXPECT_TRUE(command.repeated);
  ASSERT_EQ(command.events.size(), 2U);
  EXPECT_EQ(command.events[0].body.name(), "happened");
  EXPECT_EQ(command.events[1].id, c.events[1].id);
  EXPECT_EQ(command.events[1].body.text(), "") << "too long to be kept";
  ASSERT_EQ(read.told.appends.size(), 1U);
  const auto& append = read.told.appends.front();
  EXPECT_EQ(append.answer, told_append::conflict);
  EXPECT_EQ(append.result.lengths, a.result.lengths);
  EXPECT_EQ(append.request.streams[0].expected.length(), 4U);
  EXPECT_EQ(append.request.streams[1].expected.length(), std::nullopt);
  EXPECT_EQ(append.request.streams[0].events.front().body, e.body);
  EXPECT_EQ(read.told.ledgers.front().entries.front().times, 3U);
  const auto& s = read.told.subscriptions.front();
  EXPECT_EQ(s.ordered_by, order_key::correlation);
  EXPECT_EQ(s.entries.front().parked, (std::vector<position>{{3}, {5}}));
  EXPECT_EQ(s.parked.front().cause, "it threw");
}

TEST_F(HistoryFile, ToleratesWhatAKilledProgramLeft) {
  asked_command c;
  { EXPECT_EQ(history_writer(path, "one").asked(c), 1U); }
  append(R"({"asked":{"op":"on)");
  EXPECT_EQ(read_history(path).torn, 1U);
  {
    history_writer again(path, "one"); // a process id may come back
    const auto op = again.asked(c);
    c.answer = told_answer::unknown;
    again.told(op, c);
  }
  const auto read = read_history(path);
  EXPECT_EQ(read.torn, 1U);
  ASSERT_EQ(read.told.commands.size(), 2U);
  EXPECT_EQ(read.told.commands[0].answer, told_answer::nothing) << "nobody was left to hear it";
  EXPECT_EQ(read.told.commands[1].answer, told_answer::unknown);
}

TEST_F(HistoryFile, RefusesOtherLinesAndTellsWhich) {
  EXPECT_THAT(refusal(), HasSubstr("No such file"));
  { const history_writer out(path, "one"); }
  append("{}\n");
  EXPECT_THAT(refusal(), HasSubstr("line 2: it says nothing"));
  std::filesystem::remove(path);
  { const history_writer out(path, "one"); }
  append("{\"told\":{\"op\":\"x.1\"}}\n");
  EXPECT_THAT(refusal(), HasSubstr("line 2: it answers 'x.1', which was not asked"));
  std::filesystem::remove(path);
  append("{\"began\":{}}\n{\"asked\":\n{\"asked\":{}}\n");
  EXPECT_THAT(refusal(), HasSubstr("line 2: ")) << "torn, but nobody began behind it";
}

TEST_F(HistoryFile, TakesAnyBytes) {
  asked_command c{"shop", "place",         "k",   command_id::of(1, 2), 0,
                  0,      told_answer::ok, "s-1", {event(1, "{}")},     "",
                  false};
  {
    history_writer out(path, "one");
    out.told(out.asked(c), c);
    out.effect("till", {"key", "charge", effect_entry::kind::effect, 1});
  }
  std::ifstream in(path, std::ios::binary);
  const std::string whole{std::istreambuf_iterator<char>(in), {}};
  std::mt19937_64 chance(20261122);
  int refused = 0;
  for (int round = 0; round < 600; ++round) {
    auto bytes = whole;
    for (auto edits = 1 + chance() % 4; edits > 0; --edits) {
      const auto at = chance() % bytes.size();
      if (chance() % 4 == 0)
        bytes.erase(at, 1 + chance() % 20);
      else
        bytes[at] = static_cast<char>(chance());
    }
    std::ofstream(path, std::ios::binary) << bytes;
    const auto why = refusal();
    if (why.empty()) continue;
    ++refused;
    ASSERT_THAT(why, HasSubstr("line ")) << "seed 20261122, round " << round;
  }
  EXPECT_GT(refused, 200);
}

} // namespace
} // namespace ensemble
