#pragma once

#include "runtime/effect_executor.hpp"

#include <ensemble/journal.hpp>

#include <caf/fwd.hpp>

#include <functional>
#include <memory>
#include <string_view>

namespace ensemble::internal {

/// Where a whole runtime runs in one thread, that of the caller, with everything that comes from
/// outside at the stage's will: the time, the disk, the order in which actors get their messages,
/// the work of effects. The runtime then has no thread of its own, and wherever it would wait it
/// lets the stage go on instead. See ensemble/simulation.hpp.
class stage {
public:
  virtual ~stage() = default;

  /// The system whose scheduler the stage moves by hand.
  [[nodiscard]] virtual caf::actor_system& system() = 0;
  [[nodiscard]] virtual timestamp now() = 0;
  [[nodiscard]] virtual std::unique_ptr<ensemble::journal>
  open_journal(const journal_options& options) = 0;
  /// For effect handlers, or the handlers of a subscription.
  [[nodiscard]] virtual std::unique_ptr<effect_executor> make_executor() = 0;
  /// Goes on until it is so; false if it is not by then.
  [[nodiscard]] virtual bool go_on(const std::function<bool()>& until, timestamp limit) = 0;
  /// A message for an actor of that role, before it is in the mailbox. False: it is the stage's
  /// now, which has lost it or puts it there later.
  [[nodiscard]] virtual bool delivers(std::string_view role, caf::event_based_actor& to,
                                      caf::mailbox_element_ptr& message) = 0;
};

} // namespace ensemble::internal
