#include "node/gate.hpp"

#include "node/link.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace ensemble::node {

using internal::log;

namespace {

constexpr std::size_t most_guests = 1000;

/// Processes are told as in `fulfilment 2 orchestrated`. Driven in two ways, or by two versions,
/// one would do twice, or otherwise, what is to be done once.
std::optional<std::string> other_process(const std::vector<std::string>& here,
                                         const std::vector<std::string>& there) {
  for (const auto& own : here)
    for (const auto& other : there) {
      const auto name = own.substr(0, own.find(' ') + 1);
      if (other != own && other.starts_with(name))
        return "process " + own + " here is " + other.substr(name.size()) +
               " there: all nodes run one version, in one mode";
    }
  return {};
}

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
    quit(m.reason);
  });
}

caf::behavior gate::make_behavior() {
  return {
      [this](caf::atom_value what, const std::string& bytes) {
        if (what == frame_atom) greet(bytes);
      },
      [this](const list_nodes& m) {
        const auto all = all_nodes();
        (*m.callback)(&all, nullptr);
      },
  };
}

void gate::on_exit() {
  for (const auto& [name, one] : guests_) send(one.link, link_end{"the node stops"});
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
  const auto runs_at = [&](const std::string& node,
                           const std::vector<std::string>& services) -> std::optional<std::string> {
    const auto both = std::ranges::find_first_of(services, who.services);
    if (both == services.end()) return {};
    return "service '" + *both + "' runs on node '" + node + "' already";
  };
  if (auto why = other_process(own_.processes, who.processes)) return why;
  if (auto why = runs_at(own_.node, own_.services)) return why;
  for (const auto& [name, other] : guests_)
    if (name != who.node)
      if (auto why = runs_at(name, other.services)) return why;
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
  } catch (const std::exception& e) {
    log().error("node '{}' cannot be let in: {}", who.node, e.what());
    return send(peer, frame_atom, encode(turned_away{"it cannot be served now"}));
  }
  monitor(owner);
  const auto figures = std::make_shared<link_figures>();
  figures->set_heard(moment(env().since_boot()));
  auto made = spawn<link>(shared_env(), std::move(talk), std::move(first),
                          link::ends{peer, owner, {}, figures});
  guests_[who.node] = {who.incarnation, std::move(made), std::move(owner), who.services, figures};
  gone_.erase(who.node);
}

void gate::let_go(const caf::actor_addr& owner) {
  const auto at =
      std::ranges::find_if(guests_, [&](const auto& one) { return one.second.owner == owner; });
  if (at == guests_.end()) return;
  auto was = status_of(at->first, at->second, {});
  was.connected = false;
  if (gone_.size() < most_guests && !was.services.empty())
    gone_[at->first] = {std::move(was), at->second.figures->now().heard};
  guests_.erase(at);
}

node_status gate::status_of(const std::string& name, const guest& who, moment now) {
  const auto figures = who.figures->now();
  return {name,         to_string(who.incarnation), figures.ended.empty(),
          who.services, now - figures.heard,        figures.bytes_under_way,
          figures.ended};
}

std::vector<node_status> gate::all_nodes() const {
  std::vector<node_status> all{
      {own_.node, to_string(own_.incarnation), true, own_.services, {}, 0, {}}};
  const auto now = moment(env().since_boot());
  for (const auto& [name, who] : guests_) all.push_back(status_of(name, who, now));
  for (const auto& [name, was] : gone_) {
    all.push_back(was.first);
    all.back().heard = now - was.second;
  }
  return all;
}

} // namespace ensemble::node
