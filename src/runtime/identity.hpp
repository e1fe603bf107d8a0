#pragma once

#include <ensemble/identity.hpp>

#include <string_view>

namespace ensemble::internal {

/// The id of a caller's command: a cryptographic hash of service and idempotency key, since
/// callers choose their keys (two keys of one id would be taken for one request).
[[nodiscard]] command_id command_id_for_key(std::string_view service, std::string_view key);
/// The id of a caller's command without a key: time and chance.
[[nodiscard]] command_id random_command_id(timestamp now);
/// A new flow: eight bytes of time, eight of chance.
[[nodiscard]] correlation_id random_correlation_id(timestamp now);

} // namespace ensemble::internal
