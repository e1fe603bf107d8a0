#include "model/json_writer.hpp"

#include "model/limits.hpp"
#include "model/utf8.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace ensemble {
namespace {

// Which bytes may stand in a JSON text as they are: ASCII but control characters, `"` and `\`.
constexpr std::array<bool, 256> make_plain() {
  std::array<bool, 256> plain{};
  for (std::size_t i = 0x20; i < 0x80; ++i) plain[i] = i != '"' && i != '\\';
  return plain;
}
constexpr std::array<bool, 256> plain = make_plain();

bool is_plain(char c) { return plain[static_cast<unsigned char>(c)]; }

void append_escape(std::string& out, char c) {
  constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
  case '"': out += "\\\""; return;
  case '\\': out += "\\\\"; return;
  case '\b': out += "\\b"; return;
  case '\f': out += "\\f"; return;
  case '\n': out += "\\n"; return;
  case '\r': out += "\\r"; return;
  case '\t': out += "\\t"; return;
  default: break;
  }
  const auto byte = static_cast<unsigned char>(c);
  out += "\\u00";
  out += digits[byte >> 4];
  out += digits[byte & 15];
}

/// Appends the escaped text; false at the first byte that is not UTF-8.
bool append_escaped(std::string& out, std::string_view text) {
  std::size_t done = 0;
  std::size_t at = 0;
  while (at < text.size()) {
    if (is_plain(text[at])) {
      ++at;
      continue;
    }
    const std::size_t length = utf8_length(text, at);
    if (length == 0) return false;
    if (length == 1) {
      out.append(text, done, at - done);
      append_escape(out, text[at]);
      done = at + 1;
    }
    at += length;
  }
  out.append(text, done);
  return true;
}

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 32> digits; // NOLINT: to_chars fills it
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

} // namespace

void json_writer::field(std::string_view name) {
  field_ = name;
  separate();
  quoted(name);
  out_ += ':';
  first_ = true;
}

void json_writer::integer(std::int64_t value) {
  separate();
  append_number(out_, value);
  first_ = false;
}

void json_writer::unsigned_integer(std::uint64_t value) {
  separate();
  append_number(out_, value);
  first_ = false;
}

void json_writer::number(double value) {
  if (!std::isfinite(value)) refuse("the number is not finite");
  separate();
  // As the integer `-0` the sign would be lost on reading.
  if (value == 0 && std::signbit(value))
    out_ += "-0.0";
  else
    append_number(out_, value);
  first_ = false;
}

void json_writer::text(std::string_view value) {
  separate();
  quoted(value);
  first_ = false;
}

void json_writer::refuse(const std::string& why) {
  std::string what(what_);
  if (!field_.empty()) what += ": field " + quote(field_);
  throw error(errc::bad_message, what + ": " + why);
}

void json_writer::open(char bracket) {
  if (depth_ == nesting_limit)
    refuse("nested more than " + std::to_string(nesting_limit) + " levels deep");
  ++depth_;
  check_size(0);
  separate();
  out_ += bracket;
  first_ = true;
}

void json_writer::close(char bracket) {
  --depth_;
  check_size(0);
  out_ += bracket;
  first_ = false;
}

void json_writer::literal(std::string_view text) {
  separate();
  out_ += text;
  first_ = false;
}

void json_writer::quoted(std::string_view text) {
  check_size(text.size());
  out_ += '"';
  if (!append_escaped(out_, text)) refuse("the text is not valid UTF-8");
  out_ += '"';
}

// Called often enough that a text stays near the limit while it grows; write_json has the last
// word.
void json_writer::check_size(std::size_t more) {
  if (more <= message_limit && out_.size() <= message_limit - more) return;
  refuse("the message is longer than " + std::to_string(message_limit) + " bytes of JSON");
}

std::string write_json(const message_type& type, const void* value) {
  std::string text;
  text.reserve(256);
  json_writer writer(text, type.name);
  type.write(writer, value);
  if (text.size() > message_limit)
    throw error(errc::bad_message, std::string(type.name) + ": the message is longer than " +
                                       std::to_string(message_limit) + " bytes of JSON");
  return text;
}

std::string quote(std::string_view text) {
  constexpr std::size_t enough = 60;
  std::string quoted = "'";
  std::size_t at = 0;
  while (at < text.size() && at < enough) {
    const std::size_t length = utf8_length(text, at);
    if (length == 0)
      quoted += '?';
    else if (length == 1 && text[at] != '"')
      append_escaped(quoted, text.substr(at, 1));
    else
      quoted += text.substr(at, length);
    at += length == 0 ? 1 : length;
  }
  quoted += at < text.size() ? "...'" : "'";
  return quoted;
}

} // namespace ensemble
