#include "runtime/entity_cache.hpp"

namespace ensemble::internal {

entity& entity_cache::get(const std::string& key, bool& fresh) {
  const auto [at, added] = by_key_.try_emplace(key);
  fresh = added;
  if (added) {
    entities_.emplace_front();
    at->second = entities_.begin();
    entities_.front().key = key;
  } else {
    entities_.splice(entities_.begin(), entities_, at->second);
  }
  return *at->second;
}

entity* entity_cache::find(const std::string& key) {
  const auto at = by_key_.find(key);
  return at == by_key_.end() ? nullptr : &*at->second;
}

void entity_cache::clear() {
  by_key_.clear();
  entities_.clear();
}

void entity_cache::shrink() {
  auto last = entities_.end();
  // Those in use at the cold end are few; skipping them keeps this bounded by what is let go.
  while (entities_.size() > kept_ && last != entities_.begin()) {
    --last;
    if (last->in_use()) continue;
    by_key_.erase(last->key);
    last = entities_.erase(last);
  }
}

} // namespace ensemble::internal
