#include "trace/flow_instances.hpp"

#include "model/engine_messages.hpp"
#include "model/instance.hpp"

#include <algorithm>

namespace ensemble::trace {

namespace {

std::string_view name_of(instance_phase phase) noexcept {
  switch (phase) {
  case instance_phase::forward: return "forward";
  case instance_phase::finishing: return "finishing";
  case instance_phase::compensating: return "compensating";
  case instance_phase::completed: return "completed";
  case instance_phase::compensated: return "compensated";
  }
  return "unknown";
}

using status = assignment::status;

/// One instance while its flow is folded.
class folded_instance {
public:
  folded_instance(process_ptr definition, const recorded_event& start)
      : folded_(begin_instance(std::move(definition), start)), last_(start.time) {
    note_stuck(start.time);
  }

  [[nodiscard]] instance_id id() const noexcept { return folded_.id; }

  void take(const recorded_event& e) {
    evolve(folded_, e);
    last_ = e.time;
    note_stuck(e.time);
  }

  [[nodiscard]] flow_instance told(const std::vector<causation_event>& events) const {
    const auto& i = folded_;
    flow_instance f;
    f.id = i.id;
    f.process = i.definition->name;
    f.version = i.definition->version;
    f.phase = name_of(i.phase);
    f.terminal = i.terminal();
    f.failure = i.failure;
    f.started = i.started;
    f.last = last_;
    tell_stuck(f.waits);
    for (const auto& command : due(i)) f.waits.push_back(told(command, events));
    for (const auto& wait : awaited(i)) f.waits.push_back(told(wait));
    for (const auto& deadline : deadlines(i)) f.waits.push_back(told(deadline));
    return f;
  }

private:
  void note_stuck(timestamp time) {
    if (!folded_.stuck())
      stuck_since_.reset();
    else if (!stuck_since_)
      stuck_since_ = time;
  }

  void tell_stuck(std::vector<flow_wait>& waits) const {
    if (!stuck_since_) return;
    flow_wait all;
    all.what = flow_wait::kind::stuck;
    all.since = *stuck_since_;
    if (!folded_.broken.empty()) {
      all.reason = folded_.broken;
      waits.push_back(all);
      return;
    }
    const auto tell = [&](const assignment& a, const std::string& step, direction d) {
      if (a.state != status::stuck) return;
      auto one = all;
      one.step = step;
      one.direction = d;
      one.service = service_of(*folded_.definition, step, d);
      one.message = a.command.name();
      one.reason = a.reason;
      one.failed_attempts = a.failed_attempts;
      waits.push_back(std::move(one));
    };
    for (std::size_t n = 0; n < folded_.steps.size(); ++n) {
      const auto& step = folded_.definition->steps[n].name;
      tell(folded_.steps[n].forward, step, direction::forward);
      tell(folded_.steps[n].undo, step, direction::undo);
    }
    tell(folded_.complete, {}, direction::complete);
    tell(folded_.abort, {}, direction::abort);
  }

  [[nodiscard]] flow_wait told(const due_command& command,
                               const std::vector<causation_event>& events) const {
    flow_wait w;
    w.step = command.step;
    w.direction = command.direction;
    w.service = command.service;
    w.message = command.body.name();
    w.failed_attempts = command.failed_attempts;
    const auto made_due = std::ranges::find_if(
        events, [&](const causation_event& e) { return e.event.id == command.cause; });
    w.since = made_due == events.end() ? folded_.started : made_due->event.time;
    if (command.not_before > w.since) w.at = command.not_before;
    return w;
  }

  [[nodiscard]] flow_wait told(const awaited_event& wait) const {
    const auto step = folded_.definition->find_step(wait.step).value();
    flow_wait w;
    w.what = flow_wait::kind::event;
    w.step = wait.step;
    w.direction = direction::forward;
    w.message = wait.event->outcome.event->name;
    w.key = wait.key;
    w.since = folded_.steps[step].forward.due_since;
    return w;
  }

  [[nodiscard]] flow_wait told(const due_deadline& deadline) const {
    flow_wait w;
    w.what = flow_wait::kind::deadline;
    w.step = deadline.event.origin.step;
    w.direction = deadline.event.origin.direction;
    w.message = deadline.event.body.name();
    const auto step = folded_.definition->find_step(w.step);
    w.since = step ? folded_.steps[*step].forward.due_since : folded_.started;
    w.at = deadline.at;
    return w;
  }

  instance folded_;
  timestamp last_;
  std::optional<timestamp> stuck_since_{};
};

} // namespace

std::vector<flow_instance> fold_flow(const known_processes& known,
                                     const std::vector<causation_event>& events) {
  std::vector<folded_instance> running;
  for (const auto& e : events) {
    if (e.event.origin.instance) {
      const auto at = std::ranges::find(running, e.event.origin.instance, &folded_instance::id);
      if (at != running.end()) at->take(known.typed(e.event));
    }
    for (auto& definition : known.begun_by(e.event))
      running.emplace_back(std::move(definition), known.typed(e.event));
  }
  std::vector<flow_instance> told;
  told.reserve(running.size());
  for (const auto& i : running) told.push_back(i.told(events));
  return told;
}

} // namespace ensemble::trace
