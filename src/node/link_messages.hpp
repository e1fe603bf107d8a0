#pragma once

#include "node/frames.hpp"

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>

#include <memory>
#include <string>

// What a link and its owner say to each other, in one process; and how links of two nodes do:
// `frame_atom` and the bytes of one frame.

namespace ensemble::node {

inline constexpr caf::atom_value frame_atom = caf::atom("frame");

/// Link to owner, and to the joiner that made it: its connection is up. Everything else that it
/// tells stands between this and `link_down`.
struct link_up {
  caf::actor link{};
  std::shared_ptr<const hello> peer{};
};
/// Link to owner: the peer has said that.
struct link_received {
  std::shared_ptr<frame> what{};
};
/// Link to owner: it is over, and why; the link is no more. Told of each link that was up.
struct link_down {
  std::string reason{};
};
/// Link to the joiner that made it: the same, also of a link that never was up.
struct link_over {
  std::string reason{};
  bool was_up = false;
};
/// Owner to link: an encoded frame for the peer, if it can still be told.
struct link_say {
  std::shared_ptr<const std::string> bytes{};
};
[[nodiscard]] inline link_say to_say(const frame& what) {
  return {std::make_shared<const std::string>(encode(what))};
}
/// Owner to link: end the connection; the peer is told why.
struct link_end {
  std::string reason{};
};

} // namespace ensemble::node

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::node::link_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::node::link_received)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::node::link_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::node::link_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::node::link_say)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::node::link_end)
