#pragma once

#include <ensemble/message.hpp>

#include <vector>

/// Messages and state of the random processes that the explorer runs.
namespace explorer {

struct asked {
  int step{};
  int seen{}; ///< how much the process had seen when it asked: differs if it were asked anew
};
struct undo_asked {
  int step{};
  int seen{};
};
struct finish_asked {
  int seen{};
};
struct cancel_asked {
  int seen{};
};
struct begun {};
struct worked {
  int step{};
};
struct worked_otherwise {
  int step{};
};
struct broke {
  int step{};
};
struct unworked {
  int step{};
};
struct remarked {}; ///< an event that no definition declares
/// Outside events that a step may await.
struct approved {
  std::string key{};
};
struct denied {
  std::string key{};
};
struct finished {};
struct cancelled {};

ENSEMBLE_MESSAGE(asked, 1, step, seen)
ENSEMBLE_MESSAGE(undo_asked, 1, step, seen)
ENSEMBLE_MESSAGE(finish_asked, 1, seen)
ENSEMBLE_MESSAGE(cancel_asked, 1, seen)
ENSEMBLE_MESSAGE(begun, 1)
ENSEMBLE_MESSAGE(worked, 1, step)
ENSEMBLE_MESSAGE(worked_otherwise, 1, step)
ENSEMBLE_MESSAGE(broke, 1, step)
ENSEMBLE_MESSAGE(unworked, 1, step)
ENSEMBLE_MESSAGE(remarked, 1)
ENSEMBLE_MESSAGE(approved, 1, key)
ENSEMBLE_MESSAGE(denied, 1, key)
ENSEMBLE_MESSAGE(finished, 1)
ENSEMBLE_MESSAGE(cancelled, 1)

/// What the random process remembers: it depends on the order of the events.
struct memory {
  std::vector<int> seen{};
  void note(int what) { seen.push_back(what); }
};

} // namespace explorer
