#pragma once

#include <ensemble/identity.hpp>
#include <ensemble/message.hpp>

#include <cstdint>
#include <string>

namespace ensemble {

/// Where an event comes from: the part of its envelope that the author knows.
struct event_origin {
  /// The whole flow; handed on from the caller's command to everything that follows from it.
  correlation_id correlation{};
  /// The event that made the command due which led to this one. None: a caller's command.
  event_id causation{};
  /// The process instance for which the command was given, the step, which way, and the round.
  instance_id instance{};
  std::string step{};
  ensemble::direction direction = ensemble::direction::none;
  std::uint32_t round = 0;

  friend bool operator==(const event_origin&, const event_origin&) = default;
};

/// An event before it stands in the journal.
struct new_event {
  event_id id{};
  /// The event is the index-th that its command caused; `last` marks the final one of them.
  std::uint32_t index = 0;
  bool last = true;
  event_origin origin{};
  message body{};
};

/// An event as the journal holds it.
struct recorded_event {
  ensemble::position position{};
  std::string stream{};
  stream_version version{};
  timestamp time{}; ///< when it was recorded; never falls along the journal
  event_id id{};
  std::uint32_t index = 0;
  bool last = true;
  event_origin origin{};
  message body{};

  /// The command that caused the event. Meaningful for outcomes, not for engine events.
  [[nodiscard]] command_id command() const noexcept {
    return command_id::of(id.head(), id.tail() - index);
  }
};

/// The part of a stream's name before the first `-`: the service or process it belongs to.
[[nodiscard]] std::string_view category_of(std::string_view stream) noexcept;
/// The stream of one entity or instance, as in `payment-4711`.
[[nodiscard]] std::string make_stream_name(std::string_view category, std::string_view key);

} // namespace ensemble
