#include "runtime/deployment.hpp"

#include "runtime/log.hpp"

#include <algorithm>
#include <map>

namespace ensemble::internal {

namespace {

/// A process may be there in several versions; `version` is 0 for a service.
void check_name_is_free(const environment& env, const std::string& name, int version) {
  const auto taken_by = [&](const process_ptr& p) {
    return p->name == name && (version == 0 || p->version == version);
  };
  if (env.services.contains(name) || std::ranges::any_of(env.processes, taken_by))
    throw error(errc::bad_definition, "the name '" + name +
                                          "' is taken: services and "
                                          "processes need one each, they name streams");
}

struct expectation {
  std::string where;
  const request_definition* request;
  std::vector<const outcome_definition*> answers;
};

void check_request(const environment& env, const expectation& e) {
  const auto at = env.services.find(e.request->service);
  if (at == env.services.end())
    throw error(errc::unknown_service,
                e.where + " asks service '" + e.request->service + "', which is not hosted");
  const auto* handler = at->second->find(e.request->command->name);
  if (!handler)
    throw error(errc::unknown_service, e.where + " asks '" + e.request->service + "' for '" +
                                           std::string(e.request->command->name) +
                                           "', which it does not take");
  for (const auto* answer : e.answers) {
    const auto decides = [&](const message_type* t) { return t->name == answer->event->name; };
    if (std::ranges::none_of(handler->outcomes, decides))
      throw error(errc::bad_definition, e.where + " waits for '" +
                                            std::string(answer->event->name) + "', but '" +
                                            std::string(e.request->command->name) +
                                            "' is never decided so by '" + at->first + "'");
  }
}

/// All versions of a process are kept by one holder.
void check_mode(const environment& env, const process_definition& p, process_mode mode) {
  for (const auto& other : env.processes) {
    if (other->name != p.name) continue;
    if (env.danced.contains(p.name) != (mode == process_mode::choreography))
      throw error(errc::bad_definition, "process '" + p.name +
                                            "': its versions cannot be orchestrated and "
                                            "choreographed at once");
    if (mode == process_mode::choreography && other->owner != p.owner)
      throw error(errc::bad_definition, "process '" + p.name + "': versions owned by '" +
                                            other->owner + "' and by '" + p.owner +
                                            "' cannot be choreographed together: whose "
                                            "participant would keep the deadlines?");
  }
}

/// The owner's participant keeps what the process manager would keep.
void check_danced(const environment& env) {
  for (const auto& [process, owner] : env.danced)
    if (!env.services.contains(owner))
      throw error(errc::unknown_service, "process '" + process + "' is choreographed, and '" +
                                             owner + "', which owns it, is not hosted");
}

/// An event that fits several instances is parked (rule 7), which takes one who knows them all.
void check_awaited_once(const environment& env) {
  std::map<std::string_view, const process_definition*> awaited_by;
  const auto keeper = [&](const process_definition& p) {
    return env.danced.contains(p.name) ? p.owner : std::string();
  };
  for (const auto& p : env.processes)
    for (const auto& s : p->steps)
      for (const auto& a : s.awaited) {
        const auto* other = awaited_by.emplace(a.outcome.event->name, p.get()).first->second;
        if (keeper(*other) != keeper(*p))
          throw error(errc::bad_definition,
                      "'" + std::string(a.outcome.event->name) + "' is awaited by processes '" +
                          other->name + "' and '" + p->name +
                          "', which are kept apart: orchestrate both, or choreograph both with "
                          "one owner");
      }
}

/// Not an error: the event may come from elsewhere.
void check_awaited(const environment& env, const std::string& where, const step_definition& s) {
  for (const auto& awaited : s.awaited) {
    const auto records = [&](const auto& service) {
      return std::ranges::any_of(service.second->types, [&](const message_type* t) {
        return t->name == awaited.outcome.event->name;
      });
    };
    if (std::ranges::none_of(env.services, records))
      log().warn("{} awaits '{}', which no service here records", where,
                 awaited.outcome.event->name);
  }
}

} // namespace

void deploy(environment& env, service_definition service) {
  check_name_is_free(env, service.name, 0);
  for (const auto* type : service.types) env.registry.add(*type);
  detail::check_policies(service);
  const auto name = service.name;
  const auto shared = std::make_shared<service_definition>(std::move(service));
  deploy_policies(env, shared);
  env.services.emplace(name, shared);
}

void deploy(environment& env, process_definition process, process_mode mode) {
  check_name_is_free(env, process.name, process.version);
  check_mode(env, process, mode);
  for (const auto* type : process.types) env.registry.add(*type);
  if (mode == process_mode::choreography) env.danced.emplace(process.name, process.owner);
  env.processes.push_back(std::make_shared<process_definition>(std::move(process)));
}

void check_deployment(const environment& env) {
  check_danced(env);
  check_awaited_once(env);
  for (const auto& policy : policies_in_circles(env))
    log().warn("policy '{}' leads to its own event again: it runs for ever unless some function on "
               "the way returns no command",
               policy);
  for (const auto& p : env.processes) {
    const auto name = "process '" + p->name + "'";
    for (const auto& s : p->steps) {
      const auto step = name + ", step '" + s.name + "'";
      if (s.awaits()) {
        check_awaited(env, step, s);
        continue;
      }
      expectation ask{step, &s.ask, {}};
      for (const auto& o : s.successes) ask.answers.push_back(&o);
      for (const auto& o : s.failures) ask.answers.push_back(&o);
      check_request(env, ask);
      auto undo = s.undo;
      undo.service = s.ask.service;
      if (undo) check_request(env, {step + " (undo)", &undo, {&s.undone}});
    }
    if (p->complete) check_request(env, {name + " (complete)", &p->complete, {&p->completed}});
    if (p->abort) check_request(env, {name + " (abort)", &p->abort, {&p->aborted}});
  }
}

void check_names(const environment& env, journal_reader& reader) {
  for (const auto& name : reader.message_names())
    if (!env.registry.find(name))
      throw error(errc::unknown_message,
                  "the journal holds messages named '" + name +
                      "', which no service or process declares: add .folds<...>() to the service "
                      "that once recorded them");
}

const command_handler& find_handler(const environment& env, std::string_view service,
                                    const message& command) {
  const auto at = env.services.find(service);
  if (at == env.services.end())
    throw error(errc::unknown_service, "no service '" + std::string(service) + "' is hosted");
  const auto* handler = at->second->find(command.name());
  if (!handler)
    throw error(errc::unknown_service, "service '" + std::string(service) + "' does not take '" +
                                           std::string(command.name()) + "'");
  return *handler;
}

} // namespace ensemble::internal
