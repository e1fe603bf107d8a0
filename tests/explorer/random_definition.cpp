#include "explorer/random_definition.hpp"

#include "explorer/messages.hpp"

namespace explorer {

namespace {

using namespace std::chrono_literals;
using ensemble::message;
using ensemble::type_of;

int seen(const std::any& state) {
  return static_cast<int>(std::any_cast<memory>(&state)->seen.size());
}

template <class Event>
ensemble::outcome_definition noting(int what) {
  return {&type_of<Event>(),
          [what](std::any& state, const message&) { std::any_cast<memory>(&state)->note(what); }};
}

ensemble::retry_policy random_policy(dice& d) {
  ensemble::retry_policy r;
  r.attempts = 1 + static_cast<int>(d.below(3));
  r.attempt_within = (1 + d.below(20)) * 1ms;
  r.first_delay = d.below(5) * 1ms;
  r.max_delay = 20ms;
  return r;
}

template <class Event>
ensemble::awaited_definition awaiting(int index, bool success) {
  ensemble::awaited_definition a;
  a.outcome = noting<Event>(index + (success ? 300 : 400));
  a.key_of_event = [](const message& m) { return m.as<Event>().key; };
  a.key_of_state = [index](const std::any&) { return "k" + std::to_string(index); };
  a.success = success;
  return a;
}

void random_waits(dice& d, int index, ensemble::step_definition& s) {
  s.awaited.push_back(awaiting<approved>(index, true));
  if (d.chance(0.6)) s.awaited.push_back(awaiting<denied>(index, false));
}

ensemble::step_definition random_step(dice& d, int index, std::size_t services) {
  ensemble::step_definition s;
  s.name = "step" + std::to_string(index);
  for (int before = 0; before < index; ++before)
    if (d.chance(0.4)) s.after.push_back(static_cast<std::size_t>(before));
  if (d.chance(0.2)) s.only_if = [](const std::any& state) { return seen(state) % 3 != 0; };
  if (d.chance(0.4)) s.within = (5 + d.below(60)) * 1ms;
  s.retries = random_policy(d);
  if (d.chance(0.15)) {
    random_waits(d, index, s);
    return s;
  }
  if (d.chance(0.15)) s.delay = d.below(10) * 1ms;
  s.ask = {"s" + std::to_string(d.below(services)), &type_of<asked>(),
           [index](const std::any& state) {
             return message(asked{index, seen(state)});
           }};
  if (d.chance(0.85)) s.successes.push_back(noting<worked>(index));
  if (!s.successes.empty() && d.chance(0.3))
    s.successes.push_back(noting<worked_otherwise>(index + 100));
  if (d.chance(0.8)) s.failures.push_back(noting<broke>(-index));
  if (d.chance(0.75)) {
    s.undo = {s.ask.service, &type_of<undo_asked>(), [index](const std::any& state) {
                return message(undo_asked{index, seen(state)});
              }};
    s.undone = noting<unworked>(index + 200);
  }
  return s;
}

void random_pivot(dice& d, process_definition& p) {
  if (!d.chance(0.6)) return;
  for (int tries = 0; tries < 4; ++tries) {
    auto& s = p.steps[d.below(p.steps.size())];
    s.pivot = true;
    try {
      validate(p);
      return;
    } catch (const ensemble::error&) {
      s.pivot = false; // it runs beside another step
    }
  }
}

} // namespace

std::shared_ptr<const process_definition> random_definition(dice& d, std::size_t most_steps) {
  auto p = std::make_shared<process_definition>();
  p->name = "explored";
  p->owner = d.chance(0.5) ? "s0" : "owner";
  if (d.chance(0.3)) p->deadline = (20 + d.below(200)) * 1ms;
  p->initial = [] { return std::any(memory{}); };
  p->start = noting<begun>(1000);
  const auto steps = 2 + d.below(most_steps - 1);
  const auto services = 1 + d.below(steps);
  for (std::size_t n = 0; n < steps; ++n)
    p->steps.push_back(random_step(d, static_cast<int>(n), services));
  if (d.chance(0.85)) {
    p->complete = {p->owner, &type_of<finish_asked>(),
                   [](const std::any& state) { return message(finish_asked{seen(state)}); }};
    p->completed = noting<finished>(2000);
  }
  if (d.chance(0.85)) {
    p->abort = {p->owner, &type_of<cancel_asked>(),
                [](const std::any& state) { return message(cancel_asked{seen(state)}); }};
    p->aborted = noting<cancelled>(2001);
  }
  p->retries = random_policy(d);
  random_pivot(d, *p);
  validate(*p);
  return p;
}

} // namespace explorer
