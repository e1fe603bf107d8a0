#pragma once

#include <ensemble/event.hpp>

#include <cstdint>
#include <string_view>

namespace ensemble::storage {

/// Everything that is stored of one event, with all names resolved to their text.
struct event_view {
  std::uint64_t position = 0;
  std::uint64_t version = 0;
  std::int64_t time = 0; ///< nanoseconds since 1970
  std::uint32_t index = 0;
  std::uint32_t schema_version = 0;
  std::uint32_t round = 0;
  bool last = true;
  ensemble::direction direction = ensemble::direction::none;
  event_id id{};
  correlation_id correlation{};
  event_id causation{};
  instance_id instance{};
  std::string_view stream{};
  std::string_view name{};
  std::string_view step{};
  std::string_view body{};
};

/// CRC-32C over all of it in the byte encoding of docs/journal.md. The texts are in it, not the
/// numbers that stand for them, so that a damaged table of names is noticed as well.
[[nodiscard]] std::uint32_t checksum(const event_view& event) noexcept;

/// The checksum of a row of a book.
[[nodiscard]] std::uint32_t checksum(std::string_view book, std::string_view key,
                                     std::string_view value) noexcept;

} // namespace ensemble::storage
