#pragma once

#include "node/frames.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ensemble::node {

/// A clock that never goes back, and goes on while the machine sleeps (CLOCK_BOOTTIME): a lease
/// runs on it. A type of its own, since the time of day is no such clock. It has no now(): who
/// calls gives the time.
struct boot_clock {
  using duration = ensemble::duration;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<boot_clock>;
  static constexpr bool is_steady = true;
};
using moment = boot_clock::time_point;

/// `[a-z][a-z0-9-]*`, at most 63 bytes: what a certificate's common name may be, too.
[[nodiscard]] bool is_node_name(std::string_view text) noexcept;

/// Until the peer is known nothing longer is a greeting: to be looked at before decode().
inline constexpr std::size_t most_greeting_bytes = std::size_t{64} << 10;

/// What a node is to others, and how long it waits for them.
struct session_settings {
  std::string application{}; ///< nodes of another one are no peers; a name as a node's
  std::string node{};        ///< its name: unique among the nodes
  incarnation_id incarnation{};
  std::vector<std::string> services{};          ///< that run there
  std::vector<std::string> processes{};         ///< see hello
  duration heartbeat = std::chrono::seconds(1); ///< at least 1 ms
  /// A peer that says nothing for longer is down. At least two heartbeats.
  duration silence = std::chrono::seconds(5);
  /// Of what is owned by a node that has joined. Two heartbeats to an hour.
  duration lease = std::chrono::seconds(10);
};

/// Throws errc::bad_argument for settings that are out of their bounds.
void check(const session_settings& settings);

/// What both sides say to each other over one connection, from its first frame to its end: who they
/// are, whether they fit, and that they are still there. Pure: frames and the time go in, frames
/// come out. One object a connection and a side, for one thread at a time; once it is down it stays
/// so, takes nothing and says nothing, so that what was meant for an earlier connection reaches
/// nobody.
///
/// Times are the caller's own, of a clock that never goes back; those of two nodes are never
/// compared.
class session {
public:
  enum class state {
    greeting, ///< they do not know each other yet
    up,
    down,
  };
  /// What follows from a call: frames for the peer, in order, and one for the node behind this.
  struct step {
    std::vector<frame> send{};
    std::optional<frame> deliver{};
  };
  /// Why a peer that fits otherwise is not let in (its name is another one's, say); none: it is.
  using door = std::function<std::optional<std::string>(const hello&)>;

  /// The side that joins. It says the first word: see begin(). Throws what check() does; so does
  /// the other one.
  [[nodiscard]] static session joining(session_settings own, moment now);
  /// The side that is joined, and decides. Its heartbeat and lease are those of both.
  [[nodiscard]] static session admitting(session_settings own, door who, moment now);

  /// The connection is there: what is to be said first.
  [[nodiscard]] step begin();
  [[nodiscard]] step received(frame what, moment now);
  /// Time has passed. To be called at least twice in beats_every().
  [[nodiscard]] step tick(moment now);
  /// The peer has broken a rule, of the frames for instance: it is told why, and this side ends.
  [[nodiscard]] step refuse(const std::string& why);
  /// The connection has ended, or this side ends it.
  void end(const std::string& why);

  [[nodiscard]] state now() const noexcept { return state_; }
  /// Why it is down, in a sentence.
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  /// Of the peer, from `up` on: its name and incarnation, and what runs at one that has joined.
  [[nodiscard]] const hello& peer() const noexcept { return peer_; }
  /// How often to beat: tick() is to be called at least twice as often.
  [[nodiscard]] duration beats_every() const noexcept { return own_.heartbeat; }
  /// When something of the peer was heard last.
  [[nodiscard]] moment heard() const noexcept { return heard_; }
  /// Of the side that joined: until when what it owns is its own. That is the lease from when it
  /// sent the newest heartbeat that it knows to have arrived: so it is over here before the other
  /// side, which counts from the arrival, may give it to somebody else (Gray and Cheriton 1989). Of
  /// a session that is down it is what it was.
  [[nodiscard]] moment lease_until() const noexcept { return lease_until_; }

private:
  session(session_settings own, bool joins, door who, moment now);

  [[nodiscard]] step greeted(const frame& first, moment now);
  [[nodiscard]] step admit(const hello& from, moment now);
  void welcomed(const welcome& by);
  [[nodiscard]] frame beat(moment now);

  session_settings own_;
  bool joins_;
  door who_;
  state state_ = state::greeting;
  std::string reason_{};
  hello peer_{};
  moment heard_;
  moment lease_until_{};
  moment beaten_{}; ///< when it sent its newest heartbeat
  std::uint64_t beats_ = 0;
  /// When those were sent that were not heard yet: the oldest first, the newest is `beats_`.
  std::vector<moment> unheard_{};
};

} // namespace ensemble::node
