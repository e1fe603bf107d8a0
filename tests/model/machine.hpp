#pragma once

#include "model/engine_messages.hpp"
#include "model/instance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

// A process whose events differ in nothing but the step, and a script of its instance: so that a
// test of one rule reads in few lines.
namespace machine {

using namespace ensemble;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct begun {};
ENSEMBLE_MESSAGE(begun, 1)
/// What every step asks; `seen` tells how much the process had seen when it was evaluated.
struct work {
  std::string step{};
  int seen{};
};
ENSEMBLE_MESSAGE(work, 1, step, seen)
struct worked {
  std::string step{};
};
ENSEMBLE_MESSAGE(worked, 1, step)
struct broke {
  std::string step{};
};
ENSEMBLE_MESSAGE(broke, 1, step)
struct undo_work {
  std::string step{};
  int seen{};
};
ENSEMBLE_MESSAGE(undo_work, 1, step, seen)
struct undone {
  std::string step{};
};
ENSEMBLE_MESSAGE(undone, 1, step)
struct finish {
  int seen{};
};
ENSEMBLE_MESSAGE(finish, 1, seen)
struct finished {};
ENSEMBLE_MESSAGE(finished, 1)
struct cancel {
  int seen{};
};
ENSEMBLE_MESSAGE(cancel, 1, seen)
struct cancelled {};
ENSEMBLE_MESSAGE(cancelled, 1)
/// An event that no definition declares.
struct remarked {};
ENSEMBLE_MESSAGE(remarked, 1)

struct memory {
  std::vector<std::string> seen{};
};

/// A process of the owner "owner". Each step is given as its name and those before it; it asks the
/// service "s_<name>", has a success, a failure and an undo, and three attempts.
process_definition make_process(const std::vector<std::vector<std::string>>& steps);
step_definition& step_of(process_definition& p, const std::string& name);

constexpr auto forward = direction::forward;
constexpr auto undo = direction::undo;
constexpr auto complete = direction::complete;
constexpr auto abort = direction::abort;

/// One instance and its journal. Every verb appends one event and folds it; outcomes belong to the
/// present round of the command, unless told otherwise. Times grow by a millisecond an event.
class script {
public:
  explicit script(process_definition p, position start = {1});

  script& answered(const std::string& step, direction d, const std::vector<message>& events,
                   std::optional<std::uint32_t> round = {});
  script& works(const std::string& step) { return answered(step, forward, {worked{step}}); }
  script& breaks(const std::string& step) { return answered(step, forward, {broke{step}}); }
  script& refuses(const std::string& step, direction d = forward) {
    return answered(step, d, {engine::command_rejected{"no"}});
  }
  script& acknowledges(const std::string& step, direction d = forward) {
    return answered(step, d, {engine::command_acknowledged{}});
  }
  script& voided(const std::string& step, direction d = forward) {
    return answered(step, d, {engine::command_voided{}});
  }
  script& is_undone(const std::string& step) { return answered(step, undo, {undone{step}}); }
  script& finishes() { return answered("", complete, {finished{}}); }
  script& cancels() { return answered("", abort, {cancelled{}}); }

  script& attempt_fails(const std::string& step, direction d = forward);
  script& times_out(const std::string& step);
  script& process_times_out();
  script& close_refused(const std::string& step, direction d = forward);
  script& retry(const std::string& step = {}, direction d = direction::none);
  script& skip(const std::string& step, direction d = forward, const message& in_place = {});
  script& abort_requested();
  /// Any event of this instance's, as it is.
  script& record(new_event e);

  /// What is due, as "do a", "undo b", "close do a", "complete"; of a later round as "do a #1".
  [[nodiscard]] std::vector<std::string> due() const;
  /// That one of them. Throws when it is not due.
  [[nodiscard]] due_command due(const std::string& which) const;
  [[nodiscard]] std::vector<std::string> seen() const;
  [[nodiscard]] instance_phase phase() const { return i.phase; }
  [[nodiscard]] assignment& of(const std::string& step, direction d = forward);

  std::shared_ptr<const process_definition> definition;
  instance i{};
  std::vector<recorded_event> journal{};
  timestamp now{std::chrono::hours(1)};
};

/// As `script::due` tells it.
[[nodiscard]] std::string told(const due_command& c);
[[nodiscard]] std::vector<std::string> told(const std::vector<due_command>& all);

} // namespace machine
