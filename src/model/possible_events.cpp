#include "model/possible_events.hpp"

#include "model/engine_messages.hpp"
#include "model/planted_bug.hpp"
#include "model/structural_state.hpp"

#include <algorithm>

namespace ensemble {

namespace {

using status = assignment::status;

message undeclared_event() {
  static const auto made = message::opaque("an_event_that_nobody_declares", 1, "{}");
  return made;
}

message stand_in(const message_type& type) {
  return message::opaque(std::string(type.name), type.schema_version, "{}");
}

/// One thing that is asked, awaited or stuck.
struct subject {
  std::size_t step{}; ///< the number of steps: complete or abort
  direction way{};
  const assignment* state{};
};

class enumeration {
public:
  enumeration(const instance& i, const known_services& services)
      : i_(i), p_(*i.definition), services_(services), commands_(due(i)) {}

  std::vector<possible_event> all() {
    for (const auto& s : subjects()) of(s);
    for (const auto& d : deadlines(i_)) timeout(d);
    if (i_.phase == instance_phase::forward && !i_.past_pivot()) abort_by_operator();
    return std::move(found_);
  }

  /// On the way back: the events of the last assignment, since undoing goes from the last step to
  /// the first. After the pivot: if one is stuck, only that it is tried again.
  std::vector<possible_event> reduced() {
    const auto open = subjects();
    const auto stuck = std::ranges::find_if(
        open, [](const subject& s) { return s.state->state == status::stuck; });
    if (i_.phase == instance_phase::forward && stuck == open.end()) {
      if (!ENSEMBLE_PLANTED(reduced_too_far) || open.empty()) return all();
      of(open.back());
      return std::move(found_);
    }
    if (!open.empty()) of(i_.phase == instance_phase::forward ? *stuck : open.back());
    return std::move(found_);
  }

private:
  std::vector<subject> subjects() const {
    std::vector<subject> open;
    const auto add = [&](std::size_t step, direction way, const assignment& a) {
      if (a.open()) open.push_back({step, way, &a});
    };
    for (std::size_t n = 0; n < i_.steps.size(); ++n) {
      add(n, direction::forward, i_.steps[n].forward);
      add(n, direction::undo, i_.steps[n].undo);
    }
    add(i_.steps.size(), direction::complete, i_.complete);
    add(i_.steps.size(), direction::abort, i_.abort);
    return open;
  }

  std::string name(const subject& s) const {
    return s.step < p_.steps.size() ? p_.steps[s.step].name : std::string();
  }

  std::string told_name(const subject& s) const {
    if (s.way == direction::complete) return "complete";
    if (s.way == direction::abort) return "abort";
    return (s.way == direction::undo ? "the undo of '" : "'") + name(s) + "'";
  }

  recorded_event event(const subject& s, event_id id, message body) const {
    recorded_event e;
    e.position = {i_.last.value + 1};
    e.time = i_.started;
    e.id = id;
    e.origin.correlation = i_.correlation;
    e.origin.instance = i_.id;
    e.origin.step = name(s);
    e.origin.direction = s.way;
    e.origin.round = s.state->round;
    e.body = std::move(body);
    return e;
  }

  recorded_event event(const new_event& made) const {
    recorded_event e;
    e.position = {i_.last.value + 1};
    e.time = i_.started;
    e.id = made.id;
    e.origin = made.origin;
    e.body = made.body;
    return e;
  }

  void of(const subject& s) {
    if (s.state->state == status::stuck) {
      stuck(s);
    } else if (s.way == direction::forward && p_.steps[s.step].awaits()) {
      awaiting(s);
    } else {
      const auto command = std::ranges::find_if(commands_, [&](const due_command& c) {
        return c.step == name(s) && c.target_direction == s.way;
      });
      if (command != commands_.end()) asked(s, *command);
    }
  }

  void asked(const subject& s, const due_command& c) {
    const bool closing = c.direction == direction::close;
    const auto* handler = services_.handler(request_of(s));
    const auto may = [&](message body, const std::string& told) {
      found_.push_back({event(s, make_event_id(c.target, 0), std::move(body)),
                        told_name(s) + (closing ? ", before it could be closed, " : " ") + told});
    };
    for (const auto* type : declared(s))
      if (may_decide(handler, type->name))
        may(stand_in(*type), "is answered with " + std::string(type->name));
    if (may_be_undeclared(s, handler))
      may(undeclared_event(), "is answered with an event that it does not declare");
    may(engine::command_acknowledged{}, "is acknowledged without an event");
    may(engine::command_rejected{"refused"}, "is refused");
    if (closing)
      closings(s, c, handler);
    else
      found_.push_back({event(make_attempt_failed(i_, c, i_.started, "no answer")),
                        told_name(s) + " has no answer in all its attempts"});
  }

  void closings(const subject& s, const due_command& c, const command_handler* handler) {
    found_.push_back({event(s, make_event_id(c.target, 0), engine::command_voided{}),
                      told_name(s) + " is closed before anything happened"});
    if (handler && handler->effect && !handler->cancel)
      found_.push_back({event(s, make_engine_event_id(c.target, "close_refused", 0),
                              engine::close_refused{"it cannot be cancelled"}),
                        told_name(s) + " cannot be closed, since its service has no cancels"});
  }

  void awaiting(const subject& s) {
    const auto waiting = make_command_id(i_.id, name(s), direction::forward, s.state->round);
    for (const auto& awaited : p_.steps[s.step].awaited) {
      const auto& type = *awaited.outcome.event;
      engine::event_received received{std::string(type.name), type.schema_version, "{}", 1};
      found_.push_back({event(s, make_engine_event_id(waiting, "received", 0), std::move(received)),
                        told_name(s) + " receives " + std::string(type.name)});
    }
  }

  void stuck(const subject& s) {
    const auto id = make_engine_event_id(make_command_id(i_.id, name(s), s.way, s.state->round),
                                         "retry", s.state->retries);
    found_.push_back({event(s, id, engine::retry_requested{"mended"}),
                      "an operator has " + told_name(s) + " tried again", true});
  }

  void timeout(const due_deadline& d) {
    const auto& step = d.event.origin.step;
    found_.push_back({event(d.event), step.empty()
                                          ? "the process's deadline passes"
                                          : "'" + step + "' takes longer than its within"});
  }

  void abort_by_operator() {
    const subject everything{p_.steps.size(), direction::none, &i_.abort};
    const auto nobody = make_command_id(i_.id, "", direction::none, 0);
    found_.push_back({event(everything, make_engine_event_id(nobody, "operator", 0),
                            engine::abort_requested{"no longer wanted"}),
                      "an operator aborts it", true});
  }

  request_definition request_of(const subject& s) const {
    if (s.way == direction::complete) return p_.complete;
    if (s.way == direction::abort) return p_.abort;
    if (s.way == direction::forward) return p_.steps[s.step].ask;
    auto undo = p_.steps[s.step].undo;
    undo.service = p_.steps[s.step].ask.service;
    return undo;
  }

  std::vector<const message_type*> declared(const subject& s) const {
    std::vector<const message_type*> types;
    if (s.way == direction::forward) {
      for (const auto& o : p_.steps[s.step].successes) types.push_back(o.event);
      for (const auto& o : p_.steps[s.step].failures) types.push_back(o.event);
    } else {
      const auto& last = s.way == direction::complete ? p_.completed
                         : s.way == direction::abort  ? p_.aborted
                                                      : p_.steps[s.step].undone;
      if (last.event) types.push_back(last.event);
    }
    return types;
  }

  bool may_be_undeclared(const subject& s, const command_handler* handler) const {
    if (!handler) return true;
    const auto known = declared(s);
    return std::ranges::any_of(handler->outcomes, [&](const message_type* outcome) {
      return std::ranges::none_of(known, [&](auto* type) { return type->name == outcome->name; });
    });
  }

  const instance& i_;
  const process_definition& p_;
  const known_services& services_;
  std::vector<due_command> commands_;
  std::vector<possible_event> found_{};
};

} // namespace

const service_definition* known_services::find(std::string_view service) const {
  const auto at = std::ranges::find(services_, service, &service_definition::name);
  return at == services_.end() ? nullptr : *at;
}

const command_handler* known_services::handler(const request_definition& request) const {
  const auto* service = find(request.service);
  return service ? service->find(request.command->name) : nullptr;
}

bool may_decide(const command_handler* handler, std::string_view event) {
  return !handler ||
         std::ranges::any_of(handler->outcomes, [&](auto* type) { return type->name == event; });
}

std::vector<possible_event> possible_events(const instance& i, const known_services& services,
                                            bool reduced) {
  enumeration what(i, services);
  const bool commute = assignments_commute(i) || ENSEMBLE_PLANTED(reduced_too_far);
  return reduced && commute ? what.reduced() : what.all();
}

} // namespace ensemble
