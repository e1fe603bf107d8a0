#include "runtime/subscriber.hpp"

#include "runtime/log.hpp"
#include "runtime/subscription_book.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace ensemble::internal {

namespace {
const auto subscriber_tick = caf::atom("tick");
constexpr auto subscriber_tick_every = std::chrono::milliseconds(20);
} // namespace

subscriber::subscriber(caf::actor_config& config, environment_ptr env, directory_ptr directory,
                       std::shared_ptr<subscription_state> state)
    : base_actor(config, std::move(env), subscriber_role(state->settings.name)),
      state_(std::move(state)),
      progress_(state_->settings),
      follower_(*this, [this](const batch_ptr& batch) { take(batch); }) {
  directory_ = std::move(directory);
  set_exit_handler([this](caf::exit_msg& m) {
    if (m.reason != caf::exit_reason::kill) last_words();
    quit(m.reason);
  });
}

caf::behavior subscriber::make_behavior() {
  join(directory_->journal_group);
  last_write_ = now();
  catch_up();
  caf::message_handler common{
      [this](const committed& m) { heard(m); },
      [this](const journal_page& m) { page_read(m); },
      [this](const book_page& m) { rows_read(m); },
      [this](const handler_done& m) {
        ended(m.position, m.failure);
        advance();
      },
      [this](const appends_done& m) {
        for (const auto& answer : *m.answers) append_answered(answer);
      },
      [this](const redrive_parked& m) {
        if (following_)
          progress_.redrive(m.of, m.callback);
        else
          early_redrives_.push_back(m);
        advance();
      },
      [this](const directory_changed& m) { directory_replaced(m); },
      [this](const subscriber_stopping&) { stopping_ = true; },
      [this](caf::atom_value) {
        tick_scheduled_ = false;
        if (tick(now())) need_tick();
        if (std::exchange(refused_, false)) send_book();
        advance();
      },
  };
  return common.or_else(further_handlers());
}

void subscriber::on_exit() {
  progress_.drop_redrives(); // tells them
  early_redrives_.clear();
  leave(directory_->journal_group);
  follower_.clear();
  at_work_.clear();
  reads_.clear();
  pending_ = {};
  base_actor::on_exit();
}

// --- the book ---

// The writer answers in order: then everything that a predecessor gave it is recorded.
void subscriber::catch_up() {
  rows_tag_ = 0; // the book is read once it is caught up
  auto job = std::make_shared<append_job>();
  job->from = caf::actor_cast<caf::actor>(this);
  job->tag = catch_up_tag;
  send(directory_->writer, append_to_journal{std::move(job)});
}

void subscriber::append_answered(const append_answer& answer) {
  if (answer.tag == catch_up_tag && !following_) {
    progress_ = subscription_progress(state_->settings);
    rows_after_.clear();
    rows_tag_ = next_tag_++;
    read_rows();
  } else if (answer.tag == unconfirmed_tag_ && !unconfirmed_.empty()) {
    if (answer.result.state == append_result::status::no_space) {
      refused_ = true;
      need_tick();
      return;
    }
    unconfirmed_.clear();
    progress_.written();
    advance();
  }
}

void subscriber::read_rows() {
  auto request = std::make_shared<read_request>();
  request->what = read_request::kind::book;
  request->tag = rows_tag_;
  request->book = book_of(state_->settings.name);
  request->after_key = rows_after_;
  send(directory_->reader, read_journal{std::move(request), caf::actor_cast<caf::actor>(this)});
}

void subscriber::rows_read(const book_page& page) {
  if (following_ || page.tag != rows_tag_) return;
  for (const auto& row : *page.rows) {
    if (row.key <= rows_after_) continue; // the page was asked for twice
    rows_after_ = row.key;
    const auto read = read_row(state_->settings.name, row);
    if (const auto* parked = std::get_if<parked_event>(&read))
      progress_.restore(*parked);
    else
      checkpoint_read_ = std::get<position>(read);
  }
  if (!page.rows->empty()) {
    read_rows();
    return;
  }
  following_ = true;
  progress_.restore(checkpoint_read_);
  for (const auto& m : std::exchange(early_redrives_, {})) progress_.redrive(m.of, m.callback);
  follower_.start(checkpoint_read_, *directory_);
  advance();
}

void subscriber::write() {
  if (!unconfirmed_.empty()) return;
  const auto time = now();
  const bool due = time - last_write_ >= state_->settings.checkpoint_every;
  if (!progress_.wants_write() && (!due || progress_.done() == progress_.checkpoint())) return;
  last_write_ = time;
  unconfirmed_ = progress_.changes();
  unconfirmed_tag_ = next_tag_++; // the answer to one that was given twice may come late
  if (!unconfirmed_.empty()) send_book();
}

void subscriber::send_book() {
  auto job = std::make_shared<append_job>();
  job->request.books = unconfirmed_;
  job->from = caf::actor_cast<caf::actor>(this);
  job->tag = unconfirmed_tag_;
  send(directory_->writer, append_to_journal{std::move(job)});
}

// The writer ends after this actor, and records what it was given before.
void subscriber::last_words() {
  if (!following_) return;
  progress_.drop_redrives();
  const auto give = [this](std::vector<book_change> changes) {
    if (changes.empty()) return;
    auto job = std::make_shared<append_job>();
    job->request.books = std::move(changes);
    send(directory_->writer, append_to_journal{std::move(job)});
  };
  if (!unconfirmed_.empty()) { // once more, in case that it comes back for want of space
    give(std::exchange(unconfirmed_, {}));
    progress_.written();
  }
  give(progress_.changes());
}

// --- the journal ---

void subscriber::heard(const committed& m) {
  if (!first_heard_) first_heard_ = m.batch->from;
  follower_.follow(m.batch, *directory_);
  advance();
}

void subscriber::page_read(const journal_page& page) {
  if (!follower_.page_read(page, *directory_)) {
    const auto asked = reads_.extract(page.tag);
    if (asked.empty()) return;
    auto& work = asked.mapped();
    if (page.events->empty() || page.events->front().position != work.position)
      throw error(errc::journal_damaged, "the parked event at position " +
                                             std::to_string(work.position.value) +
                                             " is not in the journal");
    work.event = std::make_shared<recorded_event>(page.events->front());
    begin(std::move(work));
  }
  advance();
}

void subscriber::take(const batch_ptr& batch) {
  const auto any = [this](std::string_view event) { return concerns(event); };
  if (std::ranges::any_of(batch->types, any)) {
    pending_ = batch;
    pending_at_ = 0;
    take_on();
  } else {
    progress_.looked_at(batch->to);
  }
}

void subscriber::take_on() {
  const auto time = now();
  for (; pending_at_ < pending_->events.size(); ++pending_at_) {
    const auto& event = pending_->events[pending_at_];
    if (concerns(event.body.name())) {
      if (!progress_.has_room()) {
        follower_.pause();
        paused_ = true;
        return;
      }
      progress_.take(event, time);
    }
    progress_.looked_at(event.position);
  }
  progress_.looked_at(pending_->to);
  pending_ = {};
}

// --- the work ---

void subscriber::advance() {
  if (!following_) return;
  for (bool more = true; more;) {
    while (!stopping_) {
      auto work = progress_.next(now());
      if (!work) break;
      begin(*std::move(work));
    }
    more = pending_ && progress_.has_room();
    if (more) take_on();
  }
  if (paused_ && !pending_) {
    paused_ = false;
    follower_.resume(*directory_);
  }
  if (progress_.full() && !std::exchange(told_full_, true))
    log().error("subscription '{}' stops: {} events are parked; redrive them when their cause is "
                "mended",
                state_->settings.name, progress_.parked());
  told_full_ = told_full_ && progress_.full();
  write();
  tell_state();
  if (progress_.wake() || progress_.done() != progress_.checkpoint()) need_tick();
}

void subscriber::begin(assignment work) {
  if (work.event) {
    at_work_[work.position.value] = work.event;
    work_on(work);
    return;
  }
  const auto tag = next_tag_++;
  reads_.emplace(tag, std::move(work));
  read_parked(tag);
}

void subscriber::read_parked(std::uint64_t tag) {
  auto request = std::make_shared<read_request>();
  request->what = read_request::kind::range;
  request->tag = tag;
  request->from = reads_.at(tag).position;
  request->limit = 1;
  send(directory_->reader, read_journal{std::move(request), caf::actor_cast<caf::actor>(this)});
}

void subscriber::ended(position at, const std::optional<std::string>& failure) {
  const auto work = at_work_.extract(at.value);
  if (work.empty()) return;
  if (!failure) {
    progress_.handled(at);
    return;
  }
  if (stopping_) return; // perhaps only for that; it is handed over again after the next start
  log().warn("subscription '{}': position {} failed: {}", state_->settings.name, at.value,
             *failure);
  progress_.failed(*work.mapped(), *failure, now());
}

void subscriber::need_tick() {
  if (!std::exchange(tick_scheduled_, true))
    delayed_send(this, subscriber_tick_every, subscriber_tick);
}

void subscriber::directory_replaced(const directory_changed& change) {
  directory_ = change.now;
  if (change.restarted == writer_role) { // what the last one was given may be lost
    if (!following_) catch_up();
    if (!unconfirmed_.empty()) send_book();
  }
  if (change.restarted == reader_role) {
    if (!following_ && rows_tag_ != 0) read_rows();
    follower_.reader_replaced(*directory_);
    for (const auto& [tag, work] : reads_) read_parked(tag);
  }
  role_restarted(change.restarted);
}

void subscriber::tell_state() {
  auto& s = *state_;
  s.handled += progress_.handled_count() - std::exchange(told_handled_, progress_.handled_count());
  s.retried += progress_.retried_count() - std::exchange(told_retried_, progress_.retried_count());
  s.parked = progress_.parked();
  s.checkpoint = progress_.checkpoint().value;
  s.done = progress_.done().value;
}

} // namespace ensemble::internal
