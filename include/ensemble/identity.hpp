#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

namespace ensemble {

/// A point in time as the journal records it: UTC, nanoseconds since 1970.
using timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;

/// Index of an event in the journal. The first event has position 1; 0 means "before everything".
/// Positions have no gaps and never become visible out of order.
struct position {
  std::uint64_t value{};
  friend auto operator<=>(const position&, const position&) = default;
};

/// Index of an event in its stream: 0, 1, 2, ...
struct stream_version {
  std::uint64_t value{};
  friend auto operator<=>(const stream_version&, const stream_version&) = default;
};

/// Sixteen bytes that name one thing. The tag keeps ids of different things apart at compile time.
/// An id of all zeros is "none" and converts to false.
template <class Tag>
struct identifier {
  std::array<std::uint8_t, 16> bytes{};

  [[nodiscard]] explicit operator bool() const noexcept { return head() != 0 || tail() != 0; }
  friend bool operator==(const identifier& a, const identifier& b) noexcept {
    return a.head() == b.head() && a.tail() == b.tail();
  }
  /// That of the bytes.
  friend std::strong_ordering operator<=>(const identifier& a, const identifier& b) noexcept {
    const auto heads = a.head() <=> b.head();
    return heads != 0 ? heads : a.tail() <=> b.tail();
  }

  /// The first eight bytes as a big-endian number, so that ids sort by it.
  [[nodiscard]] std::uint64_t head() const noexcept { return part(0); }
  /// The last eight bytes, a hash.
  [[nodiscard]] std::uint64_t tail() const noexcept { return part(8); }

  [[nodiscard]] static identifier of(std::uint64_t head, std::uint64_t tail) noexcept {
    identifier id;
    head = big_endian(head);
    tail = big_endian(tail);
    std::memcpy(id.bytes.data(), &head, sizeof head);
    std::memcpy(id.bytes.data() + sizeof head, &tail, sizeof tail);
    return id;
  }

private:
  [[nodiscard]] std::uint64_t part(std::size_t from) const noexcept {
    std::uint64_t value = 0; // compared and hashed all the time: one load, not eight
    std::memcpy(&value, bytes.data() + from, sizeof value);
    return big_endian(value);
  }
  [[nodiscard]] static std::uint64_t big_endian(std::uint64_t value) noexcept {
    if constexpr (std::endian::native == std::endian::little) return __builtin_bswap64(value);
    return value;
  }
};

/// One run of a process. Begins with eight bytes of the start event's position.
using instance_id = identifier<struct instance_tag>;
/// One request to a service. Derived, never drawn, for the commands of a process.
using command_id = identifier<struct command_tag>;
/// One fact. Unique in its stream.
using event_id = identifier<struct event_tag>;
/// A whole flow, from the caller's command to the last event. Begins with eight bytes of time.
using correlation_id = identifier<struct correlation_tag>;

/// Which way a command of a process works. Stored: the numbers never change.
enum class direction : std::uint8_t {
  none = 0,     ///< not a command of a process
  forward = 1,  ///< do: the step itself
  undo = 2,     ///< the step's compensation
  close = 3,    ///< settle a do of unknown outcome: find its outcome, or void it for ever
  complete = 4, ///< the process's last word after success
  abort = 5,    ///< the process's last word after compensation
};

/// The name of a direction, as in `undo`.
[[nodiscard]] std::string_view to_string(direction d) noexcept;

/// The instance of `process` that the event at `start` begins.
[[nodiscard]] instance_id make_instance_id(position start, std::string_view process) noexcept;
/// The position of the event that began the instance.
[[nodiscard]] position start_of(instance_id instance) noexcept;
/// The command that `instance` gives for `step` (empty for complete and abort). It depends on
/// nothing else, so a command that is given again is recognised as the same one.
[[nodiscard]] command_id make_command_id(instance_id instance, std::string_view step, direction d,
                                         std::uint32_t round) noexcept;
/// The id of the `index`-th event that `command` caused. That of the first event equals the
/// command's own id: so one look-up in a stream tells whether a command was handled there.
[[nodiscard]] event_id make_event_id(command_id command, std::uint32_t index) noexcept;
/// The id of an event that the engine itself records about `command`: its `n`-th of this `kind`.
[[nodiscard]] event_id make_engine_event_id(command_id command, std::string_view kind,
                                            std::uint32_t n) noexcept;

/// Lower-case hexadecimal, 32 digits.
[[nodiscard]] std::string to_hex(const std::array<std::uint8_t, 16>& bytes);
template <class Tag>
[[nodiscard]] std::string to_string(const identifier<Tag>& id) {
  return to_hex(id.bytes);
}

} // namespace ensemble

template <class Tag>
struct std::hash<ensemble::identifier<Tag>> {
  std::size_t operator()(const ensemble::identifier<Tag>& id) const noexcept {
    return static_cast<std::size_t>(id.tail() ^ (id.head() * 0x9E3779B97F4A7C15ULL));
  }
};
