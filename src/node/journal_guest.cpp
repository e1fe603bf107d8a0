#include "node/journal_guest.hpp"

#include "journal/append_rules.hpp"
#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace ensemble::node {

namespace {

/// What one element adds to a frame beside its texts, and more.
constexpr std::size_t around = 256;
/// So that a frame that ends behind this has room for whatever else stands in it.
constexpr std::size_t enough_bytes = most_frame_bytes / 2;
constexpr std::uint32_t most_granted = 16;

std::size_t size_of(const recorded_event& e) {
  return e.stream.size() + e.body.name().size() + e.body.text().size() + around;
}
std::size_t size_of(const std::string& name) { return name.size() + around; }
std::size_t size_of(const book_row& row) { return row.key.size() + row.value.size() + around; }

/// Keeps as many as fit into a frame, at least one; whether that were all.
template <class T>
bool cut_to_frame(std::vector<T>& all) {
  std::size_t bytes = 0;
  const auto beyond = std::ranges::find_if(all, [&](const T& one) {
    const bool over = bytes > 0 && bytes + size_of(one) > enough_bytes;
    bytes += size_of(one);
    return over;
  });
  const bool complete = beyond == all.end();
  all.erase(beyond, all.end());
  return complete;
}

template <class Id>
Id id_of(const read_asked& what) {
  Id id;
  id.bytes = what.id;
  return id;
}

} // namespace

journal_guest::journal_guest(caf::actor_config& config, internal::environment_ptr env,
                             internal::directory_ptr now, std::shared_ptr<journal_reader> from)
    : base_actor(config, env, std::string(journal_guest_role)),
      from_(std::move(from)),
      commands_(*this, *env, directory_,
                [this](std::string bytes) { say_bytes(std::move(bytes)); }) {
  directory_ = std::move(now);
}

caf::behavior journal_guest::make_behavior() {
  join(directory_->journal_group);
  head_ = from_->head();
  return commands_.handlers().or_else(caf::message_handler{
      [this](const link_up& m) { let_in(m); },
      [this](const link_received& m) {
        if (current_sender() == link_) receive(*m.what);
      },
      [this](const link_down&) { quit(); },
      [this](const internal::appends_done& m) {
        for (const auto& answer : *m.answers) appended(answer);
      },
      [this](const internal::committed& m) { committed(m.batch); },
      [this](const internal::directory_changed& m) { directory_changed(m); },
  });
}

void journal_guest::on_exit() {
  link_ = nullptr;
  from_.reset();
  commands_.clear();
  base_actor::on_exit();
}

void journal_guest::let_in(const link_up& up) {
  link_ = up.link;
  services_ = up.peer->services;
  for (const auto& service : services_) introduce(service);
}

void journal_guest::introduce(const std::string& service) {
  if (env().services.contains(service) && !env().runs(service))
    send(directory_->host(service), reached_by{caf::actor_cast<caf::actor>(this), 1});
}

void journal_guest::directory_changed(const internal::directory_changed& change) {
  directory_ = change.now;
  if (!link_) return;
  // What the last writer had in hand is lost: the node asks again over its next link.
  if (change.restarted == internal::writer_role)
    return send(link_, link_end{"the journal's writer began anew"});
  if (!env().services.contains(change.restarted)) return;
  if (std::ranges::find(services_, change.restarted) != services_.end())
    introduce(change.restarted); // its stand-in may have been replaced
  else
    say(service_moved{change.restarted});
}

void journal_guest::receive(frame& what) {
  if (commands_.receive(what)) return;
  if (const auto* moved = std::get_if<service_moved>(&what)) {
    if (std::ranges::find(services_, moved->service) != services_.end())
      send(directory_->host(moved->service), internal::service_moved{moved->service});
  } else if (auto* a = std::get_if<append_asked>(&what)) {
    append(*a);
  } else if (const auto* r = std::get_if<read_asked>(&what)) {
    say(read(*r));
  } else if (const auto* f = std::get_if<follow>(&what)) {
    const bool on = f->from == position{};
    credit_ = std::min(on ? credit_ + f->credit : f->credit, most_granted);
    if (!on) next_ = f->from;
    send_events(nullptr);
  } else {
    send(link_, link_end{"that is nothing for the journal's node"});
  }
}

void journal_guest::append(append_asked& what) {
  if (!appending_.insert(what.tag).second) return; // it is under way
  try {
    storage::check_request(what.request);
  } catch (const error& e) {
    appending_.erase(what.tag);
    return say(append_told{what.tag, e, {}});
  }
  auto job = std::make_shared<internal::append_job>();
  job->request = std::move(what.request);
  job->from = caf::actor_cast<caf::actor>(this);
  job->tag = what.tag;
  job->from_elsewhere = true;
  send(directory_->writer, internal::append_to_journal{std::move(job)});
}

void journal_guest::appended(const internal::append_answer& answer) {
  if (appending_.erase(answer.tag) == 0) return;
  std::optional<error> failure;
  if (answer.failure) failure = *answer.failure;
  say(append_told{answer.tag, failure, answer.result});
}

read_told journal_guest::read(const read_asked& what) {
  read_told told;
  told.tag = what.tag;
  const auto limit = static_cast<std::size_t>(std::min<std::uint64_t>(what.limit, read_page));
  using kind = read_asked::kind;
  try {
    switch (what.what) {
    case kind::head: told.head = from_->head(); break;
    case kind::all: told.events = from_->read_all({what.from}, limit); break;
    case kind::stream: told.events = from_->read_stream(what.name, {what.from}, limit); break;
    case kind::instance:
      told.events = from_->read_instance(id_of<instance_id>(what), {what.from}, limit);
      break;
    case kind::correlation:
      told.events = from_->read_correlation(id_of<correlation_id>(what), {what.from}, limit);
      break;
    case kind::find:
      if (auto found = from_->find(what.name, id_of<event_id>(what)))
        told.events.push_back(std::move(*found));
      break;
    case kind::stream_names: told.names = from_->stream_names(what.name, what.after, limit); break;
    case kind::message_names: told.names = from_->message_names(); break;
    case kind::book: told.rows = from_->read_book(what.name, what.after, limit); break;
    }
    told.complete =
        cut_to_frame(told.events) && cut_to_frame(told.names) && cut_to_frame(told.rows);
  } catch (const error& e) {
    told = {what.tag, e, {}, {}, {}, {}, true};
  }
  return told;
}

void journal_guest::committed(const std::shared_ptr<const internal::committed_batch>& batch) {
  head_ = std::max(head_, batch->to);
  send_events(batch.get());
}

void journal_guest::send_events(const internal::committed_batch* newest) {
  while (link_ && credit_ > 0 && next_ > position{} && next_ <= head_) {
    committed_events out{next_, {}, {}};
    if (newest && newest->from <= next_ && next_ <= newest->to)
      out.events.assign(newest->events.begin() +
                            static_cast<std::ptrdiff_t>(next_.value - newest->from.value),
                        newest->events.end());
    else if (!read_behind(out.events))
      return;
    (void)cut_to_frame(out.events);
    if (out.events.empty()) return; // not to be seen by this reader yet
    out.to = out.events.back().position;
    next_ = {out.to.value + 1};
    --credit_;
    say(out);
  }
}

// A journal that cannot be read is told once for each try of the node, which tries more slowly.
bool journal_guest::read_behind(std::vector<recorded_event>& events) {
  try {
    events = from_->read_all(next_);
    return true;
  } catch (const error& e) {
    send(link_, link_end{std::string("the journal cannot be read: ") + e.what()});
    credit_ = 0;
    return false;
  }
}

void journal_guest::say_bytes(std::string bytes) {
  if (link_) send(link_, link_say{std::make_shared<const std::string>(std::move(bytes))});
}

// What no frame can hold is told as the failure that it is, to whoever asked.
void journal_guest::say(const frame& what) {
  if (!link_) return;
  try {
    send(link_, to_say(what));
  } catch (const error& e) {
    if (const auto* told = std::get_if<read_told>(&what))
      send(link_, to_say(read_told{told->tag, e, {}, {}, {}, {}, true}));
    else
      send(link_, link_end{e.what()});
  }
}

} // namespace ensemble::node
