#pragma once

#include <ensemble/journal.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace ensemble::storage {

/// How errors name an event, as in `event 17 (version 3 of stream 'payment-4711')`.
[[nodiscard]] std::string describe(std::uint64_t position, std::string_view stream,
                                   std::uint64_t version);

/// Gives the stored text its type, if `types` knows the name; else an opaque message. Throws
/// errc::newer_schema and errc::bad_message, naming the event.
[[nodiscard]] message stored_message(const type_lookup& types, std::string_view name,
                                     int schema_version, std::string text, position at,
                                     std::string_view stream, stream_version version);

} // namespace ensemble::storage
