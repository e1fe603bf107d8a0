#include "node/journal_client.hpp"

#include <caf/all.hpp>

#include <utility>

namespace ensemble::node {

namespace {

/// Questions that cost so much together are asked at once; more wait, so that a link's bound is
/// never reached.
constexpr std::size_t most_asked = std::size_t{16} << 20;
/// Batches of committed events that may be under way. One is at most a frame.
constexpr std::uint32_t most_credit = 8;

} // namespace

journal_client::journal_client(caf::actor_config& config, internal::environment_ptr env)
    : base_actor(config, env, std::string(journal_client_role)),
      commands_(*this, *env, directory_,
                [this](std::string bytes) { say_bytes(std::move(bytes)); }) {}

caf::behavior journal_client::make_behavior() {
  return commands_.handlers().or_else(caf::message_handler{
      [this](const ask_journal& m) { ask(m.what); },
      [this](const follow_journal& m) {
        seen_ = m.seen;
        take_ = m.take;
        follow_from_here();
      },
      [this](const link_up& m) {
        link_ = m.link;
        asked_up_to_ = 0;
        under_way_ = 0;
        ++connection_;
        follow_from_here();
        ask_more();
        introduce();
      },
      [this](const link_received& m) {
        if (current_sender() == link_) receive(*m.what);
      },
      [this](const link_down&) {
        if (current_sender() != link_) return;
        link_ = nullptr;
        commands_.clear();
      },
      [this](const internal::directory_changed& m) { directory_changed(m); },
  });
}

void journal_client::on_exit() {
  const error why(errc::journal_failed, "this node stops; what was asked is unknown");
  for (const auto& [number, one] : open_) one->answer.set_exception(std::make_exception_ptr(why));
  open_.clear();
  link_ = nullptr;
  take_ = {};
  commands_.clear();
  base_actor::on_exit();
}

/// To those who stand here for the services of other nodes: all are reached over this link.
void journal_client::introduce() {
  if (!link_ || !directory_) return;
  for (const auto& [service, host] : directory_->hosts)
    if (!env().runs(service))
      send(host, reached_by{caf::actor_cast<caf::actor>(this), connection_});
}

void journal_client::directory_changed(const internal::directory_changed& change) {
  directory_ = change.now;
  commands_.begin();
  if (!env().services.contains(change.restarted) || !env().runs(change.restarted))
    introduce();
  else
    say_bytes(encode(service_moved{change.restarted}));
}

void journal_client::say_bytes(std::string bytes) {
  if (link_) send(link_, link_say{std::make_shared<const std::string>(std::move(bytes))});
}

void journal_client::ask(const std::shared_ptr<journal_question>& what) {
  open_.emplace(++came_, what);
  numbers_.emplace(what->tag, came_);
  ask_more();
}

void journal_client::ask_more() {
  if (!link_) return;
  for (auto next = open_.upper_bound(asked_up_to_); next != open_.end(); ++next) {
    const auto& one = next->second;
    if (under_way_ > 0 && under_way_ + one->cost > most_asked) return;
    under_way_ += one->cost;
    asked_up_to_ = next->first;
    // It shares the question's bytes: they are kept for the next link.
    send(link_, link_say{std::shared_ptr<const std::string>(one, &one->bytes)});
  }
}

void journal_client::receive(frame& what) {
  if (commands_.receive(what)) return;
  if (const auto* moved = std::get_if<service_moved>(&what)) {
    if (directory_ && !env().runs(moved->service))
      send(directory_->host(moved->service), internal::service_moved{moved->service});
  } else if (const auto* told = std::get_if<append_told>(&what))
    answered(told->tag, what);
  else if (const auto* read = std::get_if<read_told>(&what))
    answered(read->tag, what);
  else if (auto* events = std::get_if<committed_events>(&what))
    committed(*events);
  else
    send(link_, link_end{"that is nothing that the journal's node says"});
}

void journal_client::answered(std::uint64_t tag, frame& what) {
  const auto number = numbers_.extract(tag);
  if (number.empty()) return; // nobody waits for it
  const auto one = open_.extract(number.mapped());
  if (one.key() <= asked_up_to_) under_way_ -= one.mapped()->cost;
  one.mapped()->answer.set_value(std::move(what));
  ask_more();
}

void journal_client::committed(committed_events& what) {
  const bool whole = !what.events.empty() && what.events.front().position == what.from &&
                     what.events.back().position == what.to &&
                     what.to.value - what.from.value + 1 == what.events.size();
  if (!whole) return send(link_, link_end{"those events are no part of a journal"});
  if (!take_ || what.to <= seen_) return;                           // once more
  if (what.from.value > seen_.value + 1) return follow_from_here(); // one was lost
  what.events.erase(what.events.begin(),
                    what.events.begin() +
                        static_cast<std::ptrdiff_t>(seen_.value + 1 - what.from.value));
  seen_ = what.to;
  take_(std::move(what.events));
  if (credit_ > 0) --credit_;
  if (credit_ > most_credit / 2) return;
  send(link_, to_say(follow{{}, most_credit - credit_}));
  credit_ = most_credit;
}

void journal_client::follow_from_here() {
  if (!take_ || !link_) return;
  credit_ = most_credit;
  send(link_, to_say(follow{{seen_.value + 1}, credit_}));
}

} // namespace ensemble::node
