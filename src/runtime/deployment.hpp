#pragma once

#include "runtime/environment.hpp"

#include <ensemble/journal.hpp>

namespace ensemble::internal {

/// Adds a service or process to what the runtime will run. Throw errc::bad_definition for a name
/// that is taken, or versions of a process in two modes; errc::duplicate_message for a message name
/// that stands for two types.
void deploy(environment& env, service_definition service);
void deploy(environment& env, process_definition process, process_mode mode);

/// Checks that the services take what the processes ask, and can answer what these wait for.
/// Throws errc::unknown_service and errc::bad_definition.
void check_deployment(const environment& env);

/// Checks that every message name in the journal is known. Throws errc::unknown_message.
void check_names(const environment& env, journal_reader& reader);

/// The handler of a caller's command; throws errc::unknown_service.
[[nodiscard]] const command_handler& find_handler(const environment& env, std::string_view service,
                                                  const message& command);

} // namespace ensemble::internal
