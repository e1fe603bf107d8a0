#include "simulation/service_faults.hpp"

#include "simulation/chance.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace ensemble::simulation {

namespace {

constexpr std::uint64_t always = 1'000'000;

std::uint64_t draw(std::uint64_t seed, const std::string& who, const std::string& what) {
  trace_hash hash;
  hash.add(seed);
  hash.add_text(who);
  hash.add_text(what);
  return chance(hash.value()).next();
}

// As the least of its kind: every field as the type defaults it.
message bare(const message_type& type) { return message::decode(type, "{}"); }

constexpr auto refusal = "the simulation refuses it";

} // namespace

service_faults::service_faults(std::uint64_t seed, std::set<fault> active,
                               std::vector<forced_answer> forced)
    : seed_(seed), active_(std::move(active)), forced_(std::move(forced)) {}

service_faults::asked
service_faults::find_asked(const std::string& service, const command_handler& handler,
                           const std::vector<process_definition>& processes) const {
  asked found;
  const auto look = [&](const process_definition& p, const step_definition& s, direction way) {
    found.of_process = true;
    if (way == direction::forward)
      for (const auto& failure : s.failures)
        if (std::ranges::find(handler.outcomes, failure.event) != handler.outcomes.end())
          found.failures.push_back(failure.event);
    for (const auto& f : forced_)
      if (f.process == p.name && f.step == s.name && f.direction == way) found.forced = f;
  };
  for (const auto& p : processes)
    for (const auto& s : p.steps) {
      if (s.ask.service != service) continue;
      if (s.ask.command == handler.command) look(p, s, direction::forward);
      if (s.undo && s.undo.command == handler.command) look(p, s, direction::undo);
    }
  return found;
}

service_definition service_faults::wrap(service_definition service,
                                        const std::vector<process_definition>& processes) {
  for (auto& [name, handler] : service.handlers) {
    const auto by = find_asked(service.name, handler, processes);
    if (handler.decide)
      handler.decide = [this, by, of = service.name, own = std::move(handler.decide)](
                           const std::any& state, const message& m) -> verdict {
        const auto [fate, event] = choose(by, of, m);
        if (fate == call_fate::refuses) return {{}, reject(refusal)};
        if (fate == call_fate::fails) return {{bare(*event)}, {}};
        return own(state, m);
      };
    if (handler.decide_all)
      handler.decide_all = [this, by, of = service.name, own = std::move(handler.decide_all)](
                               const detail::entity_states& states,
                               const message& m) -> joint_verdict {
        const auto [fate, event] = choose(by, of, m);
        if (fate == call_fate::refuses) return {{}, reject(refusal)};
        if (fate == call_fate::fails) return {{{{}, bare(*event)}}, {}};
        return own(states, m);
      };
    if (handler.effect)
      handler.effect = [this, by, of = service.name, own = std::move(handler.effect)](
                           const message& m, const effect_context& c) -> verdict {
        const auto [fate, event] = choose_once(by, of, m, c.idempotency_key);
        if (fate == call_fate::refuses) return {{}, reject(refusal)};
        if (fate == call_fate::fails) return {{bare(*event)}, {}};
        return own(m, c);
      };
  }
  return service;
}

subscription_definition service_faults::wrap(subscription_definition subscription, saw_event saw) {
  for (auto& handler : subscription.handlers)
    handler.handle = [this, saw, of = subscription.name,
                      own = std::move(handler.handle)](const subscribed_event& e) {
      const auto at = std::to_string(e.event.position.value);
      if (!healed_ && active_.contains(fault::call_throws))
        throw_sometimes(of + "@" + at, draw(seed_, of, at));
      own(e);
      saw(of, e.event);
    };
  return subscription;
}

service_faults::chosen service_faults::choose(const asked& by, const std::string& service,
                                              const message& command) {
  if (healed_) return {};
  if (by.forced) {
    const auto& f = *by.forced;
    if (f.fate == call_fate::throws) throw std::runtime_error("the simulation lets it throw");
    if (f.fate != call_fate::fails) return {f.fate, nullptr};
    const auto at = std::ranges::find(by.failures, f.event, &message_type::name);
    return at == by.failures.end() ? chosen{} : chosen{call_fate::fails, *at};
  }
  const auto drawn = draw(seed_, service, command.text());
  if (active_.contains(fault::call_throws)) throw_sometimes(service + command.text(), drawn);
  if (!by.of_process) return {};
  const auto part = drawn / 1000 % 1000;
  if (active_.contains(fault::call_refuses) && part < 60) {
    happened(fault::call_refuses);
    return {call_fate::refuses, nullptr};
  }
  if (active_.contains(fault::call_fails) && part >= 900 && !by.failures.empty()) {
    happened(fault::call_fails);
    return {call_fate::fails, by.failures[drawn / 1'000'000 % by.failures.size()]};
  }
  return {};
}

// Who refuses a request outside refuses its repeat, too, though everything else is healed by then.
service_faults::chosen service_faults::choose_once(const asked& by, const std::string& service,
                                                   const message& command,
                                                   const std::string& idempotency_key) {
  if (const auto before = not_done_.find(idempotency_key); before != not_done_.end())
    return before->second;
  const auto now = choose(by, service, command);
  if (now.fate != call_fate::decides) not_done_.emplace(idempotency_key, now);
  return now;
}

void service_faults::throw_sometimes(const std::string& what, std::uint64_t drawn) {
  const auto part = drawn % 1000;
  const std::uint64_t times = part < 60 ? 1 : part < 90 ? 2 : part < 110 ? always : 0;
  if (times == 0 || thrown_[what]++ >= times) return;
  happened(fault::call_throws);
  throw std::runtime_error("the simulation lets it throw");
}

void service_faults::happened(fault what) const {
  if (on_fault) on_fault(what);
}

} // namespace ensemble::simulation
