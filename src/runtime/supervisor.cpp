#include "runtime/supervisor.hpp"

#include "runtime/actor_house.hpp"
#include "runtime/log.hpp"

#include <caf/all.hpp>

namespace ensemble::internal {

namespace {
constexpr auto short_time = std::chrono::seconds(10);
}

supervisor::supervisor(caf::actor_config& config, environment_ptr env, actor_house& house)
    : base_actor(config, std::move(env), "supervisor"), house_(house) {
  set_down_handler([this](caf::down_msg& down) {
    const auto at = watched_.extract(down.source.id());
    if (at.empty() || failed_ || house_.closing() || house_.failure()) return;
    const auto& role = at.mapped();
    log().error("the {} died ({}); it is replaced", role, caf::to_string(down.reason));
    this->env().count.actors_respawned.fetch_add(1, std::memory_order_relaxed);
    count_death(role);
    if (!failed_) house_.respawn(role);
  });
}

caf::behavior supervisor::make_behavior() {
  return {
      [this](const watch_actor& m) {
        watched_.emplace(m.actor.id(), m.role);
        monitor(m.actor);
      },
      [this](const actor_died& m) { count_death(m.role); },
      [this](const service_moved& m) { house_.service_moved(m.service); },
      [this](const runtime_failed& m) {
        if (failed_) return;
        failed_ = true;
        house_.fail(*m.why);
      },
  };
}

void supervisor::count_death(const std::string& role) {
  if (failed_) return;
  const auto time = now();
  deaths_.push_back(time);
  while (deaths_.front() < time - short_time) deaths_.pop_front();
  if (deaths_.size() <= env().options.deaths_borne) return;
  failed_ = true;
  house_.fail(error(errc::wrong_state, "the runtime's actors died " +
                                           std::to_string(deaths_.size()) +
                                           " times in ten seconds, the last was: " + role));
}

} // namespace ensemble::internal
