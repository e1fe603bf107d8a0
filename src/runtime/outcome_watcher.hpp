#pragma once

#include "model/instance.hpp"
#include "runtime/base_actor.hpp"
#include "runtime/journal_follower.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

namespace ensemble::internal {

/// Answers who waits for the outcome of a process that other nodes see through: folds the
/// instances that somebody waits for, and no others. It keeps the newest events, in which an
/// instance that has just begun is found without reading the journal.
class outcome_watcher final : public base_actor {
public:
  /// `head`: where the journal ends now.
  outcome_watcher(caf::actor_config& config, environment_ptr env, directory_ptr directory,
                  position head);

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
    std::optional<timestamp> read_again{}; ///< the journal did not show it when it was read
  };

  void await(const await_outcome& what);
  void begin(instance_id id, watched& w, std::vector<recorded_event> events);
  void read(instance_id id, watched& w);
  void page_read(const journal_page& page);
  void take(const batch_ptr& batch);
  void fold(watched& w, const recorded_event& e);
  /// Tells those who wait, and forgets them, if it is over.
  void settle(instance_id id);
  static void answer(watched& w, const outcome& result);
  void tick();

  journal_follower follower_;
  position head_;                  ///< at the beginning
  std::deque<batch_ptr> recent_{}; ///< the newest ones, without a gap, to follower_.seen()
  std::size_t recent_events_ = 0;
  position recent_from_; ///< behind this one they begin
  std::unordered_map<instance_id, watched> watched_{};
  std::unordered_map<std::uint64_t, instance_id> reads_{}; ///< by tag
  std::uint64_t next_tag_ = 1;
};

} // namespace ensemble::internal
