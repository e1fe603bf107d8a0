#include "runtime/operator_desk.hpp"

#include "runtime/log.hpp"
#include "runtime/operator_step.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace ensemble::internal {

operator_desk::operator_desk(caf::actor_config& config, environment_ptr env,
                             directory_ptr directory)
    : base_actor(config, std::move(env), std::string(desk_role)) {
  directory_ = std::move(directory);
}

caf::behavior operator_desk::make_behavior() {
  return {
      [this](const ask_desk& m) { accept(m.request); },
      [this](const journal_page& m) { page_read(m); },
      [this](const stuck_listed& m) { listed(m); },
      [this](const appends_done& m) {
        for (const auto& each : *m.answers) appended(each);
      },
      [this](const directory_changed& m) {
        directory_ = m.now;
        ask_again(m.restarted);
      },
  };
}

void operator_desk::on_exit() {
  jobs_.clear(); // tells them
  base_actor::on_exit();
}

void operator_desk::accept(const std::shared_ptr<const desk_request>& request) {
  const auto tag = next_tag_++;
  auto& j = jobs_[tag];
  j.request = request;
  if (request->what == desk_request::kind::stuck) {
    list(tag);
    return;
  }
  if (request->what == desk_request::kind::operate) j.id = make_word_id(request->word, now());
  read(tag, request->word.instance);
}

// Each question has a tag of its own: an answer that comes late is not taken for another's.
std::uint64_t operator_desk::renew(std::uint64_t tag) {
  auto moved = jobs_.extract(tag);
  moved.key() = next_tag_++;
  return jobs_.insert(std::move(moved)).position->first;
}

void operator_desk::list(std::uint64_t tag) {
  const auto fresh = renew(tag);
  auto& j = jobs_.at(fresh);
  j.at = stage::listing;
  j.left.clear();
  j.unheard = (directory_->manager ? 1 : 0) + directory_->participants.size();
  if (j.unheard == 0) return look_on(fresh, j); // nothing is kept here
  const list_stuck question{caf::actor_cast<caf::actor>(this), fresh};
  send(directory_->manager, question);
  for (const auto& [service, participant] : directory_->participants) send(participant, question);
}

void operator_desk::read(std::uint64_t tag, instance_id instance) {
  auto request = std::make_shared<read_request>();
  request->what = read_request::kind::instance;
  request->tag = renew(tag);
  jobs_.at(request->tag).at = stage::reading;
  request->instance = instance;
  send(directory_->reader, read_journal{std::move(request), caf::actor_cast<caf::actor>(this)});
}

void operator_desk::listed(const stuck_listed& all) {
  const auto at = jobs_.find(all.tag);
  if (at == jobs_.end() || at->second.at != stage::listing) return;
  auto& j = at->second;
  for (const auto id : *all.ids)
    if (id > j.request->after) j.left.push_back(id);
  if (--j.unheard > 0) return;
  std::ranges::sort(j.left);
  look_on(all.tag, j);
}

void operator_desk::page_read(const journal_page& page) {
  const auto at = jobs_.find(page.tag);
  if (at == jobs_.end() || at->second.at != stage::reading) return;
  auto& j = at->second;
  try {
    if (j.request->what == desk_request::kind::operate) {
      operate(page.tag, j, *page.events);
    } else if (j.request->what == desk_request::kind::stuck) {
      look(page.tag, j, *page.events);
    } else {
      desk_answer with;
      with.report = report_of(fold_told(env(), j.request->word.instance, *page.events));
      answer(page.tag, with);
    }
  } catch (const error& e) {
    fail(page.tag, e);
  }
}

void operator_desk::operate(std::uint64_t tag, job& j, const std::vector<recorded_event>& events) {
  auto next = next_step(env(), j.request->word, j.id, events, j.given);
  if (auto* final_word = std::get_if<operator_answer>(&next)) {
    const auto& word = j.request->word;
    log().info("operator: {} of instance {}: {}", to_string(word.verb), to_string(word.instance),
               final_word->refusal.value_or("recorded: " + word.reason));
    desk_answer with;
    with.operated = std::move(*final_word);
    answer(tag, with);
    return;
  }
  j.at = stage::appending;
  auto append = std::make_shared<append_job>();
  append->request = std::get<append_request>(std::move(next));
  append->from = caf::actor_cast<caf::actor>(this);
  append->tag = renew(tag);
  send(directory_->writer, append_to_journal{std::move(append)});
}

void operator_desk::appended(const append_answer& answer) {
  const auto at = jobs_.find(answer.tag);
  if (at == jobs_.end() || at->second.at != stage::appending) return;
  auto& j = at->second;
  using result = append_result::status;
  if (answer.result.state == result::no_space) {
    fail(answer.tag, full_disk_error());
    return;
  }
  if (answer.result.state == result::conflict && ++j.conflicts > word_conflicts_borne) {
    fail(answer.tag, busy_instance_error());
    return;
  }
  if (answer.result.state == result::appended) j.given = true;
  read(answer.tag, j.request->word.instance);
}

void operator_desk::look(std::uint64_t tag, job& j, const std::vector<recorded_event>& events) {
  const auto id = j.left.front();
  j.left.pop_front();
  // It may have gone on since the list was made; what is not run here cannot be folded.
  if (!events.empty() && definition_of(env(), id, events.front()))
    if (auto told = fold_told(env(), id, events); told.folded.stuck())
      j.found.instances.push_back(report_of(told));
  look_on(tag, j);
}

void operator_desk::look_on(std::uint64_t tag, job& j) {
  j.found.more = j.found.instances.size() >= j.request->limit && !j.left.empty();
  if (j.left.empty() || j.found.more) {
    desk_answer with;
    with.stuck = std::move(j.found);
    answer(tag, with);
    return;
  }
  read(tag, j.left.front());
}

// What the predecessor was asked is lost. A word that it may have recorded is found by its id.
void operator_desk::ask_again(std::string_view restarted) {
  std::vector<std::uint64_t> tags;
  for (const auto& [tag, j] : jobs_) tags.push_back(tag);
  for (const auto tag : tags) {
    auto& j = jobs_.at(tag);
    const bool stuck = j.request->what == desk_request::kind::stuck;
    const bool holder = restarted == manager_role || !participant_of(restarted).empty();
    if (holder && j.at == stage::listing)
      list(tag);
    else if (restarted == reader_role && j.at == stage::reading)
      read(tag, stuck ? j.left.front() : j.request->word.instance);
    else if (restarted == writer_role && j.at == stage::appending)
      read(tag, j.request->word.instance);
  }
}

void operator_desk::answer(std::uint64_t tag, const desk_answer& with) {
  env().gate.pass([asked = jobs_.extract(tag).mapped().request, with] {
    (*asked->callback)(&with, nullptr);
  });
}

void operator_desk::fail(std::uint64_t tag, const error& why) {
  env().gate.pass([asked = jobs_.extract(tag).mapped().request, why] {
    (*asked->callback)(nullptr, &why);
  });
}

} // namespace ensemble::internal
