#include "runtime/entity_cache.hpp"

#include <iterator>

namespace ensemble::internal {

// Those in use may be many (outside calls that take long), and this is called with every message:
// what is met in use at the cold end is moved out of the way, a few a call.
void entity_cache::shrink() {
  constexpr int most_in_use = 8;
  for (int in_use = 0; entities_.size() > kept_ && in_use < most_in_use;) {
    const auto last = std::prev(entities_.end());
    if (last->in_use()) {
      entities_.use(last);
      ++in_use;
    } else {
      entities_.erase(last);
    }
  }
}

} // namespace ensemble::internal
