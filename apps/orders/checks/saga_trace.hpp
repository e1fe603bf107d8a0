#pragma once

#include "orders/checks/findings.hpp"

#include <ensemble/event.hpp>
#include <ensemble/process.hpp>

#include <optional>
#include <string>
#include <vector>

namespace orders {

/// Follows one instance of a process through its outcomes in journal order, and holds them against
/// the language of the definition. It knows nothing of how the engine works, only of what may
/// stand in a journal:
///
/// G2  a step's effect follows those of the steps before it; nothing is undone after the pivot;
///     nothing follows the last word
/// G3  one outcome a command, under the command's own id; one effect a step
/// G4  confirmed: every step done and none undone; cancelled: every effect undone once, nothing
///     else; no outcome after the command was voided
/// G5  a step is undone after those that follow it; no step begins once the instance goes back
class saga_trace {
public:
  /// The definition must outlive the trace.
  saga_trace(const ensemble::process_definition& definition, ensemble::instance_id instance);

  /// Takes an event whose envelope names the instance. Events of the instance's own stream (failed
  /// attempts, deadlines) say nothing about effects and break no rule.
  void feed(const ensemble::recorded_event& e, findings& found);

  [[nodiscard]] bool terminal() const noexcept { return end_ != ending::none; }
  [[nodiscard]] bool completed() const noexcept { return end_ == ending::completed; }
  /// Where it stands, in a few words.
  [[nodiscard]] std::string describe() const;

private:
  enum class ending { none, completed, compensated };
  enum class outcome { success, refusal, voided, open };

  /// One thing that is asked: a step's do or undo, complete, or abort.
  struct request {
    bool done = false;
    bool voided = false;
    bool refused = false;
    bool skip = false;                      ///< an operator asked to pass over it
    bool skipped = false;                   ///< and it was closed before it had an outcome
    std::optional<std::uint32_t> settled{}; ///< the last round that has an outcome
  };
  struct step_trace {
    request forward{};
    request undo{};
    ensemble::position done_at{};
  };

  /// A further event of a decision that has settled the request already.
  static bool is_more_of(const request& r, const ensemble::recorded_event& e);
  void noted(const ensemble::recorded_event& e);
  void settle(request& r, outcome got, const ensemble::recorded_event& e);
  void step_done(std::size_t step, const ensemble::recorded_event& e);
  void step_undone(std::size_t step);
  void ended(ending how);
  [[nodiscard]] outcome read(const std::vector<ensemble::outcome_definition>& successes,
                             const ensemble::recorded_event& e) const;
  [[nodiscard]] bool past_pivot() const;
  [[nodiscard]] bool follows(std::size_t step, std::size_t before) const;
  void report(const char* rule, const std::string& text);

  const ensemble::process_definition* definition_;
  ensemble::instance_id instance_;
  std::vector<step_trace> steps_;
  request complete_{};
  request abort_{};
  ending end_ = ending::none;
  ensemble::position goes_back_at_{}; ///< 0: it does not
  std::string last_note_{};           ///< of the engine's, since the last outcome
  findings* found_ = nullptr;         ///< while an event is taken
};

} // namespace orders
