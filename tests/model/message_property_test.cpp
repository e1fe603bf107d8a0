#include "model/property.hpp"
#include "model/samples.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

namespace samples {

// RapidCheck shows counterexamples as their JSON.
template <ensemble::message_struct T>
void showValue(const T& value, std::ostream& out) { // NOLINT: RapidCheck's own name
  out << ensemble::message(value).text();
}

} // namespace samples

namespace {

using samples::everything;
using samples::line;

void append_utf8(std::string& out, char32_t c) {
  const auto byte = [&](unsigned value) { out += static_cast<char>(value); };
  if (c < 0x80) return byte(c);
  if (c < 0x800) {
    byte(0xC0U | c >> 6);
  } else {
    if (c < 0x10000) {
      byte(0xE0U | c >> 12);
    } else {
      byte(0xF0U | c >> 18);
      byte(0x80U | (c >> 12 & 0x3FU));
    }
    byte(0x80U | (c >> 6 & 0x3FU));
  }
  byte(0x80U | (c & 0x3FU));
}

/// Any text, with more than its share of the letters that JSON escapes.
rc::Gen<std::string> any_text() {
  const auto letter = rc::gen::weightedOneOf<std::uint32_t>(
      {{6, rc::gen::inRange<std::uint32_t>(0x20, 0x7F)},
       {2, rc::gen::inRange<std::uint32_t>(0, 0x20)},
       {1, rc::gen::element<std::uint32_t>('"', '\\', '/', 0x7F, 0x80, 0x7FF, 0x800, 0xFFFF)},
       {1, rc::gen::inRange<std::uint32_t>(0x80, 0xD800)},
       {1, rc::gen::inRange<std::uint32_t>(0xE000, 0x110000)}});
  return rc::gen::map(rc::gen::container<std::vector<std::uint32_t>>(letter),
                      [](const std::vector<std::uint32_t>& letters) {
                        std::string text;
                        for (const auto c : letters) append_utf8(text, static_cast<char32_t>(c));
                        return text;
                      });
}

/// Every finite number is as likely as every other.
template <class Number, class Bits>
rc::Gen<Number> any_finite() {
  const auto bits = rc::gen::map(rc::gen::noShrink(rc::gen::arbitrary<Bits>()),
                                 [](Bits b) { return std::bit_cast<Number>(b); });
  return rc::gen::suchThat(bits, [](Number n) { return std::isfinite(n); });
}

rc::Gen<line> any_line() {
  return rc::gen::build<line>(rc::gen::set(&line::sku, any_text()), rc::gen::set(&line::quantity));
}

rc::Gen<everything> any_everything() {
  namespace gen = rc::gen;
  using e = everything;
  return gen::build<e>(
      gen::set(&e::flag), gen::set(&e::tiny), gen::set(&e::large), gen::set(&e::byte),
      gen::set(&e::huge), gen::set(&e::rough, any_finite<float, std::uint32_t>()),
      gen::set(&e::fine, any_finite<double, std::uint64_t>()), gen::set(&e::text, any_text()),
      gen::set(&e::from, gen::element(samples::channel::web, samples::channel::shop)),
      gen::set(&e::nested, any_line()),
      gen::set(&e::lines, gen::container<std::vector<line>>(any_line())), gen::set(&e::matrix),
      gen::set(&e::flags),
      gen::set(&e::counts,
               gen::container<std::map<std::string, int>>(any_text(), gen::arbitrary<int>())),
      gen::set(&e::stock, gen::container<std::map<std::string, line>>(any_text(), any_line())),
      gen::set(&e::within, gen::map(gen::arbitrary<std::int64_t>(),
                                    [](std::int64_t s) { return std::chrono::seconds(s); })));
}

/// RapidCheck has no optionals.
void fill_optionals(everything& e) {
  if (*rc::gen::arbitrary<bool>()) e.perhaps = *rc::gen::arbitrary<int>();
  if (*rc::gen::arbitrary<bool>()) e.perhaps_line = *any_line();
  for (auto n = *rc::gen::inRange(0, 4); n > 0; --n)
    e.gaps.push_back(*rc::gen::arbitrary<bool>() ? std::optional(*any_text()) : std::nullopt);
  e.at = ensemble::timestamp(std::chrono::nanoseconds(*rc::gen::arbitrary<std::int64_t>()));
}

/// Decoding may do one of two things.
void decodes_or_refuses(const std::string& bytes) {
  try {
    const auto m = ensemble::message::decode(ensemble::type_of<everything>(), bytes);
    const auto& value = m.as<everything>();
    const ensemble::message again(value);
    RC_ASSERT(ensemble::message::decode(*again.type(), again.text()).as<everything>() == value);
  } catch (const ensemble::error& e) {
    RC_ASSERT(e.code() == ensemble::errc::bad_message);
  }
}

TEST(MessageProperty, AnyValueRoundTrips) {
  check_property(300, [] {
    auto value = *any_everything();
    fill_optionals(value);
    const ensemble::message m(value);
    const auto back = ensemble::message::decode(*m.type(), m.text());
    RC_ASSERT(back.as<everything>() == value);
    RC_ASSERT(ensemble::message(back.as<everything>()).text() == m.text());
  });
}

TEST(MessageProperty, AnyBytesDecodeOrAreRefused) {
  check_property(500, [] { decodes_or_refuses(*rc::gen::arbitrary<std::string>()); });
}

TEST(MessageProperty, DamagedTextDecodesOrIsRefused) {
  check_property(500, [] {
    auto text = ensemble::message(*any_everything()).text();
    const auto hits = *rc::gen::inRange(1, 5);
    for (int i = 0; i < hits; ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
      const auto piece = *rc::gen::element<std::string>(
          "", "\"", "\\", "{", "}", "[", "]", ",", ":", "null", "-", "1e999", "9", ".", "\xFF",
          "\xC3\xBC", std::string(1, '\0'), R"("flag":true,)", std::string(70, '['));
      text.replace(at, *rc::gen::inRange<std::size_t>(0, 3), piece);
    }
    decodes_or_refuses(text);
  });
}

TEST(MessageProperty, TextCutShortIsRefused) {
  check_property(200, [] {
    const auto text = ensemble::message(*any_everything()).text();
    const auto cut = text.substr(0, *rc::gen::inRange<std::size_t>(0, text.size()));
    RC_ASSERT_THROWS_AS((void)ensemble::message::decode(ensemble::type_of<everything>(), cut),
                        ensemble::error);
  });
}

} // namespace
