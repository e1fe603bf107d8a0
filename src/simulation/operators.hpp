#pragma once

#include "simulation/chance.hpp"

#include <ensemble/runtime.hpp>
#include <ensemble/simulation.hpp>

#include <functional>
#include <set>
#include <string>
#include <vector>

namespace ensemble::simulation {

/// The operators of a run: now and then they give a word to an instance, one that may well be
/// refused, and sometimes the same word again. What they were told is held against the journal.
class operators {
public:
  operators(std::uint64_t seed, const scenario& of);

  /// An event of that instance is about to be recorded.
  void noticed(instance_id instance);
  [[nodiscard]] bool has_noticed_any() const noexcept { return !noticed_.empty(); }
  /// Gives one word.
  void act(runtime& to);
  /// After the run: holds each event of the journal against what was asked and told.
  void take(const recorded_event& event);
  void finish(const tell_violation& tell) const;

private:
  struct given_word {
    operator_word word{};
    bool unanswered = false;   ///< at least once: it may be recorded without anybody knowing
    bool forgotten = false;    ///< refused anew when it was known to be recorded
    std::set<position> told{}; ///< where it was said to stand
    std::vector<position> found{};
  };
  [[nodiscard]] operator_word draw();
  void draw_skip(operator_word& word);
  void give(std::size_t number, runtime& to);

  chance chance_;
  std::vector<std::string> steps_{};
  bool may_skip_;
  std::vector<instance_id> noticed_{}; ///< each once, in their order
  std::vector<given_word> words_{};
};

} // namespace ensemble::simulation
