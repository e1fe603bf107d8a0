#include "fuzz/fuzz.hpp"
#include "model/engine_messages.hpp"
#include "model/json_reader.hpp"
#include "model/json_writer.hpp"
#include "model/message_registry.hpp"
#include "model/samples.hpp"
#include "runtime/control_messages.hpp"

namespace fuzz {

namespace {

using namespace ensemble;

const message_registry& registry() {
  static const auto filled = [] {
    message_registry r;
    for (const auto* type : {&type_of<samples::everything>(), &type_of<samples::order_created>(),
                             &type_of<samples::ping>(), &type_of<samples::tree>()})
      r.add(*type);
    for (const auto* type : engine::message_types()) r.add_engine(*type);
    r.add_engine(type_of<internal::control_request>());
    r.add_engine(type_of<internal::control_answer>());
    return r;
  }();
  return filled;
}

constexpr std::string_view known[] = {"everything",
                                      "order_created",
                                      "ping",
                                      "tree",
                                      "ensemble.event_received",
                                      "ensemble.skip_requested",
                                      "ensemble.attempt_failed",
                                      "ensemble.control_request",
                                      "ensemble.control_answer"};

/// The text of the value alone, without that which it came from.
std::string written_anew(const message_type& type, const std::string& stored) {
  const json_document document(stored, type.name);
  json_reader reader(document, type.name);
  reader.expect_object();
  const auto value = type.read(reader);
  return write_json(type, value.get());
}

} // namespace

/// Stored messages: name, schema version, text. What decodes is written, read again, equal.
void messages(input in) {
  const auto choice = in.below(std::size(known) + 1);
  const auto version = static_cast<int>(in.below(5));
  const std::string name(choice < std::size(known) ? std::string(known[choice]) : in.short_text());
  const auto stored = in.rest();
  message decoded;
  if (refused({errc::bad_message, errc::newer_schema, errc::unknown_message},
              [&] { decoded = registry().decode(name, version, stored); }))
    return;
  claim(decoded.text() == stored, "a decoded message keeps its text");
  const auto& type = *decoded.type();
  std::string written;
  try {
    written = written_anew(type, stored);
  } catch (const error& e) {
    // Fields that are missing are written with their defaults: that may be longer, or deeper.
    const std::string_view why = e.what();
    claim(why.find("nested") != why.npos || why.find("longer") != why.npos,
          "what decodes has a text");
    return;
  }
  claim(written_anew(type, written) == written, "what was written reads back as the same value");
}

} // namespace fuzz
