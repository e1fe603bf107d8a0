#include "runtime/open_instance_book.hpp"

#include "runtime/open_instances.hpp"

namespace ensemble::internal {

void open_instance_book::loaded(const std::vector<instance_id>& rows, position checkpoint) {
  rows_.insert(rows.begin(), rows.end());
  checkpoint_ = checkpoint;
}

void open_instance_book::opened(instance_id id, const std::string& process) {
  if (!rows_.contains(id)) fresh_.emplace(id, process);
}

void open_instance_book::closed(instance_id id) {
  if (fresh_.erase(id) == 0 && rows_.erase(id) > 0) ended_.push_back(id);
}

append_request open_instance_book::checkpoint(position up_to) {
  append_request request;
  if (up_to == checkpoint_) return request;
  for (const auto& [id, process] : fresh_) {
    request.books.push_back(open_instance_row(id, process));
    rows_.insert(id);
  }
  for (const auto id : ended_) request.books.push_back(closed_instance_row(id));
  request.books.push_back(open_instances_checkpoint(up_to));
  fresh_.clear();
  ended_.clear();
  checkpoint_ = up_to;
  return request;
}

} // namespace ensemble::internal
