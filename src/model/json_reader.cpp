#include "model/json_reader.hpp"

#include "model/json_writer.hpp"

#include <bit>
#include <cmath>
#include <limits>

namespace ensemble {
namespace {

std::string_view name_of(json_kind kind) {
  switch (kind) {
  case json_kind::null: return "null";
  case json_kind::boolean: return "a boolean";
  case json_kind::negative: return "a negative integer";
  case json_kind::natural: return "an integer";
  case json_kind::fraction: return "a fraction";
  case json_kind::text: return "text";
  case json_kind::list: return "a list";
  case json_kind::object: return "an object";
  }
  return "an unknown value";
}

constexpr const char* does_not_fit = "the number does not fit its field";

} // namespace

void json_reader::expect_object() {
  if (here().kind != json_kind::object) refuse_kind("an object");
}

bool json_reader::enter_field(std::string_view name) {
  expect_object();
  frame& top = frames_.back();
  const json_node& object = here();
  std::uint32_t at = top.cursor;
  for (auto left = object.bits; left > 0; --left) {
    if (at == object.end) at = top.node + 1;
    const std::uint32_t next = document_[at].end;
    if (document_.name_of(at) == name) {
      top.cursor = next;
      frames_.push_back({at, at + 1, 0});
      return true;
    }
    at = next;
  }
  return false;
}

std::size_t json_reader::array_size() {
  if (here().kind != json_kind::list) refuse_kind("a list");
  return here().bits;
}

void json_reader::enter_element(std::size_t index) {
  if (index >= array_size()) refuse("the list has no element " + std::to_string(index));
  frame& top = frames_.back();
  if (index < top.index) top = {top.node, top.node + 1, 0};
  for (; top.index < index; ++top.index) top.cursor = document_[top.cursor].end;
  const std::uint32_t at = top.cursor;
  frames_.push_back({at, at + 1, 0});
}

std::vector<std::string> json_reader::field_names() {
  expect_object();
  std::vector<std::string> names;
  names.reserve(here().bits);
  for (std::uint32_t at = frames_.back().node + 1; at < here().end; at = document_[at].end)
    names.emplace_back(document_.name_of(at));
  return names;
}

bool json_reader::boolean() {
  if (here().kind != json_kind::boolean) refuse_kind("a boolean");
  return here().bits != 0;
}

std::int64_t json_reader::integer() {
  const json_node& node = here();
  if (node.kind == json_kind::negative) return static_cast<std::int64_t>(node.bits);
  if (node.kind == json_kind::fraction) refuse_fraction();
  if (node.kind != json_kind::natural) refuse_kind("an integer");
  if (!std::in_range<std::int64_t>(node.bits)) refuse(does_not_fit);
  return static_cast<std::int64_t>(node.bits);
}

std::uint64_t json_reader::unsigned_integer() {
  const json_node& node = here();
  if (node.kind == json_kind::natural) return node.bits;
  if (node.kind == json_kind::negative) refuse(does_not_fit);
  if (node.kind == json_kind::fraction) refuse_fraction();
  refuse_kind("an integer");
}

double json_reader::number() {
  const json_node& node = here();
  if (node.kind == json_kind::fraction) return std::bit_cast<double>(node.bits);
  if (node.kind == json_kind::natural) return static_cast<double>(node.bits);
  if (node.kind == json_kind::negative)
    return static_cast<double>(static_cast<std::int64_t>(node.bits));
  refuse_kind("a number");
}

std::string json_reader::text() {
  if (here().kind != json_kind::text) refuse_kind("text");
  return std::string(document_.text_of(frames_.back().node));
}

void json_reader::refuse(const std::string& why) {
  constexpr std::size_t enough = 200; // `why` may quote what was stored
  throw error(errc::bad_message, path() + ": " + (why.size() <= enough ? why : quote(why)));
}

std::string json_reader::path() const {
  std::string path(what_);
  for (std::size_t i = 1; i < frames_.size(); ++i) {
    const frame& parent = frames_[i - 1];
    if (document_[parent.node].kind == json_kind::list) {
      path += "[" + std::to_string(parent.index) + "]";
      continue;
    }
    const auto name = quote(document_.name_of(frames_[i].node));
    path += "." + name.substr(1, name.size() - 2);
  }
  return path;
}

void json_reader::refuse_kind(std::string_view expected) {
  refuse("expected " + std::string(expected) + ", got " + std::string(name_of(here().kind)));
}

void json_reader::refuse_fraction() {
  // Integers beyond 64 bits arrive as floating point.
  const auto value = std::bit_cast<double>(here().bits);
  if (std::abs(value) >= static_cast<double>(std::numeric_limits<std::int64_t>::max()))
    refuse(does_not_fit);
  refuse_kind("an integer");
}

} // namespace ensemble
