#include "node/frames.hpp"
#include "fuzz/fuzz.hpp"
#include "model/engine_messages.hpp"
#include "model/samples.hpp"

namespace fuzz {

namespace {

using namespace ensemble;

const message_type* type_named(std::string_view name) {
  for (const auto* type : {&type_of<samples::everything>(), &type_of<samples::ping>(),
                           &type_of<engine::event_received>()})
    if (type->name == name) return type;
  return nullptr;
}

} // namespace

/// What another node sends.
void frames(input in) {
  const auto bytes = in.rest();
  for (const auto& types : {type_lookup{}, type_lookup{type_named}}) {
    std::optional<node::frame> read;
    if (refused({errc::bad_message, errc::newer_schema},
                [&] { read = node::decode(bytes, types); }))
      continue;
    const auto written = node::encode(*read);
    const auto* greeting = std::get_if<node::hello>(&*read);
    if (greeting && greeting->protocol != node::protocol_version) continue; // the rest is not read
    if (!types) claim(written == bytes, "a frame has one form");
    claim(node::encode(node::decode(written, types)) == written, "a frame that was read can be");
  }
}

} // namespace fuzz
