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

/// One running instance of a process at work, whatever actor it lives in: folds its events, and
/// does what is due from the services that its role acts for. It holds nothing that folding the
/// journal would not bring back, so it may be put to sleep whenever no command is outstanding.
class saga_body {
public:
  /// `self` is the actor that it lives in; outside events that it does not want go back to
  /// `holder`. `role` must outlive it.
  saga_body(base_actor& self, environment& env, const saga_start& start, caf::actor holder,
            const executor_role& role);

  void fold(const saga_events& events);
  /// The time that it told is over.
  void woken() noexcept { told_.wake.reset(); }
  /// It is handed an outside event that it awaits.
  void take(const std::shared_ptr<const recorded_event>& outside, const directory& now);
  void attempt_failed(command_id id, const std::string& reason);
  /// A service's host began anew: what it was given may be lost.
  void host_replaced(const std::string& service) { executor_.forget(service); }

  /// Does what is due. Follows each call above; tells what the holder has to know, if there is
  /// something new. After it told that the instance is terminal it does nothing more.
  [[nodiscard]] std::optional<saga_report> act(const directory& now);

private:
  void begin(const saga_start& start);
  void give(const executor_actions::outgoing& out, const directory& now);
  void record(new_event event, const directory& now);
  [[nodiscard]] std::optional<saga_report> report(std::optional<timestamp> wake);

  base_actor* self_;
  environment* env_;
  caf::actor holder_;
  instance instance_{};
  executor executor_;
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
