#include "node/wire.hpp"

#include <algorithm>

namespace ensemble::node {

namespace {
constexpr unsigned bits = 7;
constexpr std::uint64_t more = 1U << bits;
} // namespace

void wire_writer::number(std::uint64_t value) {
  for (; value >= more; value >>= bits) out_ += static_cast<char>(value % more | more);
  out_ += static_cast<char>(value);
}

void wire_writer::text(std::string_view value) {
  number(value.size());
  out_ += value;
}

void wire_writer::bytes(const std::uint8_t* from, std::size_t count) {
  out_.append(reinterpret_cast<const char*>(from), count);
}

std::uint64_t wire_reader::number(std::uint64_t most) {
  std::uint64_t value = 0;
  for (unsigned shift = 0;; shift += bits) {
    const auto byte = static_cast<std::uint8_t>(take(1).front());
    const std::uint64_t part = byte % more;
    if (shift > 63 || (part << shift) >> shift != part) refuse("a number is too large");
    value |= part << shift;
    if (byte >= more) continue;
    if (byte == 0 && shift > 0) refuse("a number is longer than it needs to be");
    break;
  }
  if (value > most) refuse("a number is too large");
  return value;
}

std::string_view wire_reader::text() { return take(count()); }

void wire_reader::bytes(std::uint8_t* to, std::size_t count) {
  const auto from = take(count);
  std::copy(from.begin(), from.end(), reinterpret_cast<char*>(to));
}

std::size_t wire_reader::count() {
  const auto value = number();
  if (value > left_.size()) refuse("it says that more follows than there is");
  return static_cast<std::size_t>(value);
}

void wire_reader::refuse(const std::string& why) const {
  throw error(errc::bad_message, "a frame of " + std::to_string(all_.size()) +
                                     " bytes cannot be read, at byte " +
                                     std::to_string(all_.size() - left_.size()) + ": " + why);
}

std::string_view wire_reader::take(std::size_t count) {
  if (count > left_.size()) refuse("it ends too soon");
  const auto taken = left_.substr(0, count);
  left_.remove_prefix(count);
  return taken;
}

} // namespace ensemble::node
