#pragma once

#include <ensemble/journal.hpp>
#include <ensemble/runtime.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

// What nodes say to each other, and how it is written: frames of bytes. Bytes from outside:
// whatever they are, decoding them gives a frame or an error, in memory that is bounded.

namespace ensemble::node {

/// The version of everything in this file. Nodes of other versions are refused at the hello (N5).
inline constexpr std::uint32_t protocol_version = 1;

/// No frame is longer, in bytes: an event has 1 MiB at most, and pages end before it.
inline constexpr std::size_t most_frame_bytes = std::size_t{4} << 20;
/// Nor does decoding one make elements of more than that many bytes.
inline constexpr std::size_t most_decoded_bytes = 8 * most_frame_bytes;

/// One start of a node: drawn, so that what an earlier one was sent is never taken for its own.
using incarnation_id = identifier<struct incarnation_tag>;

// --- the link ---

/// The first frame of whoever joins. It begins with the protocol's version in all of them; what
/// follows in those of another version is not read.
struct hello {
  std::uint32_t protocol = protocol_version;
  std::string application{}; ///< nodes of others are refused
  std::string node{};
  incarnation_id incarnation{};
  std::vector<std::string> services{}; ///< that run there
  /// That it knows, with their newest version, as in `fulfilment 2 orchestrated`: everywhere so.
  std::vector<std::string> processes{};
  friend bool operator==(const hello&, const hello&) = default;
};
/// The answer: it is let in.
struct welcome {
  std::string node{};
  incarnation_id incarnation{};
  duration heartbeat{}; ///< how often each side says so that it is there
  duration lease{};     ///< for how long what it owns is its own after it asked
  friend bool operator==(const welcome&, const welcome&) = default;
};
/// The answer: it is not, or not any more. The same bytes in all versions of the protocol.
struct turned_away {
  std::string reason{};
  friend bool operator==(const turned_away&, const turned_away&) = default;
};
struct heartbeat {
  std::uint64_t number = 0;
  friend bool operator==(const heartbeat&, const heartbeat&) = default;
};
struct heartbeat_heard {
  std::uint64_t number = 0; ///< of the heartbeat
  friend bool operator==(const heartbeat_heard&, const heartbeat_heard&) = default;
};

/// How many bytes of frames have been taken here, of all that this connection brought: see
/// most_bytes_under_way.
struct frames_taken {
  std::uint64_t bytes = 0;
  friend bool operator==(const frames_taken&, const frames_taken&) = default;
};

// --- the journal, elsewhere ---

/// To the journal's writer, answered by `append_told` under the same tag.
struct append_asked {
  std::uint64_t tag = 0;
  append_request request{};
};
struct append_told {
  std::uint64_t tag = 0;
  std::optional<error> failure{}; ///< it cannot be recorded; then the rest says nothing
  append_result result{};
};
/// One call of a journal_reader, answered by `read_told` under the same tag.
struct read_asked {
  enum class kind : std::uint8_t {
    head,
    all,           ///< from `from` on
    stream,        ///< `name`, from version `from` on
    instance,      ///< `id`, after `from`
    correlation,   ///< `id`, after `from`
    find,          ///< `id` in stream `name`
    stream_names,  ///< of category `name`, behind `after`
    message_names, ///< all of them
    book,          ///< rows of book `name` behind `after`
  };
  kind what = kind::head;
  std::uint64_t tag = 0;
  std::string name{};
  std::string after{};
  std::uint64_t from = 0;
  std::array<std::uint8_t, 16> id{};
  std::uint64_t limit = 0;
  friend bool operator==(const read_asked&, const read_asked&) = default;
};
/// As much of the answer as fits into a frame. At most one of the three is not empty.
struct read_told {
  std::uint64_t tag = 0;
  std::optional<error> failure{};
  position head{};
  std::vector<recorded_event> events{};
  std::vector<std::string> names{};
  std::vector<book_row> rows{};
  bool complete = true; ///< false: it was too long, and more would have come within the limit
};
/// Tell me of commits from there on, as far as the credit reaches. Asked again when a batch was
/// lost.
struct follow {
  position from{};          ///< 0: go on; the credit is added to what is left of the last one
  std::uint32_t credit = 0; ///< in batches
  friend bool operator==(const follow&, const follow&) = default;
};
/// Everything that commits recorded from one position to another, in journal order.
struct committed_events {
  position from{};
  position to{};
  std::vector<recorded_event> events{};
};

// --- services, elsewhere ---

/// A command for a service of that node.
struct command_asked {
  std::string service{};
  command_id id{};
  command_id target{}; ///< of a close: the command to settle; else equal to id
  bool close = false;
  bool repeat = false;           ///< it may have been given before
  bool was_with_another = false; ///< and who had it then is gone, perhaps with its outcome
  bool from_caller = false;
  bool from_policy = false;
  event_origin origin{};
  message body{};
};
/// What it came to: exactly one of the two is there.
struct command_told {
  command_id id{};
  std::optional<receipt> result{};
  std::optional<error> failure{};
};
/// It could not be handled this time; nothing was recorded.
struct attempt_failed_told {
  instance_id instance{};
  command_id id{};
  std::string reason{};
  friend bool operator==(const attempt_failed_told&, const attempt_failed_told&) = default;
};

/// What the service there was asked may be lost, by a death or since another node runs it now: what
/// is still due is given again.
struct service_moved {
  std::string service{};
  friend bool operator==(const service_moved&, const service_moved&) = default;
};

/// The order is part of the protocol.
using frame =
    std::variant<hello, welcome, turned_away, heartbeat, heartbeat_heard, append_asked, append_told,
                 read_asked, read_told, follow, committed_events, command_asked, command_told,
                 attempt_failed_told, frames_taken, service_moved>;

/// Throws errc::bad_argument if it would be longer than most_frame_bytes, and what message::text
/// throws.
[[nodiscard]] std::string encode(const frame& from);

/// Throws errc::bad_message, saying where, for bytes that encode() cannot have made; and, for a
/// body of a type that `types` knows, errc::newer_schema or errc::bad_message. Messages of other
/// types are opaque. A message of an older schema comes back in the present one: whoever passes
/// messages on to others, or records them for others, gives no types.
[[nodiscard]] frame decode(std::string_view bytes, const type_lookup& types);

} // namespace ensemble::node
