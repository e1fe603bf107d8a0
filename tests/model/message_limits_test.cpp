#include "model/json_document.hpp"
#include "model/json_reader.hpp"
#include "model/json_writer.hpp"
#include "model/limits.hpp"
#include "model/samples.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

// What the door refuses, and how it says so.
namespace ensemble {
namespace {

using samples::everything;
using samples::order_created;
using samples::tree;

std::string refusal(const message_type& type, const std::string& text) {
  try {
    (void)message::decode(type, text);
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::bad_message) << e.what();
    return e.what();
  }
  return "it was taken";
}

std::string order_refusal(const std::string& text) {
  return refusal(type_of<order_created>(), text);
}

std::string everything_refusal(const std::string& text) {
  return refusal(type_of<everything>(), text);
}

std::string write_refusal(const message& m) {
  try {
    (void)m.text();
  } catch (const error& e) {
    EXPECT_EQ(e.code(), errc::bad_message) << e.what();
    return e.what();
  }
  return "it was written";
}

std::string nested_lists(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

/// A tree whose text is nested that deep: each level is an object and a list.
tree deep_tree(std::size_t levels) {
  tree top;
  for (std::size_t i = 1; i < levels; ++i) {
    tree above;
    above.children.push_back(std::move(top));
    top = std::move(above);
  }
  return top;
}

/// An order whose text has exactly that many bytes.
order_created order_of_size(std::size_t bytes) {
  const auto frame = message(order_created{}).text().size();
  return {std::string(bytes - frame, 'x')};
}

TEST(MessageLimits, ErrorNamesThePath) {
  EXPECT_EQ(order_refusal(R"({"lines":[{},{},{},{"quantity":"x"}]})"),
            "order_created.lines[3].quantity: expected an integer, got text");
  EXPECT_EQ(everything_refusal(R"({"matrix":[[],[1,2,true]]})"),
            "everything.matrix[1][2]: expected an integer, got a boolean");
  EXPECT_EQ(everything_refusal(R"({"stock":{"a\nb":{"sku":null}}})"),
            "everything.stock.a\\nb.sku: expected text, got null");
}

TEST(MessageLimits, EveryKindOfMismatchIsRefused) {
  EXPECT_EQ(everything_refusal("[]"), "everything: expected an object, got a list");
  EXPECT_EQ(refusal(type_of<samples::ping>(), "1"), "ping: expected an object, got an integer");
  EXPECT_EQ(everything_refusal(R"({"flag":0})"),
            "everything.flag: expected a boolean, got an integer");
  EXPECT_EQ(everything_refusal(R"({"text":-1})"),
            "everything.text: expected text, got a negative integer");
  EXPECT_EQ(everything_refusal(R"({"fine":"1"})"), "everything.fine: expected a number, got text");
  EXPECT_EQ(everything_refusal(R"({"nested":[]})"),
            "everything.nested: expected an object, got a list");
  EXPECT_EQ(everything_refusal(R"({"lines":{}})"),
            "everything.lines: expected a list, got an object");
  EXPECT_EQ(everything_refusal(R"({"counts":[]})"),
            "everything.counts: expected an object, got a list");
  EXPECT_EQ(everything_refusal(R"({"large":1.5})"),
            "everything.large: expected an integer, got a fraction");
  EXPECT_EQ(everything_refusal(R"({"huge":{}})"),
            "everything.huge: expected an integer, got an object");
  EXPECT_EQ(everything_refusal(R"({"from":"moon"})"),
            "everything.from: 'moon' is not one of its values");
}

TEST(MessageLimits, NumberOutOfItsFieldsRangeIsRefused) {
  for (const auto* text :
       {R"({"tiny":128})", R"({"tiny":-129})", R"({"byte":256})", R"({"byte":-1})",
        R"({"large":9223372036854775808})", R"({"large":-9223372036854775809})",
        R"({"huge":18446744073709551616})", R"({"huge":-1})", R"({"huge":1e30})",
        R"({"rough":1e39})", R"({"rough":-1e39})"})
    EXPECT_NE(everything_refusal(text).find(": the number does not fit its field"),
              std::string::npos)
        << text << ": " << everything_refusal(text);
}

TEST(MessageLimits, NumbersAtTheEdgeAreTaken) {
  for (const auto* text :
       {R"({"tiny":127})", R"({"tiny":-128})", R"({"byte":255})", R"({"byte":0})",
        R"({"large":9223372036854775807})", R"({"large":-9223372036854775808})",
        R"({"huge":18446744073709551615})", R"({"rough":3.4e38})", R"({"fine":1.7e308})"})
    EXPECT_EQ(everything_refusal(text), "it was taken") << text;
}

TEST(MessageLimits, NumberBeyondADoubleIsRefusedEverywhere) {
  EXPECT_EQ(everything_refusal(R"({"fine":1e999})"),
            "everything: a number is beyond the range of a double");
  EXPECT_EQ(everything_refusal(R"({"unknown":-1e999})"),
            "everything: a number is beyond the range of a double");
}

TEST(MessageLimits, TextThatIsNotJsonIsRefused) {
  using namespace std::string_literals;
  const auto poison = {""s,
                       " "s,
                       "{"s,
                       "}"s,
                       "nul"s,
                       "{}{}"s,
                       "{} x"s,
                       "{}\0"s,
                       "\0"s,
                       "{\"order_id\":\"a\0b\"}"s,
                       "{'a':1}"s,
                       "{a:1}"s,
                       "{\"a\":1,}"s,
                       "{\"a\":01}"s,
                       "{\"a\":NaN}"s,
                       "{\"a\":.5}"s,
                       "/**/{}"s,
                       "{\"a\":\"\n\"}"s};
  for (const auto& text : poison)
    EXPECT_EQ(order_refusal(text).find("order_created: not valid JSON at byte "), 0U)
        << text << ": " << order_refusal(text);
}

TEST(MessageLimits, InvalidUtf8IsRefusedAlsoInUnknownFields) {
  for (const std::string bad : {"\xFF", "\xC3", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                                "\x80", "\xE2\x82", "\xF0\x80\x80\x80"}) {
    EXPECT_NE(order_refusal("{\"order_id\":\"" + bad + "\"}"), "it was taken");
    EXPECT_NE(order_refusal("{\"unknown\":\"" + bad + "\"}"), "it was taken");
    EXPECT_NE(order_refusal("{\"" + bad + "\":1}"), "it was taken");
  }
  EXPECT_NE(order_refusal(R"({"order_id":"\ud800"})"), "it was taken");
}

TEST(MessageLimits, DoubledNamesAreRefusedAtAnyDepth) {
  EXPECT_EQ(order_refusal(R"({"order_id":"a","x":1,"order_id":"b"})"),
            "order_created: the name 'order_id' stands twice in one object");
  EXPECT_EQ(order_refusal(R"({"unknown":[{"a":1,"\u0061":2}]})"),
            "order_created: the name 'a' stands twice in one object");
  EXPECT_EQ(order_refusal(R"({"x":{"a":1},"a":{"a":{"a":1}}})"), "it was taken");
}

TEST(MessageLimits, ManyNamesAreCheckedQuickly) {
  std::string text = "{";
  for (int i = 0; i < 80'000; ++i) text += "\"n" + std::to_string(i) + "\":1,";
  EXPECT_EQ(order_refusal(text + "\"last\":1}"), "it was taken");
  EXPECT_NE(order_refusal(text + "\"n0\":1}"), "it was taken");
}

TEST(MessageLimits, NestingStopsAt64) {
  const auto wrapped = [](std::size_t lists) { return "{\"x\":" + nested_lists(lists) + "}"; };
  EXPECT_EQ(order_refusal(wrapped(nesting_limit - 1)), "it was taken");
  EXPECT_EQ(order_refusal(wrapped(nesting_limit)),
            "order_created: nested more than 64 levels deep");
  EXPECT_EQ(order_refusal(nested_lists(100'000)), "order_created: nested more than 64 levels deep");
  EXPECT_EQ(order_refusal(std::string(100'000, '[')),
            "order_created: nested more than 64 levels deep");
}

TEST(MessageLimits, WhatIsNestedTooDeepIsNotWritten) {
  const message fits = deep_tree(nesting_limit / 2);
  EXPECT_EQ(refusal(type_of<tree>(), fits.text()), "it was taken");
  EXPECT_EQ(write_refusal(deep_tree(nesting_limit / 2 + 1)),
            "tree: field 'children': nested more than 64 levels deep");
}

TEST(MessageLimits, OneMebibyteIsTakenAndWrittenAndOneByteMoreIsNot) {
  const message fits = order_of_size(message_limit);
  EXPECT_EQ(fits.text().size(), message_limit);
  EXPECT_EQ(order_refusal(fits.text()), "it was taken");
  EXPECT_EQ(order_refusal(fits.text() + " "), "order_created: longer than 1048576 bytes of JSON");
  EXPECT_NE(write_refusal(order_of_size(message_limit + 1)).find("longer than 1048576 bytes"),
            std::string::npos);
}

TEST(MessageLimits, WritingStopsSoonAfterTheLimit) {
  everything e;
  e.gaps.assign(1'000'000, std::nullopt);
  EXPECT_NE(write_refusal(e).find("longer than 1048576 bytes"), std::string::npos);
  everything controls;
  controls.text.assign(message_limit - 1000, '\x01'); // six bytes each
  EXPECT_NE(write_refusal(controls).find("longer than 1048576 bytes"), std::string::npos);
}

TEST(MessageLimits, WhatHasNoJsonIsNotWritten) {
  everything e;
  e.fine = std::numeric_limits<double>::infinity();
  EXPECT_EQ(write_refusal(e), "everything: field 'fine': the number is not finite");
  e.fine = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(write_refusal(e), "everything: field 'fine': the number is not finite");
  EXPECT_EQ(write_refusal(order_created{"\xED\xA0\x80"}),
            "order_created: field 'order_id': the text is not valid UTF-8");
  everything key;
  key.counts["\xFF"] = 1;
  EXPECT_EQ(write_refusal(key), "everything: field '?': the text is not valid UTF-8");
  EXPECT_EQ(write_refusal(order_created{"o", {}, static_cast<samples::channel>(9)}),
            "order_created: field 'from': its value is not one that ENSEMBLE_ENUM declares");
}

TEST(MessageLimits, ErrorTextsStayShortAndPrintable) {
  const std::string name(100'000, 'x');
  EXPECT_LT(order_refusal("{\"" + name + "\":1,\"" + name + "\":2}").size(), 300U);
  EXPECT_LT(order_refusal("{\"from\":\"" + name + "\"}").size(), 300U);
  EXPECT_LT(everything_refusal("{\"counts\":{\"" + name + "\":\"\"}}").size(), 300U);
  EXPECT_EQ(order_refusal(R"({"\u0000\n":1,"\u0000\n":2})"),
            "order_created: the name '\\u0000\\n' stands twice in one object");
}

TEST(JsonReader, TakesElementsInAnyOrderAndRefusesOneThatIsNotThere) {
  const json_document document("[10,[20,21],30]", "it");
  json_reader reader(document, "it");
  ASSERT_EQ(reader.array_size(), 3U);
  for (const auto& [at, value] : {std::pair(2U, 30), std::pair(0U, 10), std::pair(2U, 30)}) {
    reader.enter_element(at);
    EXPECT_EQ(reader.integer(), value);
    reader.leave();
  }
  try {
    reader.enter_element(3);
    ADD_FAILURE() << "there is no such element";
  } catch (const error& e) {
    EXPECT_STREQ(e.what(), "it: the list has no element 3");
  }
}

TEST(JsonReader, TakesAZeroWithASignForZero) {
  const json_document document("-0", "it");
  EXPECT_EQ(json_reader(document, "it").integer(), 0);
  EXPECT_EQ(json_reader(document, "it").unsigned_integer(), 0U);
}

TEST(JsonWriter, RefusesATextThatAloneIsLongerThanAMessage) {
  std::string out;
  json_writer writer(out, "it");
  try {
    writer.text(std::string(message_limit + 1, 'x'));
    ADD_FAILURE() << "it was written";
  } catch (const error& e) {
    EXPECT_THAT(e.what(), testing::StartsWith("it: the message is longer than"));
  }
}

TEST(Quote, EscapesAndCutsAndTakesAnyBytes) {
  EXPECT_EQ(quote("say \"a\"\n\xFF"), "'say \"a\"\\n?'");
  EXPECT_EQ(quote(std::string(61, 'x')), "'" + std::string(60, 'x') + "...'");
}

} // namespace
} // namespace ensemble
