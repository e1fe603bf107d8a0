#include "model/samples.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <thread>

namespace ensemble {
namespace {

using samples::everything;
using samples::line;
using samples::order_created;

template <message_struct T>
T read(const std::string& text) {
  return message::decode(type_of<T>(), text).template as<T>();
}

everything filled() {
  everything e;
  e.flag = true;
  e.tiny = -128;
  e.large = std::numeric_limits<std::int64_t>::min();
  e.byte = 255;
  e.huge = std::numeric_limits<std::uint64_t>::max();
  e.rough = 0.1F;
  e.fine = 1e300;
  e.text = "gr\xC3\xBC\xC3\x9F dich \"\\/\b\f\n\r\t\x01\x7F";
  e.from = samples::channel::shop;
  e.nested = {"a", -1};
  e.perhaps = 0;
  e.perhaps_line = line{"b", 2};
  e.lines = {{"c", 3}, {}};
  e.matrix = {{1, 2}, {}, {3}};
  e.flags = {true, false};
  e.gaps = {std::nullopt, ""};
  e.counts = {{"", 1}, {"x\ny", 2}};
  e.stock = {{"s", {"d", 4}}};
  e.within = std::chrono::hours(1);
  e.at = timestamp(std::chrono::nanoseconds(1'700'000'000'123'456'789));
  return e;
}

// The stored form, for ever. A journal may hold this text: it must always be read, and the same
// value must always be written so.
const std::string golden =
    R"({"flag":true,"tiny":-128,"large":-9223372036854775808,"byte":255,)"
    R"("huge":18446744073709551615,"rough":0.10000000149011612,"fine":1e+300,)"
    "\"text\":\"gr\xC3\xBC\xC3\x9F dich \\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7F\","
    R"("from":"shop","nested":{"sku":"a","quantity":-1},"perhaps":0,)"
    R"("perhaps_line":{"sku":"b","quantity":2},)"
    R"("lines":[{"sku":"c","quantity":3},{"sku":"","quantity":0}],"matrix":[[1,2],[],[3]],)"
    R"("flags":[true,false],"gaps":[null,""],"counts":{"":1,"x\ny":2},)"
    R"("stock":{"s":{"sku":"d","quantity":4}},"within":3600,"at":1700000000123456789})";

TEST(Message, StoredFormNeverChanges) {
  EXPECT_EQ(message(filled()).text(), golden);
  EXPECT_EQ(read<everything>(golden), filled());
}

TEST(Message, KnowsItsNameAndSchemaVersion) {
  const message m = filled();
  EXPECT_EQ(m.name(), "everything");
  EXPECT_EQ(m.schema_version(), 3);
  EXPECT_EQ(m.type(), &type_of<everything>());
  EXPECT_TRUE(m.is<everything>());
  EXPECT_EQ(m.get_if<order_created>(), nullptr);
}

TEST(Message, EmptyStructIsAnEmptyObject) {
  EXPECT_EQ(message(samples::ping{}).text(), "{}");
  EXPECT_EQ(read<samples::ping>(" {} \n"), samples::ping{});
}

TEST(Message, UnknownFieldsAreIgnored) {
  const auto order = read<order_created>(
      R"({"new":{"a":[{"b":null}]},"order_id":"o1","newer":[[1],{"x":2}],"from":"web","n":1.5})");
  EXPECT_EQ(order, (order_created{"o1", {}, samples::channel::web}));
}

TEST(Message, MissingFieldKeepsItsDefault) {
  EXPECT_EQ(read<order_created>("{}"), order_created{});
  EXPECT_EQ(read<order_created>("{}").from, samples::channel::shop);
  EXPECT_EQ(read<order_created>(R"({"lines":[{"quantity":2}]})").lines.at(0), (line{"", 2}));
}

TEST(Message, OrderOfFieldsDoesNotMatter) {
  const auto order =
      read<order_created>(R"({"from":"web","lines":[{"quantity":2,"sku":"a"}],"order_id":"o1"})");
  EXPECT_EQ(order, (order_created{"o1", {{"a", 2}}, samples::channel::web}));
}

TEST(Message, NullEmptiesAnOptional) {
  EXPECT_EQ(read<everything>(R"({"perhaps":null})").perhaps, std::nullopt);
  EXPECT_EQ(read<everything>(R"({"perhaps":7})").perhaps, 7);
}

TEST(Message, EscapesAndNulInTextComeBack) {
  const auto order = read<order_created>(R"({"order_id":"\u0000\u00fc\ud83d\ude00\/"})");
  EXPECT_EQ(order.order_id, std::string("\0\xC3\xBC\xF0\x9F\x98\x80/", 8));
  EXPECT_EQ(read<order_created>(message(order).text()), order);
}

TEST(Message, NegativeZeroKeepsItsSign) {
  everything e;
  e.fine = -0.0;
  EXPECT_TRUE(std::signbit(read<everything>(message(e).text()).fine));
}

TEST(Message, WholeNumberMayStandForAFraction) {
  EXPECT_EQ(read<everything>(R"({"fine":3})").fine, 3.0);
  EXPECT_EQ(read<everything>(R"({"fine":-3})").fine, -3.0);
}

TEST(Message, DecodedMessageKeepsItsStoredText) {
  const std::string stored = R"({ "order_id": "o1", "unknown": 1 })";
  const auto m = message::decode(type_of<order_created>(), stored);
  EXPECT_EQ(m.text(), stored);
  EXPECT_EQ(m.as<order_created>().order_id, "o1");
}

TEST(Message, OpaqueMessageKeepsWhatWasStored) {
  const auto m = message::opaque("old_event", 4, "anything");
  EXPECT_EQ(m.name(), "old_event");
  EXPECT_EQ(m.schema_version(), 4);
  EXPECT_EQ(m.text(), "anything");
  EXPECT_EQ(m.type(), nullptr);
  EXPECT_EQ(m.get_if<order_created>(), nullptr);
}

TEST(Message, EmptyMessageHasNoNameAndNoText) {
  const message m;
  EXPECT_TRUE(m.empty());
  EXPECT_EQ(m.name(), "");
  EXPECT_EQ(m.schema_version(), 0);
  EXPECT_EQ(m.get_if<order_created>(), nullptr);
  EXPECT_THROW((void)m.text(), error);
  EXPECT_EQ(m, message());
  EXPECT_FALSE(m == message(samples::ping{}));
}

TEST(Message, EqualMeansEqualNameAndText) {
  EXPECT_EQ(message(order_created{"o1"}), message(order_created{"o1"}));
  EXPECT_FALSE(message(order_created{"o1"}) == message(order_created{"o2"}));
  EXPECT_FALSE(message(samples::ping{}) == message::opaque("pong", 1, "{}"));
  EXPECT_EQ(message(samples::ping{}), message::opaque("ping", 1, "{}"));
}

TEST(Message, AskingForAnotherTypeNamesBoth) {
  try {
    (void)message(samples::ping{}).as<order_created>();
    FAIL() << "it was taken for another type";
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::bad_message);
    EXPECT_STREQ(e.what(), "expected message 'order_created', got 'ping'");
  }
}

TEST(Message, TextIsMadeOnceForAllThreads) {
  for (int round = 0; round < 50; ++round) {
    const message m = filled();
    std::array<const std::string*, 8> seen{};
    std::vector<std::thread> threads;
    for (auto& text : seen) threads.emplace_back([&text, copy = m] { text = &copy.text(); });
    for (auto& thread : threads) thread.join();
    for (const auto* text : seen) EXPECT_EQ(text, seen[0]);
    EXPECT_EQ(*seen[0], golden);
  }
}

TEST(Message, TextThatCouldNotBeMadeFailsAgain) {
  const message m = order_created{"\xFF"};
  EXPECT_THROW((void)m.text(), error);
  EXPECT_THROW((void)m.text(), error);
}

} // namespace
} // namespace ensemble
