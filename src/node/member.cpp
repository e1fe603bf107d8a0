#include "node/member.hpp"

#include "node/gate.hpp"
#include "node/joiner.hpp"
#include "node/journal_client.hpp"
#include "node/journal_guest.hpp"
#include "node/remote_journal.hpp"
#include "node/service_stand_in.hpp"
#include "runtime/actor_house.hpp"
#include "runtime/deployments.hpp"
#include "runtime/identity.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace ensemble::node {

namespace {

/// Unlike any other, as far as chance goes.
incarnation_id draw_incarnation(const internal::environment& env) {
  const auto drawn = internal::random_command_id(env.clock());
  return incarnation_id::of(drawn.head(), drawn.tail());
}

std::vector<std::string> services_here(const internal::environment& env) {
  std::vector<std::string> all;
  for (const auto& [name, service] : env.services)
    if (env.runs(name)) all.push_back(name);
  return all;
}

std::vector<std::string> processes_here(const internal::environment& env) {
  std::vector<std::string> all;
  for (const auto& p : internal::deployed_definitions(env))
    all.push_back(p->name + " " + std::to_string(p->version) +
                  (env.danced.contains(p->name) ? " choreographed" : " orchestrated"));
  return all;
}

session_settings settings_of(const internal::environment& env) {
  const auto& o = env.options;
  session_settings own;
  own.application = o.application;
  own.incarnation = draw_incarnation(env);
  own.node = o.node_name.empty() ? "node-" + to_string(own.incarnation).substr(20) : o.node_name;
  own.services = services_here(env);
  own.processes = processes_here(env);
  own.heartbeat = o.heartbeat;
  own.silence = o.silence;
  own.lease = std::max(own.lease, 2 * own.heartbeat);
  check(own);
  return own;
}

internal::environment_ptr copy_for_nodes(const internal::environment& of) {
  auto copy = std::make_shared<internal::environment>(of.options);
  copy->registry = of.registry;
  copy->services = of.services;
  copy->clock = of.clock;
  copy->since_boot = of.since_boot;
  return copy;
}

void check_options(const runtime_options& o) {
  if (!o.listen.empty() && !o.join.empty())
    throw error(
        errc::bad_argument,
        "runtime_options: a node keeps the journal and listens, or joins the one that does; "
        "not both");
  if (!o.listen.empty() && o.durability == durability::speculative)
    throw error(
        errc::bad_argument,
        "runtime_options: a journal of speculative durability cannot be shared: other nodes "
        "would be told what is not on the disk yet");
}

} // namespace

member::member(internal::environment_ptr env)
    : env_(std::move(env)), own_env_(copy_for_nodes(*env_)) {
  const auto& o = env_->options;
  check_options(o);
  own_ = settings_of(*env_);
  network_ = {own_.node, o.tls, own_.silence};
  where_ = parse_address(o.listen.empty() ? o.join : o.listen);
  check_reachable(where_, network_);
  internal::set_scheduler(config_, o);
  load_network(config_, network_);
  system_.emplace(config_);
}

member::~member() {
  serve_no_more();
  leave();
}

std::unique_ptr<journal> member::open_journal(const journal_options& options) {
  client_ = system_->spawn<journal_client>(own_env_);
  const auto note = std::make_shared<join_note>();
  joiner_ = system_->spawn<joiner>(own_env_, own_, find_at(where_, network_), client_, note);
  internal::log().info("node '{}' joins the one at {}", own_.node, to_string(where_));
  if (const auto why = note->wait(env_->options.join_within))
    throw error(errc::not_running,
                "node '" + own_.node + "' was not let in at " + to_string(where_) + ": " + *why);
  return make_remote_journal(client_, options.types);
}

caf::actor member::spawn_stand_in(const std::string& service, caf::actor supervisor) {
  return system_->spawn<service_stand_in>(env_, service, std::move(supervisor));
}

caf::actor member::make_guest(internal::actor_house& house) {
  std::shared_ptr<journal_reader> reader = house.open_reader();
  auto now = house.directory();
  // It reads the journal itself, and so may have to wait for a disk.
  auto guest = house.journal_blocks()
                   ? system_->spawn<journal_guest, caf::detached>(own_env_, now, std::move(reader))
                   : system_->spawn<journal_guest>(own_env_, now, std::move(reader));
  house.tell_of_changes(guest);
  return guest;
}

void member::begin(internal::actor_house& house) {
  if (client_) return house.tell_of_changes(client_);
  gate_ = system_->spawn<gate>(own_env_, own_, [this, &house] { return make_guest(house); });
  where_.port = listen(gate_, where_, network_);
  serves_ = true;
  internal::log().info("node '{}' listens at {}{}", own_.node, to_string(where_),
                       network_.tls ? ", by TLS" : "");
}

void member::serve_no_more() {
  if (!serves_.exchange(false)) return;
  stop_listening(gate_, where_.port, network_);
  caf::scoped_actor self(*system_);
  self->monitor(gate_);
  self->send_exit(gate_, caf::exit_reason::user_shutdown);
  self->receive([](const caf::down_msg&) {});
}

void member::leave() {
  for (const auto& one : {joiner_, client_})
    if (one) caf::anon_send_exit(one, caf::exit_reason::user_shutdown);
}

void member::tell_nodes(nodes_callback callback) {
  const auto lost = [](const auto& tell) {
    const error stopped(errc::unknown_outcome, "the node stopped before it could tell its nodes");
    tell(nullptr, &stopped);
  };
  caf::anon_send(
      gate_,
      list_nodes{
          std::make_shared<internal::exactly_once<const std::vector<node_status>*, const error*>>(
              std::move(callback), lost)});
}

std::string member::address() const { return to_string(where_); }

} // namespace ensemble::node

namespace ensemble::internal {

std::unique_ptr<neighbours> make_neighbours(environment_ptr env) {
  return std::make_unique<node::member>(std::move(env));
}

} // namespace ensemble::internal
