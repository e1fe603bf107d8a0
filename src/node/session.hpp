#pragma once

#include "node/frames.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ensemble::node {

/// What a node is to others, and how long it waits for them.
struct session_settings {
  std::string application{}; ///< nodes of another one are no peers
  std::string node{};        ///< its name: unique among the nodes
  incarnation_id incarnation{};
  std::vector<std::string> services{}; ///< that it hosts, if it joins
  duration heartbeat = std::chrono::seconds(1);
  duration silence = std::chrono::seconds(5); ///< a peer that says nothing for longer is down
  duration lease = std::chrono::seconds(10);  ///< of what is owned by a node that has joined
};

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

  /// The side that joins. It says the first word: see begin().
  [[nodiscard]] static session joining(session_settings own, timestamp now);
  /// The side that is joined, and decides. Its heartbeat and lease are those of both.
  [[nodiscard]] static session admitting(session_settings own, door who, timestamp now);

  /// The connection is there: what is to be said first.
  [[nodiscard]] step begin();
  [[nodiscard]] step received(frame what, timestamp now);
  /// Time has passed. To be called at least twice in `heartbeat`.
  [[nodiscard]] step tick(timestamp now);
  /// The connection has ended, or this side ends it.
  void end(const std::string& why);

  [[nodiscard]] state now() const noexcept { return state_; }
  /// Why it is down, in a sentence.
  [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
  /// Of the peer, from `up` on: its name and incarnation, and the services of one that has joined.
  [[nodiscard]] const hello& peer() const noexcept { return peer_; }
  /// When something of the peer was heard last.
  [[nodiscard]] timestamp heard() const noexcept { return heard_; }
  /// Of the side that joined: until when what it owns is its own. That is the lease from when it
  /// sent the newest heartbeat that it knows to have arrived: so it is over here before the other
  /// side, which counts from the arrival, may give it to somebody else (Gray and Cheriton 1989). Of
  /// a session that is down it is what it was.
  [[nodiscard]] timestamp lease_until() const noexcept { return lease_until_; }

private:
  session(session_settings own, bool joins, door who, timestamp now);

  void greeted(step& out, const frame& first, timestamp now);
  void admit(step& out, const hello& from, timestamp now);
  void welcomed(const welcome& by);
  void beat(step& out, timestamp now);
  void break_off(step& out, const std::string& why);

  session_settings own_;
  bool joins_;
  door who_;
  state state_ = state::greeting;
  std::string reason_{};
  hello peer_{};
  timestamp heard_;
  timestamp lease_until_{};
  timestamp beaten_{}; ///< when it sent its newest heartbeat
  std::uint64_t beats_ = 0;
  /// When those were sent that were not heard yet: the oldest first, the newest is `beats_`.
  std::vector<timestamp> unheard_{};
};

} // namespace ensemble::node
