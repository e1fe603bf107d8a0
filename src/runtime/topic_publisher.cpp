#include "runtime/topic_publisher.hpp"

#include "runtime/subscriber.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace ensemble::internal {

namespace {

const auto skipped_tick = caf::atom("skipped");
constexpr auto skipped_tick_every = std::chrono::milliseconds(20);
/// Of one topic. CAF's mailboxes have no bound of their own.
constexpr std::size_t most_under_way = 1'000;

std::vector<std::uint32_t> matching(const topic& which, const std::vector<recorded_event>& events) {
  std::vector<std::uint32_t> found;
  for (std::uint32_t n = 0; n < events.size(); ++n)
    if (which.matches(events[n].body.name())) found.push_back(n);
  return found;
}

} // namespace

topic_publisher::topic_publisher(caf::actor_config& config, environment_ptr env,
                                 directory_ptr directory, std::shared_ptr<topic_table> topics)
    : base_actor(config, std::move(env), std::string(topics_role)),
      topics_(std::move(topics)),
      follower_(*this, [this](const batch_ptr& batch) { publish_when_durable(batch); }) {
  directory_ = std::move(directory);
}

caf::behavior topic_publisher::make_behavior() {
  follow(); // where a predecessor ended
  tell_of_the_skipped();
  return {
      [this](const topic_asked_for&) { follow(); },
      [this](const committed& m) { follower_.follow(m.batch, *directory_); },
      [this](const durable_batch& m) { publish(m.batch); },
      [this](const journal_page& m) {
        if (!follower_.page_read(m, *directory_)) page_read(m);
      },
      [this](const read_a_topic& m) { read(m.question); },
      [this](caf::atom_value) {
        tick_scheduled_ = false;
        tell_of_the_skipped();
      },
      [this](const directory_changed& m) {
        directory_ = m.now;
        if (m.restarted != reader_role) return;
        follower_.reader_replaced(*directory_);
        for (const auto& [tag, question] : questions_) ask_reader(tag);
      },
      [](const subscriber_stopping&) {},
  };
}

void topic_publisher::on_exit() {
  leave(directory_->journal_group);
  follower_.clear();
  questions_.clear(); // they are asked again
  base_actor::on_exit();
}

void topic_publisher::follow() {
  if (following_) return;
  topics_->with([this](const std::vector<asked_topic>& topics, position published) {
    if (topics.empty()) return;
    following_ = true;
    join(directory_->journal_group);
    follower_.start(published, *directory_);
  });
}

// --- the groups ---

void topic_publisher::publish_when_durable(const batch_ptr& batch) {
  if (!env().gate.speculative()) {
    publish(batch);
    return;
  }
  env().gate.pass([self = caf::actor_cast<caf::actor>(this), batch] {
    caf::anon_send(self, durable_batch{batch});
  });
}

void topic_publisher::publish(const batch_ptr& batch) {
  topics_->with([&](std::vector<asked_topic>& topics, position& published) {
    for (auto& topic : topics) {
      const auto of_it = [&](std::string_view type) { return topic.which.matches(type); };
      if (std::ranges::any_of(batch->types, of_it)) publish(topic, batch);
    }
    published = std::max(published, batch->to);
  });
}

void topic_publisher::publish(asked_topic& to, const batch_ptr& batch) {
  auto which = matching(to.which, batch->events);
  const auto newest = batch->events[which.back()].position;
  if (*to.under_way < most_under_way) {
    ++*to.under_way;
    const topic_place place{to.previous, batch->from, batch->to, false, true};
    const std::shared_ptr<const std::vector<recorded_event>> events(batch, &batch->events);
    send(to.group, topic_events(to.which.name(), place, events, std::move(which), to.under_way));
    to.skipped = false;
  } else {
    to.skipped = true;
    if (!std::exchange(tick_scheduled_, true)) delayed_send(this, skipped_tick_every, skipped_tick);
  }
  to.previous = std::max(to.previous, newest);
}

// A message without events, from whose place the members see that they missed some.
void topic_publisher::tell_of_the_skipped() {
  bool again = false;
  topics_->with([&](std::vector<asked_topic>& topics, position published) {
    for (auto& topic : topics) {
      if (!topic.skipped) continue;
      if (*topic.under_way >= most_under_way / 2) {
        again = true;
        continue;
      }
      topic.skipped = false;
      ++*topic.under_way;
      const topic_place place{topic.previous, published, published, false, true};
      send(topic.group, topic_events(topic.which.name(), place, {}, {}, topic.under_way));
    }
  });
  if (again && !std::exchange(tick_scheduled_, true))
    delayed_send(this, skipped_tick_every, skipped_tick);
}

// --- what a member missed ---

void topic_publisher::read(const std::shared_ptr<topic_question>& question) {
  const auto tag = next_tag_++;
  questions_.emplace(tag, question);
  ask_reader(tag);
}

void topic_publisher::ask_reader(std::uint64_t tag) {
  auto request = std::make_shared<read_request>();
  request->what = read_request::kind::range;
  request->tag = tag;
  request->from = {questions_.at(tag)->after().value + 1};
  send(directory_->reader, read_journal{std::move(request), caf::actor_cast<caf::actor>(this)});
}

void topic_publisher::page_read(const journal_page& page) {
  const auto asked = questions_.extract(page.tag);
  if (asked.empty()) return;
  const auto question = std::move(asked.mapped());
  const auto after = question->after();
  const auto to = page.events->empty() ? after : page.events->back().position;
  const topic_place place{after, {after.value + 1}, to, true, page.complete};
  env().gate.pass([question, answer = topic_events(question->which().name(), place, page.events,
                                                   matching(question->which(), *page.events))] {
    question->answer(answer);
  });
}

} // namespace ensemble::internal
