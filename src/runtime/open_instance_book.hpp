#pragma once

#include "runtime/open_instances.hpp"

#include <optional>
#include <set>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

namespace ensemble::internal {

/// Which changes the book of open instances needs at its next checkpoint.
class open_instance_book {
public:
  explicit open_instance_book(std::set<std::string, std::less<>> processes)
      : processes_(std::move(processes)) {}

  /// An instance that has no row yet.
  void opened(instance_id id) { fresh_.insert(id); }
  /// Something that the row tells has changed.
  void changed(instance_id id);
  void closed(instance_id id);
  /// The book's checkpoint, as it was read.
  void loaded(position checkpoint) noexcept { checkpoint_ = checkpoint; }

  /// The changes up to that position, in one request; no book change: nothing has happened.
  /// `row_of(id)` gives the row of an open instance.
  template <class RowOf>
  [[nodiscard]] append_request checkpoint(position up_to, RowOf row_of) {
    append_request request;
    if (up_to == checkpoint_ && changed_.empty() && fresh_.empty() && ended_.empty())
      return request;
    for (const auto* touched : {&fresh_, &changed_})
      for (const auto id : *touched) request.books.push_back(make_change(id, row_of(id)));
    for (const auto id : ended_) request.books.push_back(make_end(id));
    for (const auto& process : processes_) request.books.push_back(make_checkpoint(process, up_to));
    fresh_.clear();
    changed_.clear();
    ended_.clear();
    checkpoint_ = up_to;
    return request;
  }

private:
  std::set<std::string, std::less<>> processes_;
  position checkpoint_{};
  std::unordered_set<instance_id> fresh_{};   ///< open, and not in the book
  std::unordered_set<instance_id> changed_{}; ///< open, and in the book with an older row
  std::vector<instance_id> ended_{};          ///< in the book, and open no more
};

} // namespace ensemble::internal
