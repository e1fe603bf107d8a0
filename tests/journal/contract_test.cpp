// What every adapter of the journal port does, whatever it keeps its events in.

#include "journal/contract.hpp"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

namespace journal_tests {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct counted {
  int n = 0;
};
ENSEMBLE_MESSAGE(counted, 2, n)

TEST_P(JournalContract, BeginsEmpty) {
  EXPECT_EQ(reader().head(), position{0});
  EXPECT_THAT(reader().read_all({1}), IsEmpty());
  EXPECT_THAT(reader().read_stream("payment-1", {0}), IsEmpty());
  EXPECT_THAT(reader().message_names(), IsEmpty());
  EXPECT_THAT(reader().read_book("open"), IsEmpty());
  EXPECT_FALSE(reader().find("payment-1", id(1)));
  EXPECT_THAT(faults(reader()), IsEmpty());
}

TEST_P(JournalContract, OnlyDisksAndLinksBlock) {
  EXPECT_EQ(journal_->blocking(), !GetParam().in_memory || GetParam().linked);
}

TEST_P(JournalContract, EverythingOfAnEventComesBack) {
  auto sent = event(5, R"({"text":"a\u0000b","amount":12})");
  sent.origin = {correlation_id::of(1, 2), id(3, 4), instance_id::of(5, 6), "payment",
                 direction::undo,          7};
  commit(append("payment-1", sent), at(42));
  const auto all = reader().read_all({1});
  ASSERT_EQ(all.size(), 1U);
  const auto& got = all[0];
  EXPECT_EQ(got.position, position{1});
  EXPECT_EQ(got.stream, "payment-1");
  EXPECT_EQ(got.version, stream_version{0});
  EXPECT_EQ(got.time, at(42));
  EXPECT_EQ(got.id, sent.id);
  EXPECT_EQ(got.index, 0U);
  EXPECT_TRUE(got.last);
  EXPECT_EQ(got.origin, sent.origin);
  EXPECT_EQ(got.body, sent.body);
  EXPECT_EQ(got.body.schema_version(), 1);
}

TEST_P(JournalContract, AnOriginOfNothingComesBackAsNothing) {
  auto sent = event(5);
  sent.origin = {};
  commit(append("payment-1", sent));
  EXPECT_EQ(reader().read_all({1}).at(0).origin, event_origin{});
}

TEST_P(JournalContract, StreamNamesAndTextsMayHoldAnyBytes) {
  if (GetParam().linked) return; // what another node sends has to be JSON: see RemoteJournal
  const std::string name("order-\0\xFF'\"%_", 12);
  auto sent = event(1);
  sent.body = message::opaque("thing_happened", 1, std::string("\0\xC3\x28\xFF", 4));
  commit(append(name, sent));
  EXPECT_EQ(reader().read_stream(name, {0}).at(0).body.text(), sent.body.text());
  EXPECT_THAT(reader().stream_names("order", ""), ElementsAre(name));
  EXPECT_THAT(reader().read_stream("order-", {0}), IsEmpty());
}

TEST_P(JournalContract, PositionsAndVersionsHaveNoGaps) {
  commit({append("a-1", run(1, 2)), append("b-1", run(2, 1)), append("a-1", run(3, 3))});
  commit(append("b-1", run(4, 2)));
  EXPECT_THAT(positions(reader().read_all({1})), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
  EXPECT_THAT(positions(reader().read_stream("a-1", {0})), ElementsAre(1, 2, 4, 5, 6));
  std::uint64_t version = 0;
  for (const auto& e : reader().read_stream("a-1", {0})) EXPECT_EQ(e.version.value, version++);
  EXPECT_EQ(reader().head(), position{8});
  EXPECT_THAT(faults(reader()), IsEmpty());
}

TEST_P(JournalContract, AppendAnswersWithPositionsAndTheFirstStreamsLength) {
  commit(append("a-1", run(1, 2)));
  auto two = append("a-1", run(2, 2));
  two.streams.push_back({"b-1", expected_version::none(), run(3, 1)});
  const auto result = commit(two);
  EXPECT_EQ(result.state, status::appended);
  EXPECT_EQ(result.first, position{3});
  EXPECT_EQ(result.last, position{5});
  EXPECT_EQ(result.lengths.front(), 4U);
}

TEST_P(JournalContract, ExpectedVersionIsComparedAndSet) {
  EXPECT_EQ(commit(append("a-1", event(1), expected_version::exactly(1))).state, status::conflict);
  EXPECT_EQ(commit(append("a-1", event(1), expected_version::none())).state, status::appended);
  const auto late = commit(append("a-1", event(2), expected_version::none()));
  EXPECT_EQ(late.state, status::conflict);
  EXPECT_EQ(late.lengths.front(), 1U);
  EXPECT_EQ(late.first, position{});
  EXPECT_EQ(commit(append("a-1", event(2), expected_version::exactly(1))).state, status::appended);
  EXPECT_EQ(commit(append("a-1", event(3))).state, status::appended);
  EXPECT_EQ(reader().head(), position{3});
}

TEST_P(JournalContract, OfRacingAppendsAtOneVersionOneWins) {
  const auto results = commit({append("a-1", event(1), expected_version::none()),
                               append("a-1", event(2), expected_version::none()),
                               append("a-1", event(3), expected_version::exactly(1)),
                               append("a-1", event(4), expected_version::exactly(1))});
  EXPECT_EQ(results[0].state, status::appended);
  EXPECT_EQ(results[1].state, status::conflict);
  EXPECT_EQ(results[2].state, status::appended);
  EXPECT_EQ(results[3].state, status::conflict);
  EXPECT_EQ(results[3].lengths.front(), 2U);
  EXPECT_EQ(reader().head(), position{2});
}

TEST_P(JournalContract, AConflictInOneStreamKeepsTheWholeRequestOut) {
  commit(append("b-1", event(1)));
  auto both = append("a-1", event(2));
  both.streams.push_back({"b-1", expected_version::none(), {event(3)}});
  both.books.push_back({"open", "key", "value"});
  const auto results = commit({both, append("c-1", event(4))});
  EXPECT_EQ(results[0].state, status::conflict);
  EXPECT_EQ(results[1].state, status::appended);
  EXPECT_THAT(reader().read_stream("a-1", {0}), IsEmpty());
  EXPECT_THAT(reader().stream_names("a", ""), IsEmpty());
  EXPECT_THAT(reader().read_book("open"), IsEmpty());
  EXPECT_EQ(reader().head(), position{2});
}

TEST_P(JournalContract, EventsOfOneCommandRunThroughItsStreams) {
  auto made = run(1, 4);
  append_request request;
  request.streams.push_back({"a-1", expected_version::none(), {made[0], made[1]}});
  request.streams.push_back({"b-1", expected_version::none(), {made[2]}});
  request.streams.push_back({"c-1", expected_version::none(), {made[3]}});
  auto shuffled = request;
  std::swap(shuffled.streams[1].events, shuffled.streams[2].events);
  expect_refused(shuffled, "index 3");
  EXPECT_EQ(commit(request).last, position{4});
  EXPECT_EQ(commit(request).last, position{4}) << "of a repeat: all four";
  EXPECT_EQ(reader().find("b-1", made[2].id)->index, 2U);
  EXPECT_THAT(faults(reader()), IsEmpty());
}

TEST_P(JournalContract, AStreamWithoutEventsIsThereForItsVersion) {
  commit(append("b-1", event(1)));
  auto request = append("a-1", event(2), expected_version::none());
  request.streams.push_back({"b-1", expected_version::none(), {}});
  request.streams.push_back({"c-1", expected_version::none(), {}});
  EXPECT_EQ(commit(request).state, status::conflict);
  request.streams[1].expected = expected_version::exactly(1);
  const auto result = commit(request);
  EXPECT_EQ(result.state, status::appended);
  EXPECT_EQ(result.last, position{2});
  EXPECT_EQ(result.lengths, (std::vector<std::uint64_t>{1, 1, 0}));
  EXPECT_THAT(reader().stream_names("c", ""), IsEmpty());
}

TEST_P(JournalContract, AStreamMayBeNamedTwiceInARequest) {
  auto twice = append("a-1", run(1, 2), expected_version::none());
  twice.streams.push_back({"a-1", expected_version::exactly(2), {event(2)}});
  const auto result = commit(twice);
  EXPECT_EQ(result.state, status::appended);
  EXPECT_EQ(result.lengths.front(), 3U);
  auto wrong = append("a-1", event(3), expected_version::exactly(3));
  wrong.streams.push_back({"a-1", expected_version::exactly(3), {event(4)}});
  EXPECT_EQ(commit(wrong).state, status::conflict);
  EXPECT_EQ(reader().head(), position{3});
}

TEST_P(JournalContract, ARepeatIsAnsweredWithTheEarlierAppendWhateverTheVersion) {
  auto original = append("a-1", run(1, 2), expected_version::none());
  auto second = run(9, 1);
  second[0].index = 2; // the command's third event, in another stream
  original.streams[0].events[1].last = false;
  original.streams.push_back({"b-1", expected_version::none(), second});
  commit(append("z-1", event(5)));
  const auto first = commit(original);
  commit(append("a-1", event(6)));
  const auto repeat = commit(original, at(99));
  EXPECT_EQ(repeat.state, status::repeated);
  EXPECT_EQ(repeat.first, first.first);
  EXPECT_EQ(repeat.last, first.last);
  EXPECT_EQ(repeat.lengths.front(), 3U);
  EXPECT_EQ(reader().head(), position{5});
}

TEST_P(JournalContract, ARepeatInTheSameBatchIsFound) {
  const auto results = commit({append("a-1", run(1, 3)), append("a-1", run(1, 3)),
                               append("a-1", event(2), expected_version::exactly(3))});
  EXPECT_EQ(results[1].state, status::repeated);
  EXPECT_EQ(results[1].first, position{1});
  EXPECT_EQ(results[1].last, position{3});
  EXPECT_EQ(results[2].state, status::appended);
  EXPECT_EQ(results[2].first, position{4});
}

TEST_P(JournalContract, ARepeatAfterAConflictInTheSameBatchIsNoRepeat) {
  const auto results =
      commit({append("a-1", event(1), expected_version::exactly(7)), append("a-1", event(1))});
  EXPECT_EQ(results[0].state, status::conflict);
  EXPECT_EQ(results[1].state, status::appended);
}

TEST_P(JournalContract, ARepeatWritesNoBook) {
  commit(append("a-1", event(1)));
  auto repeat = append("a-1", event(1));
  repeat.books.push_back({"open", "key", "value"});
  EXPECT_EQ(commit(repeat).state, status::repeated);
  EXPECT_THAT(reader().read_book("open"), IsEmpty());
}

TEST_P(JournalContract, IdsAreUniqueInTheirStreamOnly) {
  commit({append("a-1", event(1)), append("b-1", event(1))});
  EXPECT_EQ(reader().find("a-1", id(1))->position, position{1});
  EXPECT_EQ(reader().find("b-1", id(1))->position, position{2});
  EXPECT_FALSE(reader().find("c-1", id(1)));
  EXPECT_FALSE(reader().find("a-1", id(2)));
  EXPECT_FALSE(reader().find("a-1", {}));
}

TEST_P(JournalContract, ALaterIdThatIsThereAlreadyRefusesTheWholeCommit) {
  if (GetParam().linked) return; // its requests are recorded one by one: see RemoteJournal
  commit(append("a-1", event(1)));
  auto clash = append("a-1", run(2, 2));
  clash.streams[0].events[1].id = id(1);
  const auto refused = error_of([&] {
    commit({append("b-1", event(3)), book("open", "k", "v"), clash});
  });
  EXPECT_EQ(refused.code(), errc::bad_argument);
  EXPECT_THAT(refused.what(), HasSubstr("a-1"));
  EXPECT_EQ(reader().head(), position{1});
  EXPECT_THAT(reader().stream_names("b", ""), IsEmpty());
  EXPECT_THAT(reader().read_book("open"), IsEmpty());
  // The journal goes on as if that commit had never been asked for.
  const auto next = commit({append("b-1", event(4), expected_version::none()),
                            append("c-1", event(5)), append("a-1", event(6))});
  EXPECT_EQ(next[0].first, position{2});
  EXPECT_EQ(next[2].lengths.front(), 2U);
  EXPECT_THAT(faults(reader()), IsEmpty());
}

TEST_P(JournalContract, RequestsThatNoJournalCanRecordAreRefusedBeforeAnythingIsWritten) {
  expect_refused(append("a-1", std::vector<new_event>{}), "no event");
  expect_refused(append("", event(1)), "name");
  auto nameless = event(1);
  nameless.id = {};
  expect_refused(append("a-1", nameless), "id");
  auto hollow = event(1);
  hollow.body = {};
  expect_refused(append("a-1", hollow), "message");
  expect_refused(append("a-1", {event(1), run(2, 2)[0]}), "last");
  expect_refused(append("a-1", {run(2, 2)[1]}), "index 1");
  expect_refused(append("a-1", {run(2, 3)[0], run(2, 3)[2]}), "index 2");
  expect_refused(book("open", "", "v"), "a key");
  append_request keyless;
  keyless.expected_rows = {{"open", "", "v"}};
  expect_refused(keyless, "a key");
}

TEST_P(JournalContract, AnEmptyCommitAndAnEmptyRequestAreNothing) {
  EXPECT_THAT(commit(std::vector<append_request>{}), IsEmpty());
  const auto result = commit(append_request{});
  EXPECT_EQ(result.state, status::appended);
  EXPECT_EQ(result.last, position{});
  EXPECT_EQ(reader().head(), position{0});
}

TEST_P(JournalContract, RecordedTimesNeverFall) {
  commit(append("a-1", event(1)), at(100));
  commit(append("a-1", event(2)), at(50));
  commit({append("a-1", event(3)), append("b-1", event(4))}, at(200));
  std::vector<timestamp> times;
  for (const auto& e : reader().read_all({1})) times.push_back(e.time);
  EXPECT_THAT(times, ElementsAre(at(100), at(100), at(200), at(200)));
}

TEST_P(JournalContract, PagesBeginWhereTheyAreAskedToAndEndAtTheLimit) {
  commit({append("a-1", run(1, 5)), append("b-1", run(2, 5))});
  EXPECT_THAT(positions(reader().read_all({0}, 2)), ElementsAre(1, 2));
  EXPECT_THAT(positions(reader().read_all({4}, 3)), ElementsAre(4, 5, 6));
  EXPECT_THAT(positions(reader().read_all({9}, 30)), ElementsAre(9, 10));
  EXPECT_THAT(reader().read_all({11}), IsEmpty());
  EXPECT_THAT(reader().read_all({~0ULL}), IsEmpty());
  EXPECT_THAT(reader().read_all({1}, 0), IsEmpty());
  EXPECT_THAT(positions(reader().read_stream("b-1", {1}, 2)), ElementsAre(7, 8));
  EXPECT_THAT(reader().read_stream("b-1", {5}), IsEmpty());
  EXPECT_THAT(reader().read_stream("b-1", {~0ULL}), IsEmpty());
}

TEST_P(JournalContract, EventsAreFoundByInstanceAndCorrelation) {
  const auto of = [](std::uint64_t key, std::uint64_t instance, std::uint64_t correlation) {
    auto made = event(key);
    made.origin.instance = instance_id::of(instance, instance);
    made.origin.correlation = correlation_id::of(correlation, correlation);
    return made;
  };
  commit({append("a-1", of(1, 0, 1)), append("b-1", of(2, 1, 1)), append("c-1", of(3, 2, 2)),
          append("b-2", of(4, 1, 1)), append("b-3", of(5, 1, 0))});
  const auto one = instance_id::of(1, 1);
  EXPECT_THAT(positions(reader().read_instance(one, {0})), ElementsAre(2, 4, 5));
  EXPECT_THAT(positions(reader().read_instance(one, {2}, 1)), ElementsAre(4));
  EXPECT_THAT(reader().read_instance(one, {5}), IsEmpty());
  EXPECT_THAT(reader().read_instance(instance_id::of(9, 9), {0}), IsEmpty());
  EXPECT_THAT(reader().read_instance({}, {0}), IsEmpty());
  const auto flow = correlation_id::of(1, 1);
  EXPECT_THAT(positions(reader().read_correlation(flow, {0})), ElementsAre(1, 2, 4));
  EXPECT_THAT(positions(reader().read_correlation(flow, {1}, 1)), ElementsAre(2));
  EXPECT_THAT(reader().read_correlation({}, {0}), IsEmpty());
}

TEST_P(JournalContract, StreamNamesOfACategoryAreSortedAndPaged) {
  commit({append("order-b", event(1)), append("order-a", event(2)), append("orders-a", event(3)),
          append("orde-a", event(4)), append("order-a-1", event(5)), append("order", event(6))});
  EXPECT_THAT(reader().stream_names("order", ""), ElementsAre("order-a", "order-a-1", "order-b"));
  EXPECT_THAT(reader().stream_names("order", "order-a", 1), ElementsAre("order-a-1"));
  EXPECT_THAT(reader().stream_names("order", "order-b"), IsEmpty());
  EXPECT_THAT(reader().stream_names("order", "p"), IsEmpty());
  EXPECT_THAT(reader().stream_names("orders", ""), ElementsAre("orders-a"));
  EXPECT_THAT(reader().stream_names("payment", ""), IsEmpty());
}

TEST_P(JournalContract, MessageNamesAreThoseOfEvents) {
  auto other = event(2);
  other.body = message::opaque("other_happened", 1, "{}");
  other.origin.step = "payment";
  commit({append("a-1", other), append("a-1", event(1)), append("a-1", event(3))});
  EXPECT_THAT(reader().message_names(), ElementsAre("other_happened", "thing_happened"));
}

TEST_P(JournalContract, MessagesOfKnownTypesComeDecoded) {
  open([](std::string_view name) { return name == "counted" ? &type_of<counted>() : nullptr; });
  auto stored = event(1);
  stored.body = message::opaque("counted", 1, R"({"n":3})");
  auto typed = event(2);
  typed.body = counted{4};
  commit({append("a-1", stored), append("a-1", typed), append("a-1", event(3))});
  const auto all = reader().read_all({1});
  EXPECT_EQ(all.at(0).body.as<counted>().n, 3);
  EXPECT_EQ(all.at(1).body.as<counted>().n, 4);
  EXPECT_EQ(all.at(2).body.type(), nullptr);
  EXPECT_EQ(all.at(2).body.name(), "thing_happened");
}

TEST_P(JournalContract, WhatANewerProgramWroteIsNamedNotGuessed) {
  open([](std::string_view) { return &type_of<counted>(); });
  auto newer = event(1);
  newer.body = message::opaque("counted", 3, R"({"n":3})");
  commit(append("a-1", newer));
  const auto refused = error_of([&] { reader().read_all({1}); });
  EXPECT_EQ(refused.code(), errc::newer_schema);
  EXPECT_THAT(refused.what(), HasSubstr("event 1 (version 0 of stream 'a-1')"));
  EXPECT_THAT(refused.what(), HasSubstr("schema version 3"));
  EXPECT_THAT(refused.what(), HasSubstr("version 2"));
}

TEST_P(JournalContract, ATextThatDoesNotFitItsTypeIsReportedWithItsEvent) {
  open([](std::string_view) { return &type_of<counted>(); });
  auto bad = event(1);
  bad.body = message::opaque("counted", 2, R"({"n":"three"})");
  commit(append("a-1", bad));
  const auto refused = error_of([&] { reader().read_stream("a-1", {0}); });
  EXPECT_EQ(refused.code(), errc::bad_message);
  EXPECT_THAT(refused.what(), HasSubstr("event 1"));
}

TEST_P(JournalContract, EveryReaderSeesWholeCommitsAndNothingLate) {
  constexpr int commits = 60;
  constexpr std::uint32_t events_a_commit = 10;
  // Of a linked journal the requests, each of half as many, are recorded one by one.
  const std::uint32_t whole = GetParam().linked ? events_a_commit / 2 : events_a_commit;
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, own = journal_->open_reader()] {
      std::uint64_t seen = 0;
      while (!done || seen < commits * events_a_commit) {
        const auto head = own->head().value;
        EXPECT_EQ(head % whole, 0U);
        const auto page = own->read_all({seen + 1});
        EXPECT_EQ(page.size() % whole, 0U);
        EXPECT_GE(seen + page.size(), head);
        for (const auto& e : page) EXPECT_EQ(e.position.value, ++seen);
        if (testing::Test::HasFailure()) break;
      }
    });
  }
  for (std::uint64_t i = 1; i <= commits; ++i)
    commit(
        {append("a-1", run(i, events_a_commit / 2)), append("b-1", run(i, events_a_commit / 2))});
  done = true;
  for (auto& thread : threads) thread.join();
}

TEST_P(JournalContract, ManyStreamsKeepTheirLengths) {
  for (std::uint64_t round = 0; round < 3; ++round) {
    std::vector<append_request> requests;
    for (std::uint64_t s = 0; s < 300; ++s) {
      requests.push_back(
          append("order-" + std::to_string(s), event(round + 1), expected_version::exactly(round)));
    }
    for (const auto& result : commit(requests)) EXPECT_EQ(result.lengths.front(), round + 1);
  }
  EXPECT_EQ(reader().stream_names("order", "", 1000).size(), 300U);
  if (GetParam().linked) return; // it is verified where it is kept
  EXPECT_EQ(reader().verify([](const std::string& fault) { ADD_FAILURE() << fault; }), 900U);
}

INSTANTIATE_TEST_SUITE_P(Adapters, JournalContract, testing::ValuesIn(adapters()),
                         [](const auto& tested) { return std::string(tested.param.name); });

} // namespace

} // namespace journal_tests
