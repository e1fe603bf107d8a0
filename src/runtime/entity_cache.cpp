#include "runtime/entity_cache.hpp"

namespace ensemble::internal {

void entity_cache::shrink() {
  auto last = entities_.end();
  // Those in use at the cold end are few; skipping them keeps this bounded by what is let go.
  while (entities_.size() > kept_ && last != entities_.begin()) {
    --last;
    if (!last->in_use()) last = entities_.erase(last);
  }
}

} // namespace ensemble::internal
