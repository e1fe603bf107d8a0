#include "node/joiner.hpp"

#include "node/link.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace ensemble::node {

using internal::log;

namespace {

const auto joiner_again = caf::atom("again");

/// A link that ends sooner has not helped: what ended it may end the next one.
constexpr std::chrono::seconds a_while{10};

} // namespace

duration pause_after(std::uint64_t failures, incarnation_id own) noexcept {
  constexpr duration shortest = std::chrono::milliseconds(100);
  constexpr std::uint64_t doublings = 5; // 3.2 s
  const auto base = shortest * (std::uint64_t{1} << std::min(failures, doublings));
  // Up to half as long again: a start's id is drawn, so no chance is needed here.
  const auto share = own.bytes[failures % own.bytes.size()];
  return base + base / 2 * share / 256;
}

joiner::joiner(caf::actor_config& config, internal::environment_ptr env, session_settings own,
               gate_finder find, caf::actor owner, std::shared_ptr<join_note> note)
    : base_actor(config, std::move(env), std::string(joiner_role)),
      own_(std::move(own)),
      find_(std::move(find)),
      owner_(std::move(owner)),
      note_(std::move(note)) {
  set_exit_handler([this](caf::exit_msg& m) {
    if (link_) send(link_, link_end{"the node stops"});
    quit(m.reason);
  });
  set_down_handler([this](caf::down_msg&) {
    if (link_) send(link_, link_end{"nobody uses it any more"});
    quit();
  });
}

caf::behavior joiner::make_behavior() {
  monitor(owner_);
  look_up();
  return {
      [this](caf::atom_value what) {
        if (what == joiner_again) look_up();
      },
      [this](const link_up&) {
        if (note_) note_->let_in();
      },
      [this](const link_over& m) {
        link_ = nullptr;
        if (m.was_up) last_reason_ = m.reason; // the link has told it
        if (m.was_up && moment(env().since_boot()) - connected_ > a_while) failures_ = 0;
        failed(m.reason);
      },
  };
}

void joiner::on_exit() {
  link_ = nullptr;
  owner_ = nullptr;
  find_ = {};
  base_actor::on_exit();
}

void joiner::look_up() {
  find_(*this, [this](caf::expected<caf::actor> gate) {
    if (!gate)
      failed(home_system().render(gate.error()));
    else if (!*gate)
      failed("nobody listens there");
    else
      connect(*gate);
  });
}

void joiner::connect(const caf::actor& gate) {
  connected_ = moment(env().since_boot());
  auto talk = session::joining(own_, connected_);
  auto first = talk.begin();
  link_ = spawn<link>(shared_env(), std::move(talk), std::move(first),
                      link::ends{gate, owner_, caf::actor_cast<caf::actor>(this)});
}

void joiner::failed(const std::string& why) {
  if (note_) note_->failed(why);
  if (std::exchange(last_reason_, why) != why) log().warn("no node to join so far: {}", why);
  delayed_send(this, pause_after(failures_++, own_.incarnation), joiner_again);
}

} // namespace ensemble::node
