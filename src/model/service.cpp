#include <ensemble/service.hpp>

#include "model/json_writer.hpp"
#include "model/names.hpp"
#include "model/utf8.hpp"

namespace ensemble {

const command_handler* service_definition::find(std::string_view command) const {
  const auto found = handlers.find(command);
  return found == handlers.end() ? nullptr : &found->second;
}

void service_definition::fold(std::any& state, const message& event) const {
  if (const auto found = folds.find(event.name()); found != folds.end())
    found->second(state, event);
}

namespace detail {

void add_handler(service_definition& service, command_handler handler) {
  std::string command(handler.command->name);
  const auto [at, fresh] = service.handlers.try_emplace(std::move(command), std::move(handler));
  if (!fresh)
    throw error(errc::bad_definition, "service '" + service.name + "': takes command '" +
                                          at->first + "' twice; leave one handler");
}

service_definition make_service(std::string name) {
  if (!is_name(name))
    throw error(errc::bad_definition, "service " + quote(name) +
                                          ": a service's name matches [a-z][a-z0-9_]* and is at "
                                          "most " +
                                          std::to_string(name_limit) + " bytes");
  service_definition service;
  service.name = std::move(name);
  return service;
}

void check_key(std::string_view key) {
  const auto refuse = [&](const std::string& why) {
    throw error(errc::bad_message, "entity key " + quote(key) + ": " + why);
  };
  if (key.empty()) refuse("it is empty; the command must name its entity");
  if (key.size() > name_limit) refuse("it is longer than " + std::to_string(name_limit) + " bytes");
  for (std::size_t at = 0; at < key.size();) {
    const std::size_t length = utf8_length(key, at);
    if (length == 0) refuse("it is not valid UTF-8");
    const auto byte = static_cast<unsigned char>(key[at]);
    // U+0080 to U+009F, the second block of control characters, are C2 80 to C2 9F.
    const bool second_block = byte == 0xC2 && static_cast<unsigned char>(key[at + 1]) <= 0x9F;
    if (byte < 0x20 || byte == 0x7F || second_block) refuse("it holds a control character");
    at += length;
  }
}

} // namespace detail
} // namespace ensemble
