#include "model/engine_messages.hpp"
#include "model/json_writer.hpp"
#include "model/testing_process.hpp"
#include "model/testing_report.hpp"

namespace ensemble {
namespace {

using detail::process_test;

/// Answers the command of that step, or the only one.
void give_answer(process_test& t, const std::string* step, const std::vector<message>& events) {
  t.run_next([&] {
    const auto any = [](const due_command&) { return true; };
    if (const auto c = step ? t.of_step(*step) : t.choose(any, "an answer", "name the step"))
      t.answer(*c, events);
  });
}

template <class Event>
void pass_deadline(process_test& t, const std::string& step, const std::string& what) {
  t.run_next([&] {
    for (auto& d : deadlines(*t.folded)) {
      if (!d.event.body.is<Event>() || d.event.origin.step != step) continue;
      t.now = std::max(t.now, d.at);
      t.record(std::move(d.event));
      return t.look();
    }
    t.fail(what + " has no deadline now; it is " + t.standing());
  });
}

void expect_end(process_test& t, const std::string& expected) {
  t.run_next([&] {
    const auto actual = t.standing();
    if (actual.substr(0, actual.find_first_of(":,")) != expected)
      t.fail(detail::difference({expected}, {actual}));
  });
}

} // namespace

play_clause::play_clause(located_process process)
    : test_(std::make_shared<process_test>(std::move(process))) {}

play_clause play_clause::event(const message& e) {
  auto& t = *test_;
  if (!t.folded)
    t.run([&] { t.start(e); });
  else
    t.run_next([&] {
      if (t.receive(e)) return;
      if (const auto c = t.answered_by(e)) t.answer(*c, {e});
    });
  return *this;
}

play_clause play_clause::answered(const std::string& step, std::vector<message> events) {
  give_answer(*test_, &step, events);
  return *this;
}

play_clause play_clause::rejects(const std::string& why) {
  give_answer(*test_, nullptr, {engine::command_rejected{why}});
  return *this;
}

play_clause play_clause::rejects(const std::string& step, const std::string& why) {
  give_answer(*test_, &step, {engine::command_rejected{why}});
  return *this;
}

play_clause play_clause::acknowledges() {
  give_answer(*test_, nullptr, {engine::command_acknowledged{}});
  return *this;
}

play_clause play_clause::acknowledges(const std::string& step) {
  give_answer(*test_, &step, {engine::command_acknowledged{}});
  return *this;
}

play_clause play_clause::voided(const std::string& step) {
  auto& t = *test_;
  t.run_next([&] {
    const auto c = t.of_step(step);
    if (c && c->direction != direction::close)
      t.fail("step " + quote(step) + " is not being closed, so it cannot be voided");
    else if (c)
      t.answer(*c, {engine::command_voided{}});
  });
  return *this;
}

play_clause play_clause::fails_attempt(const std::string& step) {
  auto& t = *test_;
  t.run_next([&] {
    const auto c = t.of_step(step);
    if (!c) return;
    if (c->direction == direction::close)
      return t.fail("step " + quote(step) + " is being closed, which is repeated for ever");
    t.now = std::max(t.now, c->not_before);
    t.record(make_attempt_failed(*t.folded, *c, t.now, "no answer in time"));
    t.look();
  });
  return *this;
}

play_clause play_clause::times_out(const std::string& step) {
  pass_deadline<engine::step_timed_out>(*test_, step, "step " + quote(step));
  return *this;
}

play_clause play_clause::times_out() {
  pass_deadline<engine::process_timed_out>(*test_, {}, "the process");
  return *this;
}

play_clause play_clause::asks(const std::string& service, const message& command) {
  auto& t = *test_;
  t.run([&] {
    if (!t.started()) return;
    const auto wanted = detail::stored(command);
    t.hear(
        [&](const due_command& c) {
          return c.direction != direction::close && c.service == service && c.body == wanted;
        },
        service + ": " + detail::told(wanted));
  });
  return *this;
}

play_clause play_clause::closes(const std::string& step) {
  auto& t = *test_;
  t.run([&] {
    if (t.started())
      t.hear(
          [&](const due_command& c) { return c.direction == direction::close && c.step == step; },
          "closes " + quote(step));
  });
  return *this;
}

play_clause play_clause::asks_nothing() {
  test_->run_next([] {});
  return *this;
}

void play_clause::completed() { expect_end(*test_, "completed"); }

void play_clause::compensated() { expect_end(*test_, "compensated"); }

void play_clause::running() { expect_end(*test_, "running"); }

void play_clause::stuck(const std::string& part_of_the_reason) {
  auto& t = *test_;
  expect_end(t, "stuck");
  t.run([&] {
    if (t.folded->stuck_reason().find(part_of_the_reason) == std::string::npos)
      t.fail(detail::difference({"stuck: ..." + part_of_the_reason + "..."}, {t.standing()}));
  });
}

} // namespace ensemble
