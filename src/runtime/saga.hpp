#pragma once

#include "model/executor.hpp"
#include "runtime/base_actor.hpp"

namespace ensemble::internal {

/// One running instance of a process: folds its events and does what is due. It holds nothing
/// that folding the journal would not bring back.
class saga final : public base_actor {
public:
  /// `begin`: the start event, and whatever of its events are known already. `recovered`: they
  /// were read after a restart, so that commands may be under way.
  saga(caf::actor_config& config, environment_ptr env,
       std::shared_ptr<const process_definition> definition, saga_events begin, bool recovered,
       directory_ptr directory, caf::actor manager, std::shared_ptr<const executor_role> role);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void fold(const saga_events& events);
  void act();
  void give(const executor_actions::outgoing& out);
  void report(std::optional<timestamp> wake);

  std::shared_ptr<const process_definition> definition_;
  saga_events begin_;
  instance instance_{};
  std::shared_ptr<const executor_role> role_;
  executor executor_;
  caf::actor manager_;
  std::optional<timestamp> reported_wake_{};
  std::string reported_stuck_{};
  bool ended_before_ = false;
};

/// Folds an instance from its start event and all others of it.
[[nodiscard]] instance fold_instance(std::shared_ptr<const process_definition> definition,
                                     const std::vector<recorded_event>& events);
/// How an instance stands, in a caller's words.
[[nodiscard]] outcome outcome_of(const instance& i);

} // namespace ensemble::internal
