#pragma once

#include "model/instance.hpp"

#include <ensemble/testing.hpp>

#include <algorithm>
#include <optional>
#include <set>

namespace ensemble::detail {

/// What a script of `play` has come to. The instance is the machine's own; only the journal, the
/// services and the clock are the script's.
struct process_test {
  located_process at;
  std::shared_ptr<const process_definition> definition{};
  std::optional<instance> folded{};
  std::vector<due_command> outstanding{};
  std::vector<due_command> unheard{}; ///< of these, what became due and was not named yet
  std::set<command_id> known{};
  position head{};
  timestamp now{std::chrono::hours(24)};
  std::string happened = "before its first event";
  bool failed = false;

  explicit process_test(located_process process);

  void fail(const std::string& why);
  /// Runs one verb, unless the script has failed already. A bad message is a failure, too.
  template <class Verb>
  void run(Verb verb) {
    if (failed) return;
    try {
      verb();
    } catch (const error& e) {
      fail(e.what());
    }
  }
  /// The same for what needs an instance, and may come only when all that is due was named.
  template <class Verb>
  void run_next(Verb verb) {
    run([&] {
      if (started() && heard_all()) verb();
    });
  }
  bool started();
  bool heard_all();

  void start(const message& e);
  void answer(const due_command& c, const std::vector<message>& events);
  /// Hands an outside event to the step that awaits it; false if none does.
  bool receive(const message& event);
  void record(new_event e);
  /// Takes down what is due after the events that were recorded.
  void look();
  /// Names, at last, one that became due; fails when there is no such.
  template <class Match>
  void hear(Match match, const std::string& wanted) {
    const auto found = std::ranges::find_if(unheard, match);
    if (found == unheard.end())
      missing(wanted);
    else
      unheard.erase(found);
  }
  void missing(const std::string& wanted);

  /// The one outstanding command that is meant. Fails, and gives nothing, when there is none, or a
  /// choice.
  using matches = std::function<bool(const due_command&)>;
  std::optional<due_command> choose(const matches& match, const std::string& what,
                                    const std::string& remedy);
  std::optional<due_command> of_step(const std::string& step);
  std::optional<due_command> answered_by(const message& event);

  [[nodiscard]] std::string places() const;
  [[nodiscard]] std::string standing() const;
};

/// As it appears in reports.
[[nodiscard]] std::string told(const message& m);
[[nodiscard]] std::string told(const due_command& c);

} // namespace ensemble::detail
