#include "node/gate.hpp"

#include "node/link.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <utility>

namespace ensemble::node {

using internal::log;

namespace {

constexpr std::size_t most_guests = 1000;

} // namespace

gate::gate(caf::actor_config& config, internal::environment_ptr env, session_settings own,
           make_owner owners)
    : base_actor(config, std::move(env), std::string(gate_role)),
      own_(std::move(own)),
      owners_(std::move(owners)) {
  set_down_handler([this](caf::down_msg& m) { let_go(m.source); });
  set_exit_handler([this](caf::exit_msg& m) {
    // Of a peer that means nothing here; who ends a node ends its links.
    if (!m.source || m.source.node() != node()) return;
    for (const auto& [name, one] : guests_) send(one.link, link_end{"the node stops"});
    quit(m.reason);
  });
}

caf::behavior gate::make_behavior() {
  return {
      [this](caf::atom_value what, const std::string& bytes) {
        if (what == frame_atom) greet(bytes);
      },
  };
}

void gate::on_exit() {
  guests_.clear();
  owners_ = {};
  base_actor::on_exit();
}

void gate::greet(const std::string& bytes) {
  const auto peer = caf::actor_cast<caf::actor>(current_sender());
  if (!peer) return; // nobody to answer
  const auto now = moment(env().since_boot());
  auto talk = session::admitting(
      own_, [this](const hello& who) { return why_not(who); }, now);
  session::step step;
  try {
    step = bytes.size() > most_greeting_bytes ? talk.refuse("its greeting is too long")
                                              : talk.received(decode(bytes, {}), now);
  } catch (const error& e) {
    step = talk.refuse(e.what());
  }
  if (talk.now() == session::state::up) return let_in(peer, std::move(talk), std::move(step));
  log().warn("node '{}' is not let in: {}", is_node_name(talk.peer().node) ? talk.peer().node : "?",
             talk.reason());
  for (const auto& f : step.send) send(peer, frame_atom, encode(f));
}

std::optional<std::string> gate::why_not(const hello& who) {
  const auto there = guests_.find(who.node);
  if (there == guests_.end()) {
    if (guests_.size() < most_guests) return {};
    return "there are " + std::to_string(most_guests) + " nodes already";
  }
  if (there->second.incarnation == who.incarnation) {
    send(there->second.link, link_end{"the node has connected again"});
    return "its last connection is still ending: try again";
  }
  return "a node '" + who.node +
         "' is connected already: give each node a name of its own, and one that was started again "
         "waits until its last connection is over";
}

void gate::let_in(const caf::actor& peer, session talk, session::step first) {
  const auto who = talk.peer();
  caf::actor owner;
  try {
    owner = owners_();
  } catch (const error& e) {
    log().error("node '{}' cannot be let in: {}", who.node, e.what());
    return send(peer, frame_atom, encode(turned_away{"it cannot be served now"}));
  }
  monitor(owner);
  auto made =
      spawn<link>(shared_env(), std::move(talk), std::move(first), link::ends{peer, owner, {}});
  guests_[who.node] = {who.incarnation, std::move(made), std::move(owner)};
}

void gate::let_go(const caf::actor_addr& owner) {
  std::erase_if(guests_, [&](const auto& one) { return one.second.owner == owner; });
}

} // namespace ensemble::node
