#include "journal/stored_message.hpp"

#include <utility>

namespace ensemble::storage {

std::string describe(std::uint64_t position, std::string_view stream, std::uint64_t version) {
  return "event " + std::to_string(position) + " (version " + std::to_string(version) +
         " of stream '" + std::string(stream) + "')";
}

message stored_message(const type_lookup& types, std::string_view name, int schema_version,
                       std::string text, position at, std::string_view stream,
                       stream_version version) {
  const auto* type = types ? types(name) : nullptr;
  if (type == nullptr) return message::opaque(std::string(name), schema_version, std::move(text));
  if (schema_version > type->schema_version)
    throw error(errc::newer_schema,
                describe(at.value, stream, version.value) + " holds '" + std::string(name) +
                    "' under schema version " + std::to_string(schema_version) +
                    ", this program knows version " + std::to_string(type->schema_version) +
                    ": run a program at least as new as the one that wrote it");
  try {
    return message::decode(*type, std::move(text));
  } catch (const error& cause) {
    throw error(cause.code(), describe(at.value, stream, version.value) + ": " + cause.what());
  }
}

} // namespace ensemble::storage
