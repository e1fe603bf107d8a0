#pragma once

#include "model/hash_index.hpp"

#include <cstddef>
#include <functional>
#include <list>
#include <string>
#include <string_view>

namespace ensemble::internal {

/// Entries that have a text `key`, the latest used first. They stay where they are in memory.
template <class Entry>
class recently_used {
public:
  using iterator = typename std::list<Entry>::iterator;

  /// The entry of that key, which is the latest now; `fresh`: it was not here, and has its key
  /// only.
  Entry& get(std::string_view key, bool& fresh) {
    const auto* known = entry_of(key);
    fresh = known == nullptr;
    if (fresh) {
      std::list<Entry> made(1); // alone, until nothing can fail any more
      made.front().key = key;
      by_key_.add(hash_of(key), made.begin());
      entries_.splice(entries_.begin(), made);
    } else {
      use(*known);
    }
    return entries_.front();
  }
  [[nodiscard]] Entry* find(std::string_view key) {
    const auto* known = entry_of(key);
    return known ? &**known : nullptr;
  }
  /// Makes it the latest.
  void use(iterator which) { entries_.splice(entries_.begin(), entries_, which); }
  iterator erase(iterator which) {
    by_key_.erase(hash_of(which->key), [&](iterator at) { return at == which; });
    return entries_.erase(which);
  }
  void clear() {
    by_key_.clear();
    entries_.clear();
  }

  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
  [[nodiscard]] iterator begin() noexcept { return entries_.begin(); }
  [[nodiscard]] iterator end() noexcept { return entries_.end(); }

private:
  [[nodiscard]] static std::uint64_t hash_of(std::string_view key) noexcept {
    return std::hash<std::string_view>{}(key);
  }
  [[nodiscard]] const iterator* entry_of(std::string_view key) const {
    return by_key_.find(hash_of(key), [&](iterator at) { return at->key == key; });
  }

  std::list<Entry> entries_{};
  hash_index<iterator> by_key_{};
};

} // namespace ensemble::internal
