#pragma once

#include "trace/history/real_time_order.hpp"

#include <ensemble/history.hpp>

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace ensemble::trace {

/// Holds what callers asked services and were told against the journal: each answer stands there
/// as it was told (S1), what was refused or turned away does not (S3), nor what nobody asked for
/// (S3), and one command has one answer (S8).
class command_history {
public:
  /// `others`: whether somebody else asked for that event.
  command_history(const std::vector<asked_command>& all, bool complete,
                  std::function<bool(const recorded_event&)> others, history_findings& found);

  void take(const recorded_event& e);
  /// After the last event. Adds the commands to those whose order is to be held.
  void finish(std::vector<timed_operation>& order);

private:
  /// All that concerns one command's id.
  struct group {
    std::vector<std::size_t> asks{};
    std::vector<position> events{}; ///< its outcome
    std::string first_name{};       ///< of the outcome's first event; empty: there is none
    std::string refusal{};
    std::vector<std::pair<std::uint32_t, position>> indices{};
  };
  struct told_event {
    position at{};
    std::size_t ask;
    std::size_t event;
  };

  void not_asked(const recorded_event& e);
  void outcome_of(group& g, const recorded_event& e);
  void hold_told(const recorded_event& e);
  void hold(const group& g);
  void hold_answer(const group& g, std::size_t ask);
  void hold_one_answer(const group& g);
  [[nodiscard]] std::string name(std::size_t ask) const;

  const std::vector<asked_command>& all_;
  bool complete_;
  std::function<bool(const recorded_event&)> others_;
  history_findings& found_;
  std::unordered_map<command_id, group> groups_{};
  std::vector<told_event> told_{}; ///< by position
  std::size_t next_ = 0;
  /// Of each service: commands without an id, which may be any that nobody else asked for.
  std::map<std::string, std::uint64_t, std::less<>> nameless_{};
};

} // namespace ensemble::trace
