#pragma once

#include "model/instance.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>

namespace ensemble::trace {

/// Folds one instance as the engine does, but takes nothing for granted: an event that the fold
/// would pass over, since it is no answer to anything that is due, is told.
///
/// Tolerated, since honest runs have them: what the holder of attempts and deadlines notes too late
/// to matter, and operators' words that came too late.
class instance_replay {
public:
  /// `rule`: which it breaks, as in `G2`.
  using teller = std::function<void(position at, std::string_view rule, const std::string& what)>;

  instance_replay(std::shared_ptr<const process_definition> definition, const recorded_event& start,
                  teller tell);

  /// The next event whose envelope names the instance, with its type.
  void take(const recorded_event& e);
  [[nodiscard]] bool ended() const noexcept { return folded_.terminal(); }

private:
  /// What is wrong, and which rule that breaks.
  struct fault {
    std::string_view rule;
    std::string_view what;
  };
  void judge(const recorded_event& e);
  void judge_note(const recorded_event& e);
  void judge_outcome(const recorded_event& e);
  void judge_attempt(const recorded_event& e);
  [[nodiscard]] fault why_not_due(const assignment& a, const recorded_event& e) const;
  [[nodiscard]] fault why_not_begun(const recorded_event& e) const;
  [[nodiscard]] const assignment* addressed(const event_origin& origin) const;
  void tell(const recorded_event& e, std::string_view rule, std::string_view what) const;
  void tell_if_broken(const recorded_event& e);

  instance folded_;
  teller tell_;
  bool told_broken_ = false;
  std::unordered_set<command_id> answered_{};
};

} // namespace ensemble::trace
