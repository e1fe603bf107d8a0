#include "runtime/holder_scope.hpp"

#include <algorithm>
#include <set>

namespace ensemble::internal {

namespace {

bool takes_part(const process_definition& p, std::string_view service) {
  return p.owner == service || std::ranges::any_of(p.steps, [&](const step_definition& s) {
           return !s.awaits() && s.ask.service == service;
         });
}

void follow(holder_scope& scope, const environment& env, const process_ptr& p, bool keeps) {
  auto& followed = scope.definitions[{p->name, p->version}];
  followed.definition = p;
  followed.keeps = followed.role.keeps_deadlines = keeps;
  followed.role.recovery_grace = env.options.recovery_grace;
}

} // namespace

const followed_definition* holder_scope::find(const std::string& process, int version) const {
  const auto at = definitions.find({process, version});
  return at == definitions.end() ? nullptr : &at->second;
}

holder_scope_ptr conductor_scope(const environment& env) {
  auto scope = std::make_shared<holder_scope>();
  scope->role = manager_role;
  for (const auto& [process, deployments] : env.deployed)
    if (!env.danced.contains(process)) scope->processes.kept.insert(process);
  scope->processes.all = scope->processes.kept;
  for (const auto& p : env.processes)
    if (!env.danced.contains(p->name)) follow(*scope, env, p, true);
  return scope;
}

holder_scope_ptr participant_scope(const environment& env, std::string service) {
  auto scope = std::make_shared<holder_scope>();
  scope->role = participant_role(service);
  for (const auto& p : env.processes) {
    if (!env.danced.contains(p->name) || !takes_part(*p, service)) continue;
    scope->processes.all.insert(p->name);
    const bool keeps = p->owner == service;
    if (keeps) scope->processes.kept.insert(p->name);
    follow(*scope, env, p, keeps);
    auto& role = scope->definitions.at({p->name, p->version}).role;
    role.acts_for = [service](std::string_view asked) { return asked == service; };
    role.others_resumed = [&env] { return env.resumed.since(); };
  }
  return scope;
}

std::vector<std::string> participating_services(const environment& env) {
  std::vector<std::string> services;
  for (const auto& service : env.services)
    if (env.runs(service.first) && std::ranges::any_of(env.processes, [&](const process_ptr& p) {
          return env.danced.contains(p->name) && takes_part(*p, service.first);
        }))
      services.push_back(service.first);
  return services;
}

caf::actor keeper_of(const environment& env, const directory& now, std::string_view process) {
  const auto at = env.danced.find(process);
  if (at == env.danced.end()) return now.manager ? now.manager : now.outcomes;
  const auto participant = now.participants.find(at->second);
  return participant == now.participants.end() ? now.outcomes : participant->second;
}

} // namespace ensemble::internal
