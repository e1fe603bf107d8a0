#include <ensemble/runtime.hpp>

#include "model/engine_messages.hpp"
#include "model/planted_bug.hpp"
#include "runtime/control_service.hpp"
#include "runtime/deployment.hpp"
#include "runtime/holder_scope.hpp"
#include "runtime/identity.hpp"
#include "runtime/log.hpp"
#include "runtime/neighbours.hpp"
#include "runtime/runtime_implementation.hpp"
#include "runtime/stage.hpp"
#include "runtime/structure_check.hpp"
#include "runtime/subscriber.hpp"

#include <caf/all.hpp>

namespace ensemble {

using internal::admission;
using internal::inside_handler;

std::string_view to_string(outcome_kind kind) noexcept {
  switch (kind) {
  case outcome_kind::completed: return "completed";
  case outcome_kind::compensated: return "compensated";
  case outcome_kind::stuck: return "stuck";
  case outcome_kind::unknown: return "unknown";
  }
  return "unknown";
}

runtime::runtime(runtime_options options) {
  if (options.credits == 0) throw error(errc::bad_argument, "runtime_options: credits must be > 0");
  if (options.effect_threads == 0)
    throw error(errc::bad_argument, "runtime_options: effect_threads must be > 0");
  if (options.recovery_grace < duration{})
    throw error(errc::bad_argument, "runtime_options: recovery_grace must not be negative");
  implementation_ = std::make_unique<implementation>(std::move(options));
  for (const auto* type : engine::message_types()) implementation_->env->registry.add_engine(*type);
}

runtime::~runtime() { stop(); }

runtime& runtime::host(service_definition service) {
  implementation_->must_be_new("host()");
  internal::deploy(*implementation_->env, std::move(service));
  return *this;
}

runtime& runtime::orchestrate(process_definition process) {
  implementation_->must_be_new("orchestrate()");
  internal::deploy(*implementation_->env, std::move(process), process_mode::orchestration);
  return *this;
}

runtime& runtime::choreograph(process_definition process) {
  implementation_->must_be_new("choreograph()");
  internal::deploy(*implementation_->env, std::move(process), process_mode::choreography);
  return *this;
}

runtime& runtime::subscribe(subscription_definition subscription) {
  implementation_->must_be_new("subscribe()");
  internal::deploy(*implementation_->env, std::move(subscription));
  return *this;
}

void runtime::on_failure(std::function<void(const error&)> callback) {
  implementation_->must_be_new("on_failure()");
  implementation_->on_failure = std::move(callback);
}

void runtime::start() {
  auto& self = *implementation_;
  self.must_be_new("start()");
  internal::check_deployment(*self.env);
  internal::check_structures(*self.env);
  const auto env = self.env;
  env->clock = internal::never_falling(env->clock);
  journal_options options{env->options.journal, env->options.durability,
                          [env](std::string_view name) { return env->registry.find(name); },
                          env->options.headroom};
  self.meet_neighbours();
  try {
    auto journal =
        env->keeps_journal() ? env->open(options) : env->neighbours->open_journal(options);
    internal::check_names(*env, *journal->open_reader());
    internal::log().info("start: journal {}, {} services, {} processes",
                         env->keeps_journal() ? options.path : "at " + env->options.join,
                         env->services.size(), env->processes.size());
    self.house = std::make_unique<internal::actor_house>(env, std::move(journal), self.on_failure);
    self.house->open();
  } catch (...) {
    self.house.reset();
    self.leave_neighbours();
    throw;
  }
  try {
    if (env->neighbours) {
      if (const auto failure = self.house->failure()) throw *failure;
      env->neighbours->begin(*self.house);
    }
    if (env->keeps_journal()) self.control = internal::open_control(*this, options.path);
  } catch (...) {
    stop();
    throw;
  }
}

void runtime::implementation::meet_neighbours() {
  const auto& o = env->options;
  for (const auto& service : o.services.value_or(std::vector<std::string>{}))
    if (!env->services.contains(service))
      throw error(errc::unknown_service, "runtime_options: services names '" + service +
                                             "', which was not given to host()");
  if (o.listen.empty() && o.join.empty()) {
    if (!o.services) return;
    throw error(errc::bad_argument, "runtime_options: where only some services run, others must be "
                                    "reached: set listen or join, too");
  }
  if (env->hosts_system)
    throw error(errc::bad_argument, "runtime_options: with listen or join the runtime makes its "
                                    "own actor system, which has CAF's network layer: do not give "
                                    "it another one");
  neighbours = internal::make_neighbours(env);
  env->neighbours = neighbours.get();
  env->hosts_system = &neighbours->system();
}

void runtime::implementation::leave_neighbours() {
  if (!neighbours) return;
  env->neighbours = nullptr;
  env->hosts_system = nullptr;
  neighbours.reset();
}

namespace {

/// A caller's credit, until somebody else gives it back.
class held_credit {
public:
  explicit held_credit(internal::admission& of) noexcept : of_(&of) {}
  ~held_credit() {
    if (of_) of_->leave();
  }
  held_credit(const held_credit&) = delete;
  held_credit& operator=(const held_credit&) = delete;
  void hand_on() noexcept { of_ = nullptr; }

private:
  internal::admission* of_;
};

/// A callback that fulfils a promise, and its future.
template <class Value>
std::pair<std::future<Value>, std::function<void(const Value*, const error*)>> promised() {
  auto promise = std::make_shared<std::promise<Value>>();
  auto result = promise->get_future();
  return {std::move(result), [promise](const Value* value, const error* failure) {
            if (value)
              promise->set_value(*value);
            else
              promise->set_exception(std::make_exception_ptr(*failure));
          }};
}

} // namespace

std::future<receipt> runtime::send(std::string_view service, message command,
                                   send_options options) {
  auto [result, callback] = promised<receipt>();
  if (const auto refused = implementation_->give(service, std::move(command), options, callback))
    throw *refused;
  return std::move(result);
}

void runtime::send(std::string_view service, message command, send_options options,
                   send_callback callback) {
  const auto refused = implementation_->give(service, std::move(command), options, callback);
  if (refused) implementation::guarded([&] { callback(nullptr, &*refused); });
}

std::optional<error> runtime::implementation::give(std::string_view service, message command,
                                                   const send_options& options,
                                                   const send_callback& callback) {
  must_run("send()");
  const auto& handler = internal::find_handler(*env, service, command);
  {
    const inside_handler guard;
    if (handler.key) detail::check_key(handler.key(command));
    if (handler.keys) detail::check_keys(handler.keys(command));
  }
  // One with a key is asked all the same: it may have been recorded before.
  if (env->journal_full && options.idempotency_key.empty()) {
    env->count.commands_refused.fetch_add(1);
    return error(errc::journal_full,
                 "send(): the journal's disk is full; nothing was recorded, try again later");
  }
  auto answer = env->credits.try_enter();
  if (answer == admission::answer::busy && options.when_busy == when_busy::wait) {
    if (inside_handler::active())
      throw error(errc::would_block, "send() would wait for a credit inside a handler or "
                                     "callback: use when_busy::refuse there");
    answer = env->credits.enter();
  }
  if (answer == admission::answer::closed) {
    must_run("send()");
    throw error(errc::wrong_state, "send(): the runtime is stopping");
  }
  if (answer == admission::answer::busy) {
    env->count.commands_refused.fetch_add(1);
    return error(errc::overloaded, "send(): all " + std::to_string(env->options.credits) +
                                       " credits are in use; try again later");
  }
  held_credit credit(env->credits);
  (void)command.text(); // behind the door: who is turned away should cost little
  const auto now = env->clock();
  auto host_command = std::make_shared<internal::host_command>();
  const auto& key = options.idempotency_key;
  host_command->id = key.empty() || ENSEMBLE_PLANTED(idempotency_key_forgotten)
                         ? internal::random_command_id(now)
                         : internal::command_id_for_key(service, key);
  host_command->target = host_command->id;
  host_command->repeat = !key.empty();
  host_command->from_caller = true;
  host_command->body = std::move(command);
  host_command->origin.correlation =
      options.correlation ? options.correlation : internal::random_correlation_id(now);
  auto what = std::make_shared<internal::caller_command>();
  what->service = service;
  what->command = std::move(host_command);
  what->callback = answer_to(callback); // from here on the callback is told, whatever happens
  credit.hand_on();
  env->count.commands_accepted.fetch_add(1);
  house->pending_callers().fetch_add(1);
  try {
    caf::anon_send(house->directory()->gateway, internal::submit{std::move(what)});
  } catch (const std::exception& e) {
    internal::log().error("send(): a command did not reach its gateway: {}", e.what());
  }
  return std::nullopt;
}

outcome runtime::await(const receipt& of, duration timeout) {
  if (inside_handler::active())
    throw error(errc::would_block, "await() blocks, which a handler or callback must not: use "
                                   "the form with a callback there");
  auto promise = std::make_shared<std::promise<outcome>>();
  auto result = promise->get_future();
  await(of, timeout, [promise](const outcome& o) { promise->set_value(o); });
  return result.get();
}

void runtime::await(const receipt& of, duration timeout, outcome_callback callback) {
  auto& self = *implementation_;
  self.must_run("await()");
  const auto tell = [callback = std::move(callback)](const outcome& o) {
    implementation::guarded([&] { callback(o); });
  };
  for (const auto& event : of.events)
    for (const auto& p : self.env->processes) {
      if (p->start.event->name != event.body.name()) continue;
      const auto id = make_instance_id(event.position, p->name);
      auto once = std::make_shared<internal::exactly_once<const outcome&>>(
          tell, [id](const auto& callback_of) {
            callback_of({outcome_kind::unknown, "who would have told is gone; ask again", id});
          });
      caf::anon_send(internal::keeper_of(*self.env, *self.house->directory(), p->name),
                     internal::await_outcome{id, self.env->clock() + timeout, std::move(once),
                                             std::make_shared<recorded_event>(event)});
      return;
    }
  tell({outcome_kind::unknown, "the receipt's events start no process", {}});
}

std::future<operator_answer> runtime::operate(operator_word word) {
  auto [result, callback] = promised<operator_answer>();
  operate(std::move(word), std::move(callback));
  return std::move(result);
}

void runtime::operate(operator_word word, operator_callback callback) {
  auto& self = *implementation_;
  self.must_run("operate()");
  internal::desk_request request{internal::desk_request::kind::operate, std::move(word), {}, 0, {}};
  self.ask(std::move(request),
           self.tell_part(&internal::desk_answer::operated, std::move(callback)));
}

std::future<instance_report> runtime::inspect(instance_id instance) {
  auto [result, callback] = promised<instance_report>();
  inspect(instance, std::move(callback));
  return std::move(result);
}

void runtime::inspect(instance_id instance, report_callback callback) {
  auto& self = *implementation_;
  self.must_run("inspect()");
  internal::desk_request request{internal::desk_request::kind::inspect, {}, {}, 0, {}};
  request.word.instance = instance;
  self.ask(std::move(request), self.tell_part(&internal::desk_answer::report, std::move(callback)));
}

std::future<stuck_instances> runtime::stuck(std::size_t limit, instance_id after) {
  auto [result, callback] = promised<stuck_instances>();
  stuck(limit, after, std::move(callback));
  return std::move(result);
}

void runtime::stuck(std::size_t limit, instance_id after, stuck_callback callback) {
  auto& self = *implementation_;
  self.must_run("stuck()");
  internal::desk_request request{internal::desk_request::kind::stuck, {}, after, limit, {}};
  self.ask(std::move(request), self.tell_part(&internal::desk_answer::stuck, std::move(callback)));
}

void runtime::query_erased(std::string_view service, std::string_view key, const receipt&,
                           state_callback callback) {
  auto& self = *implementation_;
  self.must_run("query()");
  detail::check_key(key);
  const auto host = self.house->directory()->host(service);
  if (!host)
    throw error(errc::unknown_service, "no service '" + std::string(service) + "' is hosted");
  auto tell = [callback = std::move(callback)](const std::any* state, const error* failure) {
    implementation::guarded([&] { callback(state, failure); });
  };
  auto what = std::make_shared<internal::state_query>();
  what->key = key;
  what->callback = std::make_shared<internal::exactly_once<const std::any*, const error*>>(
      std::move(tell), [](const auto& callback_of) {
        const error lost(errc::unknown_outcome, "the service was replaced or the runtime ended "
                                                "before the query was answered; ask again");
        callback_of(nullptr, &lost);
      });
  caf::anon_send(host, internal::query_state{std::move(what)});
}

std::future<flow_graph> runtime::flows() {
  auto& self = *implementation_;
  self.must_run("flows()");
  if (!self.env->keeps_journal())
    throw error(errc::wrong_state, "flows(): ask the node that keeps the journal");
  auto promise = std::make_shared<std::promise<flow_graph>>();
  auto result = promise->get_future();
  internal::ask_flow_graph question;
  question.callback = std::make_shared<internal::exactly_once<const flow_graph&>>(
      [promise](const flow_graph& graph) { promise->set_value(graph); },
      [promise](const auto&) {
        promise->set_exception(std::make_exception_ptr(
            error(errc::unknown_outcome,
                  "the flow watcher was replaced or the runtime ended first; ask again")));
      });
  caf::anon_send(self.house->directory()->flows, std::move(question));
  return result;
}

std::future<std::vector<node_status>> runtime::nodes() {
  auto [result, callback] = promised<std::vector<node_status>>();
  nodes(std::move(callback));
  return std::move(result);
}

void runtime::nodes(nodes_callback callback) {
  auto& self = *implementation_;
  self.must_run("nodes()");
  if (self.env->options.listen.empty())
    throw error(errc::wrong_state, "nodes(): ask the node that keeps the journal, and listens");
  self.neighbours->tell_nodes(
      [callback = std::move(callback)](const std::vector<node_status>* all, const error* failure) {
        implementation::guarded([&] { callback(all, failure); });
      });
}

std::string runtime::address() const {
  implementation_->must_run("address()");
  if (implementation_->env->options.listen.empty())
    throw error(errc::wrong_state, "address(): this runtime does not listen");
  return implementation_->neighbours->address();
}

std::unique_ptr<journal_reader> runtime::open_reader() const {
  implementation_->must_run("open_reader()");
  implementation_->must_not_wait_here("open_reader()");
  return implementation_->house->open_reader();
}

void runtime::observe(position from, event_callback callback) {
  implementation_->must_run("observe()");
  implementation_->house->observe(from, std::move(callback));
}

std::vector<parked_event> runtime::parked(std::string_view subscription, std::size_t limit,
                                          position after) const {
  auto& self = *implementation_;
  self.must_run("parked()");
  self.must_not_wait_here("parked()");
  return self.house->parked(self.find_subscription(subscription).settings.name, limit, after);
}

std::future<redrive_report> runtime::redrive(std::string_view subscription, position of) {
  auto [result, callback] = promised<redrive_report>();
  redrive(subscription, of, std::move(callback));
  return std::move(result);
}

void runtime::redrive(std::string_view subscription, position of,
                      redrive_report_callback callback) {
  auto& self = *implementation_;
  self.must_run("redrive()");
  const auto role = internal::subscriber_role(self.find_subscription(subscription).settings.name);
  auto tell = [callback = std::move(callback)](const redrive_report* got, const error* failure) {
    implementation::guarded([&] { callback(got, failure); });
  };
  const auto durable =
      std::make_shared<internal::redrive_callback>(std::move(tell), [](const auto& callback_of) {
        const error lost(errc::unknown_outcome,
                         "the runtime ended or failed, or the subscription was "
                         "replaced, before the redrive was done; ask again");
        callback_of(nullptr, &lost);
      });
  auto once = std::make_shared<internal::redrive_callback>(
      [durable, env = self.env](const redrive_report* got, const error* failure) {
        env->gate.pass([durable, report = got ? std::optional(*got) : std::nullopt,
                        why = failure ? std::optional(*failure) : std::nullopt] {
          (*durable)(report ? &*report : nullptr, why ? &*why : nullptr);
        });
      },
      [](const auto&) {}); // the other one tells
  const auto now = self.house->directory();
  if (const auto at = now->subscribers.find(role); at != now->subscribers.end())
    caf::anon_send(at->second, internal::redrive_parked{of, std::move(once)});
}

subscription_stats runtime::stats(std::string_view subscription) const {
  auto& self = *implementation_;
  self.must_run("stats()");
  const auto& state = self.find_subscription(subscription);
  subscription_stats s;
  s.handled = state.handled;
  s.retried = state.retried;
  s.parked = state.parked;
  s.checkpoint = {state.checkpoint};
  s.done = {state.done};
  const auto head = self.house->head();
  s.behind = head > s.done ? head.value - s.done.value : 0;
  return s;
}

runtime_stats runtime::stats() const {
  const auto& c = implementation_->env->count;
  runtime_stats s;
  s.commands_accepted = c.commands_accepted;
  s.commands_refused = c.commands_refused;
  s.instances_started = c.instances_started;
  s.instances_recovered = c.instances_recovered;
  s.instances_completed = c.instances_completed;
  s.instances_compensated = c.instances_compensated;
  s.instances_open = c.instances_open;
  s.instances_stuck = c.instances_stuck;
  s.instances_asleep = c.instances_asleep;
  s.outside_events_kept = c.outside_events_kept;
  s.outside_events_parked = c.outside_events_parked;
  s.events_appended = c.events_appended;
  s.commits = c.commits;
  s.attempts_failed = c.attempts_failed;
  s.deadlines_passed = c.deadlines_passed;
  s.actors_respawned = c.actors_respawned;
  s.messages = c.messages;
  s.events_folded = c.events_folded;
  return s;
}

void runtime::stop(duration limit) {
  auto& self = *implementation_;
  if (!self.house) return;
  if (inside_handler::active())
    throw error(errc::would_block, "stop() waits for the handlers, so it cannot be called from "
                                   "inside one");
  self.house->stop_subscribers();
  if (self.stopped.exchange(true)) return;
  self.control.reset(); // while the journal's lock is still ours
  self.house->close(limit);
  internal::log().info("stop: {} instances open", self.env->count.instances_open.load());
}

} // namespace ensemble
