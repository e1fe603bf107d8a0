#include "model/testing_process.hpp"

#include "model/json_writer.hpp"
#include "model/testing_failure.hpp"
#include "model/testing_report.hpp"

namespace ensemble::detail {
namespace {

/// What a command is called in reports: its step, or which of the last words it is.
std::string place(const due_command& c) {
  return c.step.empty() ? "'' (" + std::string(to_string(c.target_direction)) + ")" : quote(c.step);
}

bool declares(const std::vector<outcome_definition>& outcomes, const message& event) {
  return std::ranges::any_of(outcomes, [&](auto& o) { return o.event == event.type(); });
}

/// Whether the definition names the event as an outcome of that command.
bool declares(const process_definition& p, const due_command& c, const message& event) {
  const auto d = c.target_direction;
  if (d == direction::complete) return p.completed.event == event.type();
  if (d == direction::abort) return p.aborted.event == event.type();
  const auto& step = p.steps[*p.find_step(c.step)];
  if (d == direction::undo) return step.undone.event == event.type();
  return declares(step.successes, event) || declares(step.failures, event);
}

} // namespace

std::string told(const message& m) { return std::string(m.name()) + " " + m.text(); }

std::string told(const due_command& c) {
  if (c.direction == direction::close) return "closes " + quote(c.step);
  return c.service + ": " + told(c.body);
}

process_test::process_test(located_process process)
    : at(std::move(process)), definition(std::make_shared<const process_definition>(at.process)) {}

void process_test::fail(const std::string& why) {
  if (failed) return;
  failed = true; // before the handler, which may throw
  fail_test("process '" + definition->name + "', " + happened + "\n" + why, at.file, at.line);
}

bool process_test::started() {
  if (!folded)
    fail("nothing has started it: begin with .event(" + std::string(definition->start.event->name) +
         "{...})");
  return !failed;
}

bool process_test::heard_all() {
  if (unheard.empty()) return true;
  std::string text = "became due, and the script does not say so:";
  for (const auto& c : unheard) text += "\n  > " + told(c);
  fail(text);
  return false;
}

void process_test::start(const message& e) {
  if (definition->start.event != e.type())
    return fail("is started by " + quote(definition->start.event->name) + ", not by " +
                quote(e.name()));
  new_event first;
  first.id = event_id::of(1, 1);
  first.body = e;
  record(std::move(first));
  look();
}

void process_test::answer(const due_command& c, const std::vector<message>& events) {
  for (std::size_t n = 0; n < events.size(); ++n) {
    new_event e;
    e.index = static_cast<std::uint32_t>(n);
    e.id = make_event_id(c.target, e.index);
    e.last = n + 1 == events.size();
    e.origin = {folded->correlation, c.cause, folded->id, c.step, c.target_direction, c.round};
    e.body = events[n];
    record(std::move(e));
  }
  look();
}

bool process_test::receive(const message& event) {
  const auto waits = awaited(*folded);
  const auto wait = std::ranges::find_if(
      waits, [&](const awaited_event& w) { return w.event->outcome.event == event.type(); });
  if (wait == waits.end()) return false;
  recorded_event outside;
  outside.position = {++head.value};
  outside.id = event_id::of(2, head.value);
  outside.body = stored(event);
  if (auto received = receive_event(*folded, outside)) {
    record(std::move(*received));
    look();
  } else {
    fail("step " + quote(wait->step) + " awaits " + quote(event.name()) + " with the key " +
         quote(wait->key) + ", not with " + quote(wait->event->key_of_event(outside.body)));
  }
  return true;
}

void process_test::record(new_event e) {
  now += std::chrono::milliseconds(1);
  recorded_event r;
  r.position = {++head.value};
  r.time = now;
  r.id = e.id;
  r.index = e.index;
  r.last = e.last;
  r.origin = e.origin;
  r.body = stored(e.body);
  happened = "after " + told(r.body);
  if (folded)
    evolve(*folded, r);
  else
    folded = begin_instance(definition, r);
}

void process_test::look() {
  outstanding = due(*folded);
  for (auto& c : outstanding) {
    c.body = stored(c.body);
    if (known.insert(c.id).second) unheard.push_back(c);
  }
}

void process_test::missing(const std::string& wanted) {
  lines actual;
  for (const auto& c : unheard) actual.push_back(told(c));
  fail(difference({wanted}, actual) + "\nit is " + standing());
}

std::optional<due_command> process_test::choose(const matches& match, const std::string& what,
                                                const std::string& remedy) {
  std::optional<due_command> found;
  for (const auto& c : outstanding) {
    if (!match(c)) continue;
    if (found) {
      fail(what + " fits both " + place(*found) + " and " + place(c) + ": " + remedy);
      return std::nullopt;
    }
    found = c;
  }
  if (!found) fail(what + " fits nothing that is outstanding; it is " + standing());
  return found;
}

std::optional<due_command> process_test::of_step(const std::string& step) {
  return choose([&](const due_command& c) { return c.step == step; }, "step " + quote(step), "");
}

std::optional<due_command> process_test::answered_by(const message& event) {
  return choose([&](const due_command& c) { return declares(*definition, c, event); },
                quote(event.name()), "say .answers(step, event)");
}

std::string process_test::places() const {
  std::string all;
  for (const auto& c : outstanding) all += (all.empty() ? "" : ", ") + place(c);
  for (const auto& wait : awaited(*folded))
    all += (all.empty() ? "" : ", ") + quote(wait.event->outcome.event->name) + " for " +
           quote(wait.step);
  return all.empty() ? "nothing" : all;
}

std::string process_test::standing() const {
  if (folded->stuck()) return "stuck: " + folded->stuck_reason();
  if (folded->phase == instance_phase::completed) return "completed";
  if (folded->phase == instance_phase::compensated) return "compensated";
  return "running, outstanding: " + places();
}

} // namespace ensemble::detail
