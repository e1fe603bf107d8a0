#pragma once

#include "runtime/control_socket.hpp"

#include <ensemble/runtime.hpp>

#include <memory>
#include <string>

namespace ensemble::internal {

/// Answers the lines of the control protocol by the runtime's own public functions.
[[nodiscard]] control_handler serve_control(runtime& r);

/// Opens the control socket of a journal whose lock the runtime holds. Null for a journal in
/// memory, and, with a warning, where the file's name is too long for a socket. Throws as
/// control_socket does.
[[nodiscard]] std::unique_ptr<control_socket> open_control(runtime& r, const std::string& journal);

} // namespace ensemble::internal
