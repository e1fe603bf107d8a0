#include "orders/checks/saga_check.hpp"

namespace orders {

void saga_check::feed(const ensemble::recorded_event& e) {
  if (e.body.name() == definition_.start.event->name) {
    const auto instance = ensemble::make_instance_id(e.position, definition_.name);
    open_.try_emplace(instance, definition_, instance);
    ++started_;
  }
  if (!e.origin.instance) return;
  const auto found = open_.find(e.origin.instance);
  if (found == open_.end()) {
    // An attempt that failed or a deadline may be noted while the last word is being said.
    if (ensemble::category_of(e.stream) != definition_.name)
      found_.add("G2", "event " + std::to_string(e.position.value) + " ('" +
                           std::string(e.body.name()) + "') belongs to instance " +
                           to_string(e.origin.instance) + ", which has ended, or never began");
    return;
  }
  auto& trace = found->second;
  trace.feed(e, found_);
  if (!trace.terminal()) return;
  ++(trace.completed() ? completed_ : compensated_);
  open_.erase(found);
}

} // namespace orders
