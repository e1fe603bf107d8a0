#pragma once

#include <ensemble/journal.hpp>

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace ensemble::internal {

/// Which changes the book of open instances needs at its next checkpoint.
class open_instance_book {
public:
  /// What the journal's book holds.
  void loaded(const std::vector<instance_id>& rows, position checkpoint);
  void opened(instance_id id, const std::string& process);
  void closed(instance_id id);
  /// The changes up to that position, in one request; no book change: nothing has happened.
  [[nodiscard]] append_request checkpoint(position up_to);
  [[nodiscard]] position last_checkpoint() const noexcept { return checkpoint_; }

private:
  position checkpoint_{};
  std::unordered_map<instance_id, std::string> fresh_{}; ///< open, and not in the book
  std::unordered_set<instance_id> rows_{};               ///< in the book
  std::vector<instance_id> ended_{};                     ///< in the book, and open no more
};

} // namespace ensemble::internal
