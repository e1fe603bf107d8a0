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
           make_owner owners, type_lookup types)
    : base_actor(config, std::move(env), std::string(gate_role)),
      own_(std::move(own)),
      owners_(std::move(owners)),
      types_(std::move(types)) {
  set_down_handler([this](caf::down_msg& m) { let_go(m.source); });
  set_exit_handler([this](caf::exit_msg& m) {
    // Of a peer that means nothing here; who ends a node ends its links.
    if (m.source.node() != node()) return;
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
  auto talk = session::admitting(own_, [this](const hello& who) { return why_not(who); }, now);
  session::step step;
  try {
    step = bytes.size() > most_greeting_bytes ? talk.refuse("its greeting is too long")
                                              : talk.received(decode(bytes, {}), now);
  } catch (const error& e) {
    step = talk.refuse(e.what());
  }
  if (talk.now() == session::state::up) {
    const auto who = talk.peer();
    let_in(who, spawn<link>(shared_env(), std::move(talk), std::move(step),
                            link::ends{peer, owners_(), {}}, types_));
    return;
  }
  log().warn("node '{}' is not let in: {}", talk.peer().node, talk.reason());
  for (const auto& f : step.send) send(peer, frame_atom, encode(f));
}

std::optional<std::string> gate::why_not(const hello& who) const {
  const auto there = guests_.find(who.node);
  if (there != guests_.end() && there->second.incarnation != who.incarnation)
    return "a node '" + who.node +
           "' is connected already: give each node a name of its own, and one that was started "
           "again waits until its last connection is over";
  if (there == guests_.end() && guests_.size() >= most_guests)
    return "there are " + std::to_string(most_guests) + " nodes already";
  return {};
}

void gate::let_in(const hello& who, caf::actor link) {
  monitor(link);
  auto& place = guests_[who.node];
  if (place.link) send(place.link, link_end{"the node has connected again"});
  place = {who.incarnation, std::move(link)};
}

void gate::let_go(const caf::actor_addr& link) {
  std::erase_if(guests_, [&](const auto& one) { return one.second.link == link; });
}

} // namespace ensemble::node
