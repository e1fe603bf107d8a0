#pragma once

#include "trace/history/real_time_order.hpp"

#include <ensemble/history.hpp>

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace ensemble::trace {

/// Holds what clients of the journal asked and were told against it: each append is there as it
/// was told (S1), whole or not at all (S2), under the version that it expected (S7), once (S8).
class append_history {
public:
  append_history(const std::vector<asked_append>& all, history_findings& found);

  void take(const recorded_event& e);
  /// True if some append asked for the event.
  [[nodiscard]] bool asked_for(const recorded_event& e) const;
  /// After the last event. Adds the appends to those whose order is to be held.
  void finish(std::vector<timed_operation>& order);

private:
  struct place {
    std::size_t append;
    std::size_t event; ///< of those of the whole request
  };
  struct found_append {
    std::vector<position> where{}; ///< of each event of the request; 0: nowhere
    bool other_bytes = false;
  };

  void hold(std::size_t n);
  void hold_appended(std::size_t n);
  void hold_repeated(std::size_t n);
  void hold_versions(std::size_t n);
  [[nodiscard]] bool hold_whole(std::size_t n);
  [[nodiscard]] bool claimed_by_another(std::size_t n) const;
  [[nodiscard]] timed_operation seen_lengths(std::size_t n) const;
  [[nodiscard]] std::uint64_t length_at(const std::string& stream, position at) const;
  [[nodiscard]] std::string name(std::size_t n) const;

  const std::vector<asked_append>& all_;
  history_findings& found_;
  std::vector<found_append> at_;
  std::unordered_map<event_id, std::vector<place>> by_event_{};
  /// The positions of each stream that some append names.
  std::unordered_map<std::string, std::vector<position>> streams_{};
  std::map<std::pair<std::string, std::uint64_t>, std::size_t> winners_{};
};

} // namespace ensemble::trace
