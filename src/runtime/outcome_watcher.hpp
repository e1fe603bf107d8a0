#pragma once

#include "model/instance.hpp"
#include "runtime/base_actor.hpp"

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace ensemble::internal {

/// Answers who waits for the outcome of a process that other nodes see through: folds the
/// instances that somebody waits for, and no others.
class outcome_watcher final : public base_actor {
public:
  outcome_watcher(caf::actor_config& config, environment_ptr env, directory_ptr directory);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct waiter {
    timestamp deadline{};
    decltype(await_outcome::callback) callback{};
  };
  struct watched {
    std::vector<waiter> waiting{};
    std::optional<instance> folded{};      ///< none: its events are being read
    std::vector<recorded_event> arrived{}; ///< meanwhile
    timestamp asked{};                     ///< when they were asked for
  };

  void await(const await_outcome& what);
  void read(instance_id id, watched& w);
  void page_read(const journal_page& page);
  void take(const committed_batch& batch);
  void fold(watched& w, const recorded_event& e);
  /// Whether it is over: then those who wait are told.
  [[nodiscard]] static bool settled(const watched& w);
  void tick();

  std::unordered_map<instance_id, watched> watched_{};
  std::unordered_map<std::uint64_t, instance_id> reads_{}; ///< by tag
  std::uint64_t next_tag_ = 1;
};

} // namespace ensemble::internal
