#include "runtime/open_instance_book.hpp"

namespace ensemble::internal {

void open_instance_book::changed(instance_id id) {
  if (!fresh_.contains(id)) changed_.insert(id);
}

void open_instance_book::closed(instance_id id) {
  if (fresh_.erase(id) > 0) return;
  changed_.erase(id);
  ended_.push_back(id);
}

} // namespace ensemble::internal
