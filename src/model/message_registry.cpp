#include "model/message_registry.hpp"

#include "model/json_writer.hpp"
#include "model/names.hpp"

namespace ensemble {
namespace {

constexpr std::string_view engine_prefix = "ensemble.";

} // namespace

void message_registry::add(const message_type& type) {
  if (type.name.starts_with(engine_prefix))
    throw error(errc::bad_definition, "message " + quote(type.name) +
                                          ": names beginning with 'ensemble.' are kept for the "
                                          "engine; give it another one");
  insert(type);
}

void message_registry::add_engine(const message_type& type) {
  if (!type.name.starts_with(engine_prefix))
    throw error(errc::bad_definition, "message " + quote(type.name) +
                                          ": a message of the engine begins with 'ensemble.'");
  insert(type);
}

const message_type* message_registry::find(std::string_view name) const {
  const auto found = types_.find(name);
  return found == types_.end() ? nullptr : found->second;
}

message message_registry::decode(std::string_view name, int schema_version,
                                 std::string text) const {
  const message_type* type = find(name);
  if (!type)
    throw error(errc::unknown_message,
                "message " + quote(name) +
                    " is not known: host the service or register the process that declares it");
  if (schema_version > type->schema_version)
    throw error(errc::newer_schema,
                "message " + quote(name) + " was stored under schema version " +
                    std::to_string(schema_version) + ", but this program knows only " +
                    std::to_string(type->schema_version) + ": run the newer program");
  return message::decode(*type, std::move(text));
}

void message_registry::insert(const message_type& type) {
  const std::string what = "message " + quote(type.name) + ": ";
  if (!is_message_name(type.name))
    throw error(errc::bad_definition,
                what + "a message name is at most " + std::to_string(name_limit) +
                    " bytes and matches [a-z][a-z0-9_.]*; use ENSEMBLE_MESSAGE_NAMED");
  if (type.schema_version < 1)
    throw error(errc::bad_definition, what + "schema versions begin at 1");
  const auto [at, fresh] = types_.emplace(type.name, &type);
  if (!fresh && at->second != &type)
    throw error(errc::duplicate_message,
                what + "two types have this name; give one of them another stored name with "
                       "ENSEMBLE_MESSAGE_NAMED");
}

} // namespace ensemble
