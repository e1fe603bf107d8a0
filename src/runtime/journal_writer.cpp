#include "runtime/journal_writer.hpp"

#include "model/planted_bug.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <utility>

namespace ensemble::internal {

namespace {
const auto commit_now = caf::atom("commit");
const auto try_again = caf::atom("tryagain");
constexpr auto try_every = std::chrono::milliseconds(100);

bool writes(const append_request& request) {
  return !request.streams.empty() || !request.books.empty();
}

// It asks whether everything before it is recorded.
bool is_question(const append_job& job) { return !writes(job.request); }

// Not even what is essential.
bool nothing_fitted(const std::vector<append_request>& requests,
                    const std::vector<append_result>& results) {
  bool essential = false;
  for (std::size_t n = 0; n < results.size(); ++n) {
    if (!writes(requests[n])) continue;
    if (results[n].state == append_result::status::fenced) continue; // whatever the space
    if (results[n].state != append_result::status::no_space) return false;
    essential |= requests[n].essential;
  }
  return essential;
}
} // namespace

journal_writer::journal_writer(caf::actor_config& config, environment_ptr env, journal& to,
                               position head, timestamp newest, caf::actor supervisor)
    : base_actor(config, std::move(env), std::string(writer_role)),
      journal_(to),
      head_(head),
      newest_(newest) {
  supervisor_ = std::move(supervisor);
  this->env().journal_full = false; // a predecessor may have died before it could try again
  set_exit_handler([this](caf::exit_msg& m) {
    // Everything that was sent before the exit is still recorded.
    if (!failed_ && m.reason != caf::exit_reason::kill) commit();
    quit(m.reason);
  });
}

caf::behavior journal_writer::make_behavior() {
  others_write_ = journal_.follow(head_, [self = address()](std::vector<recorded_event> events) {
    if (const auto here = caf::actor_cast<caf::actor>(self))
      caf::anon_send(
          here, recorded_by_all{std::make_shared<std::vector<recorded_event>>(std::move(events))});
  });
  return {
      [this](const recorded_by_all& m) {
        published_ = std::move(*m.events);
        for (auto& e : published_) e.body = typed(std::move(e.body));
        newest_ = std::max(newest_, published_.back().time);
        publish();
      },
      [this](const append_to_journal& m) {
        if (!failed_) receive(m.job);
      },
      [this](caf::atom_value what) {
        if (failed_) return;
        if (what == try_again) {
          try_scheduled_ = false;
          // With something kept, the commit that follows finds out; else new work has to.
          if (kept_.empty()) env().journal_full = false;
        }
        commit();
      },
      [this](const directory_changed& m) {
        group_ = m.now->journal_group;
        observers_ = m.now->observers;
        tell_subscribers(); // whoever is new learns how far the journal is
      },
  };
}

void journal_writer::on_exit() {
  group_ = caf::invalid_group;
  observers_.clear();
  waiting_.clear();
  kept_.clear();
  kept_untold_.clear();
  answers_.clear();
  held_.clear();
  base_actor::on_exit();
}

void journal_writer::receive(const std::shared_ptr<append_job>& job) {
  if (!job->from) job->request.essential = true;
  if (!kept_.empty()) {
    // The disk is full, and accepted work goes first: it is tried again soon.
    if (job->request.essential || is_question(*job)) {
      keep(job);
    } else {
      answer(*job, {append_result::status::no_space, {}, {}, {}, {}});
      send_answers();
    }
    return;
  }
  waiting_.push_back(job);
  if (commit_scheduled_) return;
  commit_scheduled_ = true;
  // Behind everything that is in the mailbox already: all of it shares this commit.
  send(this, commit_now);
}

// Who is not told asks again and again, for the same events: they are kept once.
void journal_writer::keep(const std::shared_ptr<append_job>& job) {
  if (ENSEMBLE_PLANTED(full_disk_loses_accepted)) return;
  const auto& streams = job->request.streams;
  if (!job->from && !streams.empty()) {
    const auto& first = streams.front();
    if (!kept_untold_.emplace(first.stream, first.events.front().id).second) return;
  }
  kept_.push_back(job);
}

// What is too much for the space that is left goes in as far as it fits, in its order.
std::vector<append_result>
journal_writer::commit_what_fits(const std::vector<append_request>& requests, timestamp time) {
  std::optional<durability_gate::commit> under_way;
  if (std::ranges::any_of(requests, writes)) under_way.emplace(env().gate);
  auto results = journal_.commit(requests, time);
  for (auto count = requests.size() / 2; count > 0 && nothing_fitted(requests, results); count /= 2)
    results = journal_.commit(std::span(requests).first(count), time);
  under_way.reset();
  results.resize(requests.size(), {append_result::status::no_space, {}, {}, {}, {}});
  return results;
}

void journal_writer::commit() {
  commit_scheduled_ = false;
  waiting_.insert(waiting_.begin(), kept_.begin(), kept_.end());
  kept_.clear();
  kept_untold_.clear();
  if (!waiting_.empty()) commit_waiting();
  waiting_.clear();
}

void journal_writer::commit_waiting() {
  const auto time = std::max(now(), newest_);
  std::vector<append_request> requests;
  requests.reserve(waiting_.size());
  for (auto& job : waiting_) requests.push_back(std::move(job->request));
  try {
    auto results = commit_what_fits(requests, time);
    for (std::size_t n = 0; n < waiting_.size(); ++n) waiting_[n]->request = std::move(requests[n]);
    newest_ = time;
    keep_or_answer(std::move(results));
  } catch (const error& e) {
    if (e.code() == errc::bad_argument && came_from_elsewhere()) {
      for (std::size_t n = 0; n < waiting_.size(); ++n)
        waiting_[n]->request = std::move(requests[n]);
      return commit_one_by_one(e);
    }
    if (ENSEMBLE_PLANTED(ack_before_commit)) {
      for (std::size_t n = 0; n < waiting_.size(); ++n)
        answer(*waiting_[n], {append_result::status::appended,
                              {head_.value + 1},
                              head_,
                              std::vector<std::uint64_t>(requests[n].streams.size(), 1),
                              time});
      send_answers();
    }
    if (ENSEMBLE_PLANTED(goes_on_after_failed_sync)) {
      for (std::size_t n = 0; n < waiting_.size(); ++n)
        waiting_[n]->request = std::move(requests[n]);
      kept_ = std::move(waiting_);
      delayed_send(this, try_every, try_again);
      return;
    }
    // Fail-stop: it is unknown what was recorded, so nobody is told anything.
    failed_ = true;
    log().critical("the journal failed: {}", e.what());
    send(supervisor_, runtime_failed{std::make_shared<error>(e)});
  }
}

bool journal_writer::came_from_elsewhere() const {
  return std::ranges::any_of(waiting_, [](const auto& job) { return job->from_elsewhere; });
}

// One of them cannot be recorded, and so none was. If it is another node's, only that node is told.
void journal_writer::commit_one_by_one(const error& why) {
  if (waiting_.size() == 1) {
    auto& job = *waiting_.front();
    answer(job, {}, std::make_shared<error>(why));
    return send_answers();
  }
  for (const auto& job : std::exchange(waiting_, {})) {
    waiting_ = {job};
    commit_waiting();
    if (failed_) return;
  }
}

void journal_writer::keep_or_answer(std::vector<append_result> results) {
  bool refused = false;
  bool accepted_new_work = false;
  for (std::size_t n = 0; n < results.size(); ++n) {
    auto& job = *waiting_[n];
    const bool full = results[n].state == append_result::status::no_space;
    refused |= full;
    if ((full && job.request.essential) || (!kept_.empty() && is_question(job))) {
      keep(waiting_[n]);
      continue;
    }
    const bool appended = results[n].state == append_result::status::appended;
    accepted_new_work |= appended && !job.request.essential && !is_question(job);
    if (appended) count_events(results[n]);
    if (appended && !others_write_) collect(job, results[n]);
    answer(job, results[n]);
  }
  note_space(refused, accepted_new_work);
  env().count.commits.fetch_add(1, std::memory_order_relaxed);
  publish();
}

void journal_writer::note_space(bool refused, bool accepted_new_work) {
  if (refused) {
    if (!full_)
      log().error("the journal's disk is full: new commands are refused, and accepted work goes on "
                  "as far as the headroom reaches; free some space");
    full_ = true;
    env().journal_full = true;
    if (!std::exchange(try_scheduled_, true)) delayed_send(this, try_every, try_again);
    return;
  }
  if (!try_scheduled_) env().journal_full = false; // nothing is kept any more
  if (full_ && accepted_new_work) {
    full_ = false;
    log().info("the journal's disk has space again: new commands are accepted");
  }
}

void journal_writer::count_events(const append_result& appended) {
  if (appended.first == position{}) return;
  env().count.events_appended.fetch_add(appended.last.value - appended.first.value + 1,
                                        std::memory_order_relaxed);
}

void journal_writer::publish() {
  tell_subscribers();
  send_answers();
}

void journal_writer::send_answers() {
  while (!held_.empty() && held_.front().second.result.last <= head_) {
    auto& [to, answer] = held_.front();
    answers_[to].push_back(std::move(answer));
    held_.pop_front();
  }
  for (auto& [to, answers] : answers_)
    send(to, appends_done{std::make_shared<std::vector<append_answer>>(std::move(answers))});
  answers_.clear();
}

void journal_writer::collect(append_job& job, const append_result& result) {
  auto at = result.first;
  for (std::size_t s = 0; s < job.request.streams.size(); ++s) {
    auto& stream = job.request.streams[s];
    auto version = result.lengths[s] - stream.events.size();
    for (auto& e : stream.events) {
      recorded_event r;
      r.position = at;
      r.stream = stream.stream;
      r.version = {version++};
      r.time = result.time;
      r.id = e.id;
      r.index = e.index;
      r.last = e.last;
      r.origin = std::move(e.origin);
      r.body = job.from_elsewhere ? typed(std::move(e.body)) : std::move(e.body);
      published_.push_back(std::move(r));
      ++at.value;
    }
  }
}

// What another node sends comes opaque; so it is left if it cannot be read here.
message journal_writer::typed(message from) const {
  const auto* type = env().registry.find(from.name());
  if (from.type() || !type || from.schema_version() > type->schema_version) return from;
  try {
    return message::decode(*type, from.text());
  } catch (const error& e) {
    log().error("a '{}' of another node cannot be read here: {}", from.name(), e.what());
    return from;
  }
}

void journal_writer::answer(append_job& job, const append_result& result,
                            std::shared_ptr<const error> failure) {
  if (!job.from) return;
  append_answer told{job.tag, result, env().gate.begun(), std::move(failure)};
  if (others_write_)
    held_.emplace_back(job.from, std::move(told));
  else
    answers_[job.from].push_back(std::move(told));
}

void journal_writer::tell_subscribers() {
  auto batch = std::make_shared<committed_batch>();
  // Where the events really stand: what lies between the last batch and this one, a subscriber
  // must read from the journal.
  batch->from = published_.empty() ? position{head_.value + 1} : published_.front().position;
  if (!published_.empty()) head_ = published_.back().position;
  batch->to = head_;
  batch->events = std::move(published_);
  batch->types = types_of(batch->events);
  published_.clear();
  if (group_) send(group_, committed{batch});
  for (const auto& observer : observers_)
    if (!observer.noticed->exchange(true)) send(observer.actor, journal_grew{});
}

} // namespace ensemble::internal
