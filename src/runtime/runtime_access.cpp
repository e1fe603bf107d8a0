#include "runtime/runtime_access.hpp"

#include "runtime/runtime_implementation.hpp"
#include "runtime/stage.hpp"
#include "runtime/subscriber.hpp"

#include <caf/all.hpp>

namespace ensemble {

void runtime_access::kill(runtime& r, const std::string& role) {
  r.implementation_->house->kill(role);
}

caf::group runtime_access::topic_group(runtime& r, std::string_view topic) {
  r.implementation_->must_run("topic_group()");
  return r.implementation_->house->topic_group(topic);
}

void runtime_access::read_topic(runtime& r, std::string_view which, position after,
                                std::function<void(topic_events)> tell) {
  r.implementation_->must_run("read_topic()");
  auto question = std::make_shared<internal::topic_question>(topic(which), after, std::move(tell));
  const auto now = r.implementation_->house->directory();
  if (const auto at = now->subscribers.find(internal::topics_role); at != now->subscribers.end())
    caf::anon_send(at->second, internal::read_a_topic{std::move(question)});
}

void runtime_access::set_clock(runtime& r, std::function<timestamp()> clock) {
  r.implementation_->env->clock = std::move(clock);
}

void runtime_access::set_stage(runtime& r, internal::stage& stage) {
  r.implementation_->must_be_new("set_stage()");
  auto& env = *r.implementation_->env;
  env.stage = &stage;
  env.clock = [&stage] { return stage.now(); };
  env.open = [&stage](const journal_options& options) { return stage.open_journal(options); };
  env.hosts_system = &stage.system();
}

void runtime_access::set_journal(
    runtime& r, std::function<std::unique_ptr<journal>(const journal_options&)> open) {
  r.implementation_->env->open = std::move(open);
}

void runtime_access::set_actor_system(runtime& r, caf::actor_system& system) {
  r.implementation_->must_be_new("use_actor_system()");
  r.implementation_->env->hosts_system = &system;
}

} // namespace ensemble
