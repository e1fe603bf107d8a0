#include "model/machine.hpp"

#include <stdexcept>

namespace machine {

namespace {

int seen_by(const std::any& state) {
  return static_cast<int>(std::any_cast<memory>(&state)->seen.size());
}

template <class Event>
outcome_definition noting(const std::string& what) {
  return {&type_of<Event>(), [what](std::any& state, const message& m) {
            std::any_cast<memory>(&state)->seen.push_back(what + " " + m.as<Event>().step);
          }};
}

step_definition make_step(const process_definition& p, const std::vector<std::string>& names) {
  step_definition s;
  s.name = names.front();
  for (std::size_t n = 1; n < names.size(); ++n) s.after.push_back(*p.find_step(names[n]));
  s.ask = {"s_" + s.name, &type_of<work>(), [name = s.name](const std::any& state) {
             return message(work{name, seen_by(state)});
           }};
  s.successes = {noting<worked>("worked")};
  s.failures = {noting<broke>("broke")};
  s.undo = {"", &type_of<undo_work>(), [name = s.name](const std::any& state) {
              return message(undo_work{name, seen_by(state)});
            }};
  s.undone = noting<undone>("undone");
  s.retries = {3, 10ms, 100ms, 1s};
  return s;
}

} // namespace

process_definition make_process(const std::vector<std::vector<std::string>>& steps) {
  process_definition p;
  p.name = "trial";
  p.owner = "owner";
  p.initial = [] { return std::any(memory{}); };
  p.start = {&type_of<begun>(), {}};
  for (const auto& names : steps) p.steps.push_back(make_step(p, names));
  p.complete = {"owner", &type_of<finish>(),
                [](const std::any& state) { return message(finish{seen_by(state)}); }};
  p.completed = {&type_of<finished>(), {}};
  p.abort = {"owner", &type_of<cancel>(),
             [](const std::any& state) { return message(cancel{seen_by(state)}); }};
  p.aborted = {&type_of<cancelled>(), {}};
  p.retries = {3, 10ms, 100ms, 1s};
  validate(p);
  return p;
}

step_definition& step_of(process_definition& p, const std::string& name) {
  return p.steps[p.find_step(name).value()];
}

script::script(process_definition p, position start)
    : definition(std::make_shared<const process_definition>(std::move(p))) {
  recorded_event e;
  e.position = start;
  e.time = now;
  e.id = event_id::of(9, 9);
  e.body = begun{};
  journal.push_back(e);
  i = begin_instance(definition, e);
}

script& script::record(new_event e) {
  now += 1ms;
  recorded_event r;
  r.position = {journal.back().position.value + 1};
  r.time = now;
  r.id = e.id;
  r.index = e.index;
  r.last = e.last;
  r.origin = e.origin;
  r.body = message::decode(*e.body.type(), e.body.text());
  journal.push_back(r);
  evolve(i, r);
  return *this;
}

assignment& script::of(const std::string& step, direction d) {
  if (d == complete) return i.complete;
  if (d == machine::abort) return i.abort;
  auto& s = i.steps[definition->find_step(step).value()];
  return d == forward ? s.forward : s.undo;
}

script& script::answered(const std::string& step, direction d, const std::vector<message>& events,
                         std::optional<std::uint32_t> round) {
  const auto which = round.value_or(of(step, d).round);
  const auto command = make_command_id(i.id, step, d, which);
  for (std::uint32_t n = 0; n < events.size(); ++n) {
    new_event e;
    e.id = make_event_id(command, n);
    e.index = n;
    e.last = n + 1 == events.size();
    e.origin = {{}, {}, i.id, step, d, which};
    e.body = events[n];
    record(std::move(e));
  }
  return *this;
}

script& script::attempt_fails(const std::string& step, direction d) {
  for (const auto& c : ensemble::due(i))
    if (c.step == step && c.direction == d)
      return record(make_attempt_failed(i, c, now, "no answer in time"));
  throw std::logic_error("no attempt of " + step + " is due");
}

script& script::times_out(const std::string& step) {
  new_event e;
  const auto [round, retries] = std::pair(of(step).round, of(step).retries);
  e.id = make_timeout_id(make_command_id(i.id, step, forward, round), retries);
  e.origin = {{}, {}, i.id, step, forward, round};
  e.body = engine::step_timed_out{};
  return record(std::move(e));
}

script& script::process_times_out() {
  new_event e;
  e.origin.instance = i.id;
  e.body = engine::process_timed_out{};
  return record(std::move(e));
}

script& script::close_refused(const std::string& step, direction d) {
  return answered(step, d, {engine::close_refused{"cannot cancel"}});
}

script& script::retry(const std::string& step, direction d) {
  new_event e;
  e.origin = {{}, {}, i.id, step, d, 0};
  e.body = engine::retry_requested{"mended"};
  return record(std::move(e));
}

script& script::skip(const std::string& step, direction d, const message& in_place) {
  new_event e;
  e.origin = {{}, {}, i.id, step, d, 0};
  engine::skip_requested skip{"by hand"};
  if (!in_place.empty())
    skip = {"by hand", std::string(in_place.name()), in_place.schema_version(), in_place.text()};
  e.body = std::move(skip);
  return record(std::move(e));
}

script& script::abort_requested() {
  new_event e;
  e.origin.instance = i.id;
  e.body = engine::abort_requested{"customer's wish"};
  return record(std::move(e));
}

std::string told(const due_command& c) {
  std::string text;
  if (c.direction == direction::close) text = "close ";
  text += to_string(c.target_direction);
  if (!c.step.empty()) text += " " + c.step;
  return c.round == 0 ? text : text + " #" + std::to_string(c.round);
}

std::vector<std::string> told(const std::vector<due_command>& all) {
  std::vector<std::string> texts;
  for (const auto& c : all) texts.push_back(told(c));
  return texts;
}

std::vector<std::string> script::due() const { return told(ensemble::due(i)); }

due_command script::due(const std::string& which) const {
  for (auto& c : ensemble::due(i))
    if (told(c) == which) return c;
  throw std::logic_error(which + " is not due");
}

std::vector<std::string> script::seen() const { return std::any_cast<memory>(i.state).seen; }

} // namespace machine
