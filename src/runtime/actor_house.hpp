#pragma once

#include "runtime/base_actor.hpp"
#include "runtime/effect_executor.hpp"
#include "runtime/topics.hpp"

#include <caf/actor_addr.hpp>
#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

namespace ensemble::internal {

/// Ends an actor as if it had died. High priority: overtakes whatever its mailbox holds.
void kill_now(const caf::actor& actor);

/// Owns the actors of one runtime: makes them, knows where they are, replaces those that die, and
/// ends them in order. The supervisor actor is its arm inside the actor system.
class actor_house {
public:
  actor_house(environment_ptr env, std::unique_ptr<ensemble::journal> journal,
              std::function<void(const error&)> on_failure);
  /// Ends everything, and waits until no actor is left. The host program's system goes on.
  ~actor_house();
  actor_house(const actor_house&) = delete;
  actor_house& operator=(const actor_house&) = delete;

  /// Spawns everything and waits until every open instance is known. Throws what the
  /// recovery failed with.
  void open();
  /// See runtime::stop.
  void close(duration limit);
  /// Subscriptions begin nothing more, and count nothing as failed: before anything can fail
  /// because the runtime ends.
  void stop_subscribers();

  [[nodiscard]] directory_ptr directory() const;
  /// How many callers are without an answer.
  [[nodiscard]] std::atomic<std::size_t>& pending_callers() noexcept { return pending_callers_; }
  /// Why the runtime has failed, if it has.
  [[nodiscard]] std::optional<error> failure() const;
  void observe(position from, event_callback callback);
  /// See caf.hpp.
  [[nodiscard]] caf::group topic_group(std::string_view topic);
  /// See runtime::parked, runtime::stats.
  [[nodiscard]] std::vector<parked_event> parked(std::string_view subscription, std::size_t limit,
                                                 position after) const;
  [[nodiscard]] position head() const;
  /// See runtime::open_reader.
  [[nodiscard]] std::unique_ptr<journal_reader> open_reader() const;
  /// Whether its readers make who calls them wait.
  [[nodiscard]] bool journal_blocks() const noexcept { return journal_->blocking(); }
  /// Tells that actor the directory now, and each change of it.
  void tell_of_changes(const caf::actor& listener);
  /// Ends the actor of that role as if it had died: for tests.
  void kill(const std::string& role);

  // For the supervisor:

  [[nodiscard]] bool closing() const noexcept { return closing_; }

  /// Tells everyone that what the service was asked may be lost.
  void service_moved(const std::string& service);
  /// Spawns another actor for the role and tells everyone.
  void respawn(const std::string& role);
  /// The runtime has failed: callers are told, the host program is told once.
  void fail(const error& why);

private:
  [[nodiscard]] caf::actor spawn_role(const std::string& role, const directory_ptr& now);
  [[nodiscard]] const void* bus_owner() const;
  template <class Actor, class... Args>
  caf::actor spawn_detached(Args&&... args);
  template <class Actor, class... Args>
  caf::actor spawn_blocking(Args&&... args);
  void install(const std::string& role, caf::actor actor);
  void announce(const std::string& restarted);
  void one_recovered(const std::string& role);
  [[nodiscard]] caf::actor spawn_subscriber(std::shared_ptr<subscription_state> state,
                                            const directory_ptr& now);
  void tell_host(const error& why) const;
  [[nodiscard]] bool end(const std::vector<caf::actor>& actors, timestamp deadline);
  [[nodiscard]] bool end_on_stage(const std::vector<caf::actor>& actors, timestamp deadline);
  void wait_for_callers(timestamp deadline);
  [[nodiscard]] bool wait_for_no_actor(timestamp deadline);

  environment_ptr env_;
  std::unique_ptr<ensemble::journal> journal_;
  std::function<void(const error&)> on_failure_;
  std::unique_ptr<effect_executor> threads_;
  /// For the handlers of each subscription; made in `open`, then only read.
  std::map<std::string, std::unique_ptr<effect_executor>, std::less<>> handler_threads_{};
  std::string topics_name_{}; ///< what the names of their groups begin with
  const std::shared_ptr<topic_table> topics_ = std::make_shared<topic_table>();
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> own_system_; ///< none: in the host program's
  caf::actor_system* system_;
  caf::actor supervisor_{};
  std::atomic<std::size_t> pending_callers_ = 0;
  mutable std::mutex mutex_; ///< of directory_, failure_, on_recovered_ and the next three
  directory_ptr directory_ = std::make_shared<internal::directory>();
  std::vector<caf::actor_addr> listeners_{}; ///< who is told of changes and stands not in it
  std::optional<error> failure_{};
  std::function<void(const error*)> on_recovered_{};
  bool subscribers_stop_ = false;      ///< none of them begins anything more
  std::set<std::string> recovering_{}; ///< holders that do not know their instances yet
  std::atomic<bool> closing_ = false;
};

} // namespace ensemble::internal
