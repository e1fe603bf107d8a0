#include "runtime/actor_house.hpp"

#include "model/engine_messages.hpp"
#include "model/thrown.hpp"
#include "runtime/bus.hpp"
#include "runtime/deployments.hpp"
#include "runtime/effect_threads.hpp"
#include "runtime/event_observer.hpp"
#include "runtime/event_subscriber.hpp"
#include "runtime/flow_watcher.hpp"
#include "runtime/gateway.hpp"
#include "runtime/journal_reading.hpp"
#include "runtime/journal_syncer.hpp"
#include "runtime/journal_writer.hpp"
#include "runtime/log.hpp"
#include "runtime/neighbours.hpp"
#include "runtime/operator_desk.hpp"
#include "runtime/outcome_watcher.hpp"
#include "runtime/outlet.hpp"
#include "runtime/participant.hpp"
#include "runtime/policy_subscriber.hpp"
#include "runtime/process_manager.hpp"
#include "runtime/service_host.hpp"
#include "runtime/stage.hpp"
#include "runtime/supervisor.hpp"
#include "runtime/topic_publisher.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <future>
#include <thread>

namespace ensemble::internal {

void kill_now(const caf::actor& actor) {
  actor->enqueue(caf::make_mailbox_element(nullptr,
                                           caf::make_message_id(caf::message_priority::high), {},
                                           caf::exit_msg{actor->address(), caf::exit_reason::kill}),
                 nullptr);
}

namespace {

/// Where the actor of a role stands; those roles that are not named here are services.
caf::actor& place_of(directory& all, const std::string& role) {
  if (role == writer_role) return all.writer;
  if (role == syncer_role) return all.syncer;
  if (role == outlet_role) return all.outlet;
  if (role == reader_role) return all.reader;
  if (role == gateway_role) return all.gateway;
  if (role == manager_role) return all.manager;
  if (role == desk_role) return all.desk;
  if (role == flow_role) return all.flows;
  if (role == outcome_role) return all.outcomes;
  if (const auto service = participant_of(role); !service.empty())
    return all.participants[std::string(service)];
  if (role == topics_role || is_subscriber_role(role)) return all.subscribers[role];
  return all.hosts[role];
}

/// Everyone who is told of changes, those first who are asked by others.
std::vector<caf::actor> all_of(const directory& now) {
  std::vector<caf::actor> all;
  for (const auto& [name, host] : now.hosts) all.push_back(host);
  for (const auto& [name, participant] : now.participants) all.push_back(participant);
  for (const auto& [role, subscriber] : now.subscribers) all.push_back(subscriber);
  for (const auto& actor : {now.reader, now.gateway, now.manager, now.desk, now.flows, now.outcomes,
                            now.syncer, now.outlet, now.writer})
    if (actor) all.push_back(actor);
  return all;
}

std::unique_ptr<effect_executor> make_executor(const environment& env, std::size_t threads) {
  if (env.stage) return env.stage->make_executor();
  return std::make_unique<effect_threads>(threads);
}

std::size_t worker_count(const runtime_options& options) {
  if (options.threads > 0) return options.threads;
  return std::max<std::size_t>(2, std::thread::hardware_concurrency());
}

} // namespace

void set_scheduler(caf::actor_system_config& config, const runtime_options& options) {
  // CAF's default policy lets one busy pair of actors starve all others.
  config.set("scheduler.policy", caf::atom("sharing"));
  config.set("scheduler.max-throughput", std::size_t{100});
  config.set("scheduler.max-threads", worker_count(options));
}

actor_house::actor_house(environment_ptr env, std::unique_ptr<ensemble::journal> journal,
                         std::function<void(const error&)> on_failure)
    : env_(std::move(env)),
      journal_(std::move(journal)),
      on_failure_(std::move(on_failure)),
      threads_(make_executor(*env_, env_->options.effect_threads)) {
  // Unlike the journal's group, these may still have members when another runtime gets this
  // address.
  topics_name_ = bus_name(bus_owner()) + "." +
                 std::to_string(env_->clock().time_since_epoch().count()) + ".topic.";
  system_ = env_->hosts_system;
  if (system_) return;
  set_scheduler(config_, env_->options);
  own_system_ = std::make_unique<caf::actor_system>(config_);
  system_ = own_system_.get();
}

actor_house::~actor_house() {
  close(std::chrono::seconds(10));
  if (env_->stage)
    (void)wait_for_no_actor(env_->clock() + std::chrono::hours(1));
  else if (!own_system_)
    env_->actors->wait_for_none(); // else its destructor waits
}

// Programs that follow each other on a stage have one address, as if they were one.
const void* actor_house::bus_owner() const {
  return env_->stage ? static_cast<const void*>(env_->stage) : this;
}

// On a thread of its own, if there are threads.
template <class Actor, class... Args>
caf::actor actor_house::spawn_detached(Args&&... args) {
  if (env_->stage) return system_->spawn<Actor>(std::forward<Args>(args)...);
  return system_->spawn<Actor, caf::detached>(std::forward<Args>(args)...);
}

// Detached where the journal makes callers wait for a disk.
template <class Actor, class... Args>
caf::actor actor_house::spawn_blocking(Args&&... args) {
  if (journal_->blocking()) return spawn_detached<Actor>(std::forward<Args>(args)...);
  return system_->spawn<Actor>(std::forward<Args>(args)...);
}

void actor_house::open() {
  record_deployments(*env_, *journal_);
  record_subscriptions(*env_, *journal_);
  journal_->sync();
  for (const auto& [name, state] : env_->subscriptions)
    if (state->subscription && runs_here(*env_, *state))
      handler_threads_[name] = make_executor(*env_, state->settings.workers);
  auto recovered = std::make_shared<std::promise<void>>();
  auto done = recovered->get_future();
  {
    const std::lock_guard lock(mutex_);
    if (env_->keeps_journal()) recovering_.insert(std::string(manager_role));
    for (const auto& service : participating_services(*env_))
      recovering_.insert(participant_role(service));
    if (recovering_.empty()) // nothing is followed here
      recovered->set_value();
    else
      on_recovered_ = [recovered](const error* failure) {
        if (failure)
          recovered->set_exception(std::make_exception_ptr(*failure));
        else
          recovered->set_value();
      };
  }
  {
    const std::lock_guard lock(mutex_);
    auto first = std::make_shared<internal::directory>();
    first->journal_group = journal_group(*system_, bus_name(bus_owner()));
    directory_ = std::move(first);
  }
  supervisor_ = spawn_detached<supervisor>(env_, *this);
  std::vector<std::string> roles{std::string(reader_role), std::string(writer_role)};
  if (env_->gate.speculative()) {
    roles.emplace_back(syncer_role);
    roles.emplace_back(outlet_role);
  }
  for (const auto& [name, service] : env_->services) roles.push_back(name);
  roles.emplace_back(gateway_role);
  if (env_->keeps_journal()) roles.emplace_back(manager_role);
  for (const auto& service : participating_services(*env_))
    roles.push_back(participant_role(service));
  roles.emplace_back(desk_role);
  if (env_->keeps_journal()) roles.emplace_back(flow_role);
  if (env_->neighbours) roles.emplace_back(outcome_role);
  roles.emplace_back(topics_role);
  for (const auto& [name, state] : env_->subscriptions)
    if (runs_here(*env_, *state)) roles.push_back(subscriber_role(name));
  for (const auto& role : roles) install(role, spawn_role(role, directory()));
  env_->resumed.ends(env_->clock());
  announce("");
  const auto known = [&] { return done.wait_for(duration{}) == std::future_status::ready; };
  if (env_->stage && !env_->stage->go_on(known, env_->clock() + std::chrono::hours(1)))
    throw error(errc::wrong_state, "start(): the stage stands still before everything is known");
  done.get();
}

caf::actor actor_house::spawn_role(const std::string& role, const directory_ptr& now) {
  if (role == writer_role) {
    const auto reader = journal_->open_reader();
    const auto head = reader->head();
    timestamp newest{};
    if (head.value > 0) newest = reader->read_all(head, 1).front().time;
    return spawn_blocking<journal_writer>(env_, *journal_, head, newest, supervisor_);
  }
  if (role == syncer_role) {
    auto actor = spawn_blocking<journal_syncer>(env_, *journal_, supervisor_);
    env_->gate.set_syncer([actor] { anon_send(actor, sync_journal{}); });
    return actor;
  }
  if (role == outlet_role) {
    auto actor = system_->spawn<outlet>(env_);
    env_->gate.set_outlet([actor] { anon_send(actor, gate_opened{}); });
    return actor;
  }
  if (role == reader_role) {
    std::shared_ptr<journal_reader> reader = journal_->open_reader();
    return spawn_blocking<journal_reading>(env_, std::move(reader), supervisor_);
  }
  if (role == gateway_role) return system_->spawn<gateway>(env_, now);
  if (role == desk_role) return system_->spawn<operator_desk>(env_, now);
  if (role == flow_role) {
    std::shared_ptr<journal_reader> reader = journal_->open_reader();
    return spawn_blocking<flow_watcher>(env_, std::move(reader), now, supervisor_);
  }
  const auto recovered = [this, role] { one_recovered(role); };
  if (role == manager_role)
    return system_->spawn<process_manager>(env_, now, supervisor_, recovered);
  if (const std::string service(participant_of(role)); !service.empty())
    return system_->spawn<participant>(env_, service, now, supervisor_, recovered);
  if (role == outcome_role) return system_->spawn<outcome_watcher>(env_, now, head());
  if (role == topics_role) return system_->spawn<topic_publisher>(env_, now, topics_);
  for (const auto& [name, state] : env_->subscriptions)
    if (subscriber_role(name) == role) return spawn_subscriber(state, now);
  if (!env_->runs(role)) return env_->neighbours->spawn_stand_in(role, supervisor_);
  return system_->spawn<service_host>(env_, env_->services.at(role), *threads_, now);
}

caf::actor actor_house::spawn_subscriber(std::shared_ptr<subscription_state> state,
                                         const directory_ptr& now) {
  if (!state->subscription) return system_->spawn<policy_subscriber>(env_, now, std::move(state));
  auto& threads = *handler_threads_.at(state->settings.name);
  return system_->spawn<event_subscriber>(env_, now, std::move(state), threads);
}

void actor_house::install(const std::string& role, caf::actor actor) {
  const std::lock_guard lock(mutex_);
  if (closing_) { // the others have been told to end already
    kill_now(actor);
    return;
  }
  anon_send(supervisor_, watch_actor{actor, role});
  auto next = std::make_shared<internal::directory>(*directory_);
  place_of(*next, role) = std::move(actor);
  directory_ = std::move(next);
  const auto subscriber = directory_->subscribers.find(role);
  if (subscribers_stop_ && subscriber != directory_->subscribers.end())
    anon_send(subscriber->second, subscriber_stopping{});
}

void actor_house::announce(const std::string& restarted) {
  // Sent under the lock: two threads announce, and nobody may get an older directory last.
  const std::lock_guard lock(mutex_);
  const directory_changed change{directory_, restarted};
  for (const auto& actor : all_of(*directory_)) anon_send(actor, change);
  std::erase_if(listeners_, [&](const caf::actor_addr& one) {
    const auto actor = caf::actor_cast<caf::actor>(one);
    if (actor) anon_send(actor, change);
    return !actor;
  });
}

void actor_house::tell_of_changes(const caf::actor& listener) {
  const std::lock_guard lock(mutex_);
  std::erase_if(listeners_,
                [](const caf::actor_addr& one) { return !caf::actor_cast<caf::actor>(one); });
  listeners_.push_back(listener->address());
  anon_send(listener, directory_changed{directory_, ""});
}

void actor_house::service_moved(const std::string& service) {
  if (!closing_) announce(service);
}

// Of the holders of instances, the process manager and the participants.
void actor_house::one_recovered(const std::string& role) {
  const std::lock_guard lock(mutex_);
  recovering_.erase(role);
  if (!recovering_.empty()) return;
  if (auto tell = std::exchange(on_recovered_, {})) tell(nullptr);
}

void actor_house::respawn(const std::string& role) {
  if (closing_) return;
  try {
    install(role, spawn_role(role, directory()));
    announce(role);
  } catch (const error& e) {
    fail(e);
  }
}

directory_ptr actor_house::directory() const {
  const std::lock_guard lock(mutex_);
  return directory_;
}

std::optional<error> actor_house::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

void actor_house::observe(position from, event_callback callback) {
  std::shared_ptr<journal_reader> reader = journal_->open_reader();
  const auto noticed = std::make_shared<std::atomic<bool>>(false);
  {
    const std::lock_guard lock(mutex_);
    if (closing_) throw error(errc::wrong_state, "observe(): the runtime is stopping");
    auto next = std::make_shared<internal::directory>(*directory_);
    auto observer = spawn_detached<event_observer>(env_, std::move(reader), from,
                                                   std::move(callback), noticed, supervisor_);
    next->observers.push_back({std::move(observer), noticed});
    directory_ = std::move(next);
  }
  announce("");
}

caf::group actor_house::topic_group(std::string_view pattern) {
  if (own_system_ || env_->neighbours)
    throw error(errc::wrong_state,
                "topic_group() needs a runtime in the actor system of the actors "
                "that join: see use_actor_system");
  const topic which(pattern);
  const auto known = [&](const message_type* type) { return which.matches(type->name); };
  const auto declares = [&](const auto& service) {
    return std::ranges::any_of(service.second->types, known);
  };
  if (std::ranges::none_of(env_->services, declares) &&
      std::ranges::none_of(engine::message_types(), known))
    throw error(errc::bad_argument, "topic_group(): no service here declares a message of topic '" +
                                        which.name() + "'");
  auto group = topics_->ask_for(
      which, [&] { return system_->groups().get_local(topics_name_ + which.name()); }, head());
  const auto now = directory();
  if (const auto at = now->subscribers.find(topics_role); at != now->subscribers.end())
    anon_send(at->second, topic_asked_for{});
  return group;
}

void actor_house::kill(const std::string& role) {
  auto now = *directory();
  if (role == "saga")
    anon_send(now.manager, kill_a_saga{});
  else if (const auto actor = place_of(now, role))
    kill_now(actor);
  else
    throw error(errc::bad_argument, "kill: there is no '" + role + "'");
}

std::vector<parked_event> actor_house::parked(std::string_view subscription, std::size_t limit,
                                              position after) const {
  auto rows = read_parked(*journal_->open_reader(), subscription, limit, after);
  journal_->sync(); // what is told is durable
  return rows;
}

position actor_house::head() const { return journal_->open_reader()->head(); }

std::unique_ptr<journal_reader> actor_house::open_reader() const { return journal_->open_reader(); }

void actor_house::stop_subscribers() {
  const std::lock_guard lock(mutex_);
  subscribers_stop_ = true;
  for (const auto& [role, actor] : directory_->subscribers) anon_send(actor, subscriber_stopping{});
}

} // namespace ensemble::internal
