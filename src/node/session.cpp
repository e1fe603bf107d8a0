#include "node/session.hpp"

#include "model/names.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace ensemble::node {

namespace {

constexpr std::chrono::milliseconds shortest{1};
/// Heartbeats whose hearing is waited for. A peer that hears none, but says other things, is there.
constexpr std::size_t most_unheard = 100;

std::string text_of(duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count()) +
         " ms";
}

constexpr std::chrono::hours longest_lease{1};
constexpr std::size_t most_services = 1000;

/// What a peer says may be anything, and goes into logs.
std::string one_line(std::string_view text) {
  constexpr std::size_t longest = 300;
  std::string line(text.substr(0, longest));
  std::ranges::replace_if(
      line, [](char c) { return c < ' ' || c > '~'; }, '?');
  return text.size() > longest ? line + "..." : line;
}

bool is_process(const std::string& text) {
  const auto name = text.find(' ');
  const auto version = text.rfind(' ');
  if (name == text.npos || version == name || !is_name(text.substr(0, name))) return false;
  const auto number = text.substr(name + 1, version - name - 1);
  const auto mode = text.substr(version + 1);
  return number.size() <= 10 &&
         std::ranges::all_of(number, [](char c) { return '0' <= c && c <= '9'; }) &&
         (mode == "orchestrated" || mode == "choreographed");
}

/// Why a peer cannot be one, whoever it is; empty: it can.
std::string misfit(const session_settings& own, const hello& peer) {
  if (peer.protocol != protocol_version)
    return "it speaks version " + std::to_string(peer.protocol) +
           " of the nodes' protocol, node '" + own.node + "' speaks " +
           std::to_string(protocol_version) + ": run the same release on both";
  if (!is_node_name(peer.node) || !is_node_name(peer.application))
    return "a node and its application have names of lower case letters, digits and '-', at most "
           "63";
  if (peer.application != own.application)
    return "it belongs to application '" + peer.application + "', node '" + own.node + "' to '" +
           own.application + "'";
  if (!peer.incarnation) return "a start of a node has an id";
  if (peer.services.size() > most_services ||
      !std::ranges::all_of(peer.services, [](const auto& s) { return is_name(s); }))
    return "it names services that cannot be";
  if (peer.processes.size() > most_services || !std::ranges::all_of(peer.processes, is_process))
    return "it names processes that cannot be";
  if (peer.node == own.node || peer.incarnation == own.incarnation)
    return "node '" + own.node + "' has met itself: give each node a name of its own";
  return {};
}

} // namespace

bool is_node_name(std::string_view text) noexcept {
  constexpr std::size_t longest = 63;
  return text.size() <= longest && is_name(text, "-") && text.find('_') == text.npos;
}

void check(const session_settings& settings) {
  const auto must = [](bool holds, const char* what) {
    if (!holds) throw error(errc::bad_argument, what);
  };
  must(is_node_name(settings.node) && is_node_name(settings.application),
       "a node and its application have names of lower case letters, digits and '-', at most 63");
  must(bool(settings.incarnation), "a start of a node has an id");
  must(settings.heartbeat >= shortest && settings.heartbeat <= settings.silence / 2,
       "a node's heartbeat is at least 1 ms, and its limit of silence at least two heartbeats");
  must(settings.lease / 2 >= settings.heartbeat && settings.lease <= longest_lease,
       "a lease lasts for two heartbeats to an hour");
}

session::session(session_settings own, bool joins, door who, moment now)
    : own_(std::move(own)), joins_(joins), who_(std::move(who)), heard_(now) {
  check(own_);
}

session session::joining(session_settings own, moment now) {
  return {std::move(own), true, {}, now};
}

session session::admitting(session_settings own, door who, moment now) {
  return {std::move(own), false, std::move(who), now};
}

session::step session::begin() {
  if (!joins_ || state_ != state::greeting) return {};
  return {{hello{protocol_version, own_.application, own_.node, own_.incarnation, own_.services,
                 own_.processes}},
          {}};
}

session::step session::received(frame what, moment now) {
  if (state_ == state::down) return {};
  heard_ = now;
  if (const auto* no = std::get_if<turned_away>(&what)) {
    end((joins_ && state_ == state::greeting ? "turned away: " : "the peer ended it: ") +
        one_line(no->reason));
    return {};
  }
  if (state_ == state::greeting) return greeted(what, now);
  if (const auto* there = std::get_if<heartbeat>(&what))
    return {{heartbeat_heard{there->number}}, {}};
  if (const auto* heard = std::get_if<heartbeat_heard>(&what)) {
    const auto oldest = beats_ - unheard_.size() + 1;
    if (heard->number > beats_) return refuse("it has heard a heartbeat that was never sent");
    if (heard->number < oldest) return {};
    const auto at = unheard_.begin() + static_cast<std::ptrdiff_t>(heard->number - oldest);
    if (joins_) lease_until_ = *at + own_.lease;
    unheard_.erase(unheard_.begin(), at + 1);
    return {};
  }
  if (std::holds_alternative<hello>(what) || std::holds_alternative<welcome>(what))
    return refuse("it greets a second time");
  return {{}, std::move(what)};
}

session::step session::tick(moment now) {
  if (state_ == state::down) return {};
  if (now - heard_ > own_.silence)
    return refuse("nothing was heard for more than " + text_of(own_.silence));
  if (state_ != state::up || now - beaten_ < own_.heartbeat) return {};
  return {{beat(now)}, {}};
}

session::step session::refuse(const std::string& why) {
  if (state_ == state::down) return {};
  end(why);
  return {{turned_away{why}}, {}};
}

void session::end(const std::string& why) {
  if (state_ == state::down) return;
  state_ = state::down;
  reason_ = why;
  unheard_.clear();
}

session::step session::greeted(const frame& first, moment now) {
  if (const auto* from = std::get_if<hello>(&first); from && !joins_) return admit(*from, now);
  const auto* by = std::get_if<welcome>(&first);
  if (!by || !joins_) return refuse("its first word is no greeting");
  welcomed(*by);
  if (const auto why = misfit(own_, peer_); !why.empty()) return refuse(why);
  state_ = state::up;
  return {{beat(now)}, {}};
}

session::step session::admit(const hello& from, moment now) {
  peer_ = from;
  auto why = misfit(own_, from);
  if (why.empty())
    if (const auto refused = who_ ? who_(from) : std::nullopt) why = *refused;
  if (!why.empty()) return refuse(why);
  state_ = state::up;
  return {{welcome{own_.node, own_.incarnation, own_.heartbeat, own_.lease}, beat(now)}, {}};
}

void session::welcomed(const welcome& by) {
  peer_ = {protocol_version, own_.application, by.node, by.incarnation, {}, {}};
  own_.heartbeat = std::clamp<duration>(by.heartbeat, shortest, own_.silence / 2);
  own_.lease = std::clamp<duration>(by.lease, duration::zero(), longest_lease);
}

frame session::beat(moment now) {
  beaten_ = now;
  unheard_.push_back(now);
  if (unheard_.size() > most_unheard) unheard_.erase(unheard_.begin());
  return heartbeat{++beats_};
}

} // namespace ensemble::node
