#pragma once

#include "model/executor.hpp"
#include "runtime/base_actor.hpp"

namespace ensemble::internal {

/// What a saga begins with.
struct saga_start {
  std::shared_ptr<const process_definition> definition{};
  /// The start event, and whatever of its events are known already.
  saga_events events{};
  /// It was open before the restart, or its saga died, so that commands may be under way. What had
  /// happened by the restart.
  std::optional<position> recovered{};
  /// It is asked what it awaits even if that is nothing.
  bool returns = false;
};

/// One running instance of a process: folds its events and does what is due. It holds nothing
/// that folding the journal would not bring back, so it may be put to sleep whenever no command is
/// outstanding.
class saga final : public base_actor {
public:
  saga(caf::actor_config& config, environment_ptr env, saga_start start, directory_ptr directory,
       caf::actor manager, std::shared_ptr<const executor_role> role);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void begin();
  void fold(const recorded_event& event);
  void act();
  void give(const executor_actions::outgoing& out);
  void record(new_event event);
  void take(const std::shared_ptr<const recorded_event>& outside);
  void report(std::optional<timestamp> wake);

  saga_start start_;
  instance instance_{};
  std::shared_ptr<const executor_role> role_;
  executor executor_;
  caf::actor manager_;
  saga_report told_{}; ///< the last one
  bool tell_awaits_ = false;
  std::vector<awaited_key> told_awaits_{};
  bool ended_before_ = false;
};

/// Folds an instance from its start event and all others of it.
[[nodiscard]] instance fold_instance(std::shared_ptr<const process_definition> definition,
                                     const std::vector<recorded_event>& events);
/// How an instance stands, in a caller's words.
[[nodiscard]] outcome outcome_of(const instance& i);

} // namespace ensemble::internal
