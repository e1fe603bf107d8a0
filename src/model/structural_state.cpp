#include "model/structural_state.hpp"

namespace ensemble {

namespace {

using status = assignment::status;

constexpr int stuck_closing_bit = 0x40;

char packed(const assignment& a) noexcept {
  return static_cast<char>(static_cast<int>(a.state) | (a.stuck_closing ? stuck_closing_bit : 0));
}

void unpack(assignment& a, char byte) {
  a.state = static_cast<status>(byte & ~stuck_closing_bit);
  a.stuck_closing = (byte & stuck_closing_bit) != 0;
}

bool undone(const step_progress& s) noexcept {
  return s.undo.state == status::done || s.undo.state == status::skipped;
}

/// A step to which nothing can happen any more, and which has left no effect to be undone.
bool settled_back(const step_definition& d, const step_progress& s) noexcept {
  if (d.pivot || s.forward.open() || s.forward.state == status::idle) return false;
  if (s.forward.state != status::done) return true;
  // A step that ought to have an undo is not settled: the fault must still be seen.
  return d.undo ? undone(s) : d.needs_no_undo || d.awaits();
}

} // namespace

std::string structural_key(const instance& i) {
  std::string key;
  key.reserve(2 * i.steps.size() + 3);
  for (const auto& s : i.steps) {
    key.push_back(packed(s.forward));
    key.push_back(packed(s.undo));
  }
  key.push_back(packed(i.complete));
  key.push_back(packed(i.abort));
  key.push_back(static_cast<char>(static_cast<int>(i.phase) * 2 + !i.decision_pending.empty()));
  return key;
}

instance with_structure(const instance& blank, const std::string& key) {
  auto i = blank;
  std::size_t at = 0;
  for (auto& s : i.steps) {
    unpack(s.forward, key[at++]);
    unpack(s.undo, key[at++]);
  }
  unpack(i.complete, key[at++]);
  unpack(i.abort, key[at++]);
  i.phase = static_cast<instance_phase>(key[at] / 2);
  i.decision_pending = key[at] % 2 != 0 ? "pending" : "";
  return i;
}

std::string settled_key(const instance& i) {
  auto key = structural_key(i);
  const bool back =
      i.phase == instance_phase::compensating || i.phase == instance_phase::compensated;
  const bool beyond = !back && i.past_pivot();
  for (std::size_t n = 0; n < i.steps.size(); ++n) {
    const auto& s = i.steps[n];
    if (back && settled_back(i.definition->steps[n], s)) {
      key[2 * n] = static_cast<char>(status::voided);
      key[2 * n + 1] = static_cast<char>(status::idle);
    } else if (beyond && !s.forward.open() && s.forward.state != status::idle) {
      key[2 * n] = static_cast<char>(status::done);
    }
  }
  return key;
}

bool assignments_commute(const instance& i) noexcept {
  return i.phase != instance_phase::forward || i.past_pivot();
}

} // namespace ensemble
