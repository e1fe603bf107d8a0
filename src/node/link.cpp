#include "node/link.hpp"

#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <utility>

namespace ensemble::node {

using internal::log;

namespace {

const auto link_tick = caf::atom("tick");
/// How many bytes are taken until the peer is told so again.
constexpr std::uint64_t tell_every = std::uint64_t{1} << 20;

} // namespace

link::link(caf::actor_config& config, internal::environment_ptr env, session talk,
           session::step first, ends between)
    : base_actor(config, std::move(env), std::string(link_role)),
      session_(std::move(talk)),
      first_(std::move(first)),
      ends_(std::move(between)) {
  set_exit_handler([this](caf::exit_msg&) {
    carry_out(session_.refuse("the node leaves it"));
    quit();
  });
  set_down_handler([this](caf::down_msg& m) {
    if (m.source == ends_.owner)
      return carry_out(session_.refuse("nobody serves it any more on this side"));
    if (m.source != ends_.peer) return; // the gate, of a peer whose link is known since
    session_.end("the connection is lost");
    finish_if_down();
  });
}

caf::behavior link::make_behavior() {
  monitor(ends_.peer);
  monitor(ends_.owner);
  carry_out(std::exchange(first_, {}));
  tick();
  return {
      [this](caf::atom_value what, const std::string& bytes) {
        if (what == frame_atom) receive(bytes);
      },
      [this](caf::atom_value what) {
        if (what == link_tick) tick();
      },
      [this](const link_say& m) { say(*m.bytes); },
      [this](const link_end& m) { carry_out(session_.refuse(m.reason)); },
  };
}

void link::on_exit() {
  session_.end("this end of it broke");
  if (told_up_) {
    log().warn("the connection to node '{}' is over: {}", session_.peer().node, session_.reason());
    send(ends_.owner, link_down{session_.reason()});
  }
  if (ends_.figures) ends_.figures->set_ended(session_.reason());
  if (ends_.joiner) send(ends_.joiner, link_over{session_.reason(), told_up_});
  ends_ = {};
  base_actor::on_exit();
}

void link::receive(const std::string& bytes) {
  const auto from = caf::actor_cast<caf::actor>(current_sender());
  if (!from || session_.now() == session::state::down) return;
  if (from != ends_.peer) {
    // The gate has handed the greeting on to a link, which answers.
    if (session_.now() != session::state::greeting || from.node() != ends_.peer.node()) return;
    ends_.peer = from;
    monitor(ends_.peer);
  }
  received_ += bytes.size();
  if (ends_.figures) ends_.figures->set_heard(moment(env().since_boot()));
  take_frame(bytes);
  if (session_.now() == session::state::up && received_ - told_ >= tell_every) {
    told_ = received_;
    say(encode(frames_taken{told_}));
  }
}

void link::take_frame(const std::string& bytes) {
  if (session_.now() == session::state::greeting && bytes.size() > most_greeting_bytes)
    return carry_out(session_.refuse("its greeting is too long"));
  frame what;
  try {
    what = decode(bytes, {});
  } catch (const error& e) {
    return carry_out(session_.refuse(e.what()));
  }
  carry_out(session_.received(std::move(what), moment(env().since_boot())));
}

void link::carry_out(session::step what) {
  for (const auto& f : what.send) say(encode(f));
  if (session_.now() == session::state::up && !std::exchange(told_up_, true)) {
    log().info("node '{}' is connected", session_.peer().node);
    const link_up up{caf::actor_cast<caf::actor>(this), std::make_shared<hello>(session_.peer())};
    send(ends_.owner, up);
    if (ends_.joiner) send(ends_.joiner, up);
  }
  if (what.deliver) {
    if (const auto* taken = std::get_if<frames_taken>(&*what.deliver))
      count_taken(*taken);
    else
      send(ends_.owner, link_received{std::make_shared<frame>(std::move(*what.deliver))});
  }
  finish_if_down();
}

void link::say(std::string bytes) {
  sent_ += bytes.size();
  send(ends_.peer, frame_atom, std::move(bytes));
  if (ends_.figures) ends_.figures->set_under_way(sent_ - taken_);
  if (sent_ - taken_ <= most_bytes_under_way) return;
  session_.end("it has not taken " + std::to_string(sent_ - taken_) + " bytes that were sent");
  finish_if_down();
}

void link::count_taken(const frames_taken& by_peer) {
  if (by_peer.bytes < taken_ || by_peer.bytes > sent_)
    carry_out(session_.refuse("it has taken bytes that were never sent"));
  else
    taken_ = by_peer.bytes;
  if (ends_.figures) ends_.figures->set_under_way(sent_ - taken_);
}

void link::tick() {
  carry_out(session_.tick(moment(env().since_boot())));
  if (session_.now() != session::state::down)
    delayed_send(this, session_.beats_every() / 2, link_tick);
}

void link::finish_if_down() {
  if (session_.now() == session::state::down) quit();
}

} // namespace ensemble::node
