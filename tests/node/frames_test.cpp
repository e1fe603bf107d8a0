// What nodes say to each other: written and read back, cut, changed and too long.

#include "explorer/random_definition.hpp"
#include "model/samples.hpp"
#include "node/frames.hpp"
#include "node/wire.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace node_tests {

using namespace ensemble;
using testing::HasSubstr;

namespace {

const message_type* find_type(std::string_view name) {
  return name == type_of<samples::order_created>().name ? &type_of<samples::order_created>()
                                                        : nullptr;
}

/// Frames of every kind, with parts that are there or not, empty or long.
class any_frame {
public:
  explicit any_frame(std::uint64_t seed) : dice_(seed) {}

  node::frame operator()() {
    switch (dice_.below(std::variant_size_v<node::frame>)) {
    case 0:
      return node::hello{1,
                         text(),
                         text(),
                         id<node::incarnation_id>(),
                         some(&any_frame::text),
                         some(&any_frame::text)};
    case 1: return node::welcome{text(), id<node::incarnation_id>(), time(), time()};
    case 2: return node::turned_away{text()};
    case 3: return node::heartbeat{number()};
    case 4: return node::heartbeat_heard{number()};
    case 5: return node::append_asked{number(), request()};
    case 6: return node::append_told{number(), failure(), result()};
    case 7: return question();
    case 8:
      return node::read_told{number(),
                             failure(),
                             {number()},
                             some(&any_frame::recorded),
                             some(&any_frame::text),
                             some(&any_frame::row),
                             flag()};
    case 9: return node::follow{{number()}, static_cast<std::uint32_t>(dice_.below(100))};
    case 10: return node::committed_events{{number()}, {number()}, some(&any_frame::recorded)};
    case 11:
      return node::command_asked{text(), id<command_id>(), id<command_id>(), flag(),   flag(),
                                 flag(), flag(),           flag(),           origin(), body()};
    case 12: return told();
    case 13: return node::frames_taken{number()};
    case 14: return node::service_moved{text()};
    default: return node::attempt_failed_told{id<instance_id>(), id<command_id>(), text()};
    }
  }

private:
  bool flag() { return dice_.chance(0.5); }
  std::uint64_t number() {
    return (std::uint64_t{dice_.below(1U << 31)} << 33 | dice_.below(1U << 31)) >> dice_.below(64);
  }
  duration time() {
    const duration magnitude(static_cast<std::int64_t>(number() >> 1));
    return flag() ? magnitude : -magnitude;
  }
  std::string text() {
    std::string made(dice_.chance(0.1) ? 200 + dice_.below(200) : dice_.below(8), 'x');
    for (auto& c : made) c = static_cast<char>(dice_.below(256));
    return made;
  }
  template <class Id>
  Id id() {
    return Id::of(number(), number());
  }
  template <class Part>
  std::vector<Part> some(Part (any_frame::*make)()) {
    std::vector<Part> made;
    for (auto left = dice_.below(4); left > 0; --left) made.push_back((this->*make)());
    return made;
  }
  template <class Part>
  std::optional<Part> perhaps(Part (any_frame::*make)()) {
    return flag() ? std::optional((this->*make)()) : std::nullopt;
  }
  message body() {
    if (dice_.chance(0.1)) return {};
    if (flag()) return samples::order_created{"o" + std::to_string(dice_.below(9)), {{"a", 3}}};
    return message::opaque("nobody_knows", static_cast<int>(dice_.below(9)), R"({"a":[1,null]})");
  }
  event_origin origin() {
    return {id<correlation_id>(),
            id<event_id>(),
            id<instance_id>(),
            text(),
            static_cast<direction>(dice_.below(6)),
            static_cast<std::uint32_t>(dice_.below(9))};
  }
  new_event unrecorded() {
    return {id<event_id>(), static_cast<std::uint32_t>(dice_.below(300)), flag(), origin(), body()};
  }
  recorded_event recorded() {
    return {{number()},     text(),
            {number()},     timestamp(time()),
            id<event_id>(), static_cast<std::uint32_t>(dice_.below(300)),
            flag(),         origin(),
            body()};
  }
  stream_append part() {
    const auto expected = flag() ? expected_version::any() : expected_version::exactly(number());
    return {text(), expected, some(&any_frame::unrecorded)};
  }
  book_change change() { return {text(), text(), perhaps(&any_frame::text)}; }
  book_expectation expectation() { return {text(), text(), perhaps(&any_frame::text)}; }
  book_row row() { return {text(), text()}; }
  append_request request() {
    return {some(&any_frame::part), some(&any_frame::change), flag(),
            some(&any_frame::expectation)};
  }
  append_result result() {
    return {static_cast<append_result::status>(dice_.below(5)),
            {number()},
            {number()},
            some(&any_frame::number)};
  }
  node::read_asked question() {
    const auto of = id<instance_id>();
    return {static_cast<node::read_asked::kind>(dice_.below(9)),
            number(),
            text(),
            text(),
            number(),
            of.bytes,
            number()};
  }
  std::optional<error> failure() {
    if (flag()) return std::nullopt;
    return error(
        static_cast<errc>(dice_.below(static_cast<std::size_t>(errc::unknown_outcome) + 1)),
        "something went wrong");
  }
  node::command_told told() {
    node::command_told made;
    made.id = id<command_id>();
    made.failure = failure();
    if (!made.failure)
      made.result = receipt{id<command_id>(),           id<correlation_id>(),      text(), number(),
                            some(&any_frame::recorded), perhaps(&any_frame::text), flag()};
    return made;
  }

  explorer::dice dice_;
};

std::string why_refused(std::string_view bytes, const type_lookup& types = {}) {
  try {
    (void)node::decode(bytes, types);
  } catch (const error& e) {
    EXPECT_THAT(e.code(), testing::AnyOf(errc::bad_message, errc::newer_schema));
    return e.what();
  }
  return {};
}

TEST(Frames, AreReadAsTheyWereWritten) {
  any_frame frames(1);
  std::set<std::size_t> kinds;
  for (int n = 0; n < 5'000; ++n) {
    const auto frame = frames();
    kinds.insert(frame.index());
    const auto bytes = node::encode(frame);
    for (const auto& types : {type_lookup{}, type_lookup{find_type}}) {
      const auto read = node::decode(bytes, types);
      ASSERT_EQ(read.index(), frame.index());
      ASSERT_EQ(node::encode(read), bytes) << "frame " << n << " of kind " << frame.index();
    }
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<node::frame>);
}

TEST(Frames, EveryFieldComesBack) {
  const node::hello greeting{
      1, "orders", "w1", node::incarnation_id::of(1, 2), {"payment", "shipping"}};
  EXPECT_EQ(std::get<node::hello>(node::decode(node::encode(greeting), {})), greeting);
  node::append_asked asked;
  asked.tag = 300;
  asked.request.essential = true;
  new_event e;
  e.id = event_id::of(5, 6);
  e.index = 7;
  e.last = false;
  e.origin = {correlation_id::of(1, 1), event_id::of(2, 2), instance_id::of(3, 3), "pay",
              direction::undo,          std::uint32_t{4}};
  e.body = samples::order_created{"o1", {{"a", 2}}};
  asked.request.streams.push_back({"order-1", expected_version::exactly(9), {e}});
  asked.request.streams.push_back({"order-2", expected_version::any(), {}});
  asked.request.books.push_back({"open", "k", std::nullopt});
  asked.request.expected_rows.push_back({"owners", "shard", "anna"});
  const auto frame = node::decode(node::encode(asked), find_type);
  const auto& read = std::get<node::append_asked>(frame);
  EXPECT_EQ(read.tag, 300U);
  EXPECT_TRUE(read.request.essential);
  ASSERT_EQ(read.request.streams.size(), 2U);
  EXPECT_EQ(read.request.streams[0].stream, "order-1");
  EXPECT_EQ(read.request.streams[0].expected.length(), 9U);
  EXPECT_EQ(read.request.streams[1].expected.length(), std::nullopt);
  const auto& event = read.request.streams[0].events.at(0);
  EXPECT_EQ(event.id, e.id);
  EXPECT_EQ(event.index, 7U);
  EXPECT_FALSE(event.last);
  EXPECT_EQ(event.origin, e.origin);
  EXPECT_TRUE(event.body.is<samples::order_created>()) << "its type is known here";
  EXPECT_EQ(event.body, e.body);
  EXPECT_EQ(read.request.books.at(0).value, std::nullopt);
  EXPECT_EQ(read.request.expected_rows.at(0).value, "anna");
  EXPECT_FALSE(std::get<node::append_asked>(node::decode(node::encode(asked), {}))
                   .request.streams[0]
                   .events[0]
                   .body.type())
      << "its type is not known there";
}

// Nodes of this version have to read each other, whatever compiled them.
TEST(Frames, TheBytesOfThisVersionNeverChange) {
  const auto bytes = node::encode(
      node::hello{1, "orders", "w1", node::incarnation_id::of(1, 0xFF), {"payment"}, {}});
  EXPECT_EQ(bytes,
            std::string("\0\1\6orders\2w1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\xFF\1\7payment\0", 38));
  EXPECT_EQ(node::encode(node::heartbeat{300}), std::string("\3\xAC\2", 3));
  EXPECT_EQ(node::protocol_version, 1U) << "then write the new bytes here";
}

TEST(Frames, CutShortOrTooLongAreRefused) {
  any_frame frames(2);
  for (int n = 0; n < 300; ++n) {
    const auto bytes = node::encode(frames());
    for (std::size_t length = 0; length < bytes.size(); ++length)
      ASSERT_NE(why_refused(std::string_view(bytes).substr(0, length)), "")
          << "frame " << n << " cut at " << length;
    ASSERT_THAT(why_refused(bytes + '\0'), HasSubstr("something follows"));
  }
  EXPECT_THAT(why_refused(std::string(node::most_frame_bytes + 1, '\0')), HasSubstr("too long"));
  node::turned_away long_one{std::string(node::most_frame_bytes, 'x')};
  EXPECT_THROW((void)node::encode(long_one), error);
  long_one.reason.resize(node::most_frame_bytes - 5);
  EXPECT_EQ(why_refused(node::encode(long_one)), "");
}

TEST(Frames, AnyChangedByteIsAnErrorOrAnotherFrame) {
  any_frame frames(3);
  explorer::dice dice(3);
  std::size_t refused = 0;
  for (int n = 0; n < 20'000; ++n) {
    auto bytes = node::encode(frames());
    bytes[dice.below(bytes.size())] ^= static_cast<char>(1 + dice.below(255));
    const auto why = why_refused(bytes);
    refused += why.empty() ? 0 : 1;
    if (!why.empty()) continue;
    const auto read = node::decode(bytes, {});
    const auto* greeting = std::get_if<node::hello>(&read);
    if (greeting && greeting->protocol != node::protocol_version) continue; // the rest is not read
    ASSERT_EQ(node::encode(read), bytes);
  }
  EXPECT_GT(refused, 1'000U);
}

TEST(Frames, OfAnotherVersionTellItAndNoMore) {
  const auto frame = node::decode(std::string("\0\2", 2) + " whatever that version says", {});
  EXPECT_EQ(std::get<node::hello>(frame).protocol, 2U);
  EXPECT_EQ(std::get<node::hello>(frame).node, "");
}

TEST(Frames, SmallOnesDoNotBecomeLarge) {
  const std::string rows(3'000'000, '\0'); // each byte a name
  std::string bytes = "\x08\1";
  bytes += std::string("\0\0\0", 3);
  bytes += "\xC0\x8D\xB7\x01" + rows;
  EXPECT_THAT(why_refused(bytes), HasSubstr("too much memory"));
}

TEST(Frames, ThatCannotBeAreRefused) {
  EXPECT_THAT(why_refused("\x10"), HasSubstr("no kind 16"));
  EXPECT_THAT(why_refused(std::string("\3\x80\0", 3)), HasSubstr("longer than it needs"));
  EXPECT_THAT(why_refused("\3\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\2"), HasSubstr("too large"));
  EXPECT_EQ(why_refused("\3\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\1"), "");
  EXPECT_THAT(why_refused("\2\xFF\xFF\xFF\xFF\x0F"), HasSubstr("more follows than there is"));
  EXPECT_THAT(why_refused(std::string("\x0C\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\1\3\3a\0b", 24)),
              HasSubstr("NUL"));
  EXPECT_THAT(why_refused(std::string("\x0C\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\2\0\0", 19)),
              HasSubstr("a receipt or"));
  node::command_asked asked;
  for (const auto* text : {"no json", "[]", R"({"a":1,"a":2})"}) {
    asked.body = message::opaque("nobody_knows", 1, text);
    EXPECT_THAT(why_refused(node::encode(asked)), HasSubstr("nobody_knows")) << text;
  }
  asked.body = message::opaque("No Name", 1, "{}");
  EXPECT_THAT(why_refused(node::encode(asked)), HasSubstr("name"));
  asked.body = message::opaque("order_created", 99, "{}");
  EXPECT_THAT(why_refused(node::encode(asked), find_type), HasSubstr("schema version 99"));
}

} // namespace

} // namespace node_tests
