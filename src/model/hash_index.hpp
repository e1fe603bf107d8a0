#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace ensemble::internal {

/// Where things stand, by the hash of what they are found by, which stands with the things. One
/// flat table: to look for what is not there takes one cache miss, where a map of nodes takes
/// three. Its memory grows only.
template <class Place>
class hash_index {
public:
  /// The place with that hash that `is_it` confirms, or null.
  template <class IsIt>
  [[nodiscard]] const Place* find(std::uint64_t hash, IsIt is_it) const {
    const auto at = search(marked(hash), is_it);
    return at == slots_.size() ? nullptr : &slots_[at].place;
  }
  void add(std::uint64_t hash, Place place) {
    if (2 * held_ >= slots_.size()) grow();
    put({marked(hash), std::move(place)});
    ++held_;
  }
  template <class IsIt>
  void erase(std::uint64_t hash, IsIt is_it) {
    auto hole = search(marked(hash), is_it);
    if (hole == slots_.size()) return;
    --held_;
    // What stands behind it, because its own slot was taken, moves up.
    for (auto at = next(hole); slots_[at].hash != 0; at = next(at)) {
      const auto home = first(slots_[at].hash);
      const bool between = hole <= at ? hole < home && home <= at : hole < home || home <= at;
      if (between) continue;
      slots_[hole] = std::move(slots_[at]);
      hole = at;
    }
    slots_[hole] = {};
  }
  void clear() noexcept {
    slots_.clear();
    held_ = 0;
  }

private:
  struct slot {
    std::uint64_t hash = 0; ///< 0: free
    Place place{};
  };

  [[nodiscard]] static std::uint64_t marked(std::uint64_t hash) noexcept {
    return hash == 0 ? 1 : hash;
  }
  // The highest bits of a product: all bits of the hash count.
  [[nodiscard]] std::size_t first(std::uint64_t hash) const noexcept {
    const auto shift = std::countl_zero(std::uint64_t{slots_.size() - 1});
    return static_cast<std::size_t>((hash * 0x9E3779B97F4A7C15ULL) >> shift);
  }
  [[nodiscard]] std::size_t next(std::size_t at) const noexcept {
    return (at + 1) & (slots_.size() - 1);
  }
  template <class IsIt>
  [[nodiscard]] std::size_t search(std::uint64_t hash, IsIt is_it) const {
    if (slots_.empty()) return 0;
    for (auto at = first(hash); slots_[at].hash != 0; at = next(at))
      if (slots_[at].hash == hash && is_it(slots_[at].place)) return at;
    return slots_.size();
  }
  void put(slot what) noexcept {
    auto at = first(what.hash);
    while (slots_[at].hash != 0) at = next(at);
    slots_[at] = std::move(what);
  }
  void grow() {
    std::vector<slot> before(slots_.empty() ? 16 : 2 * slots_.size()); // a power of two
    before.swap(slots_);
    for (auto& one : before)
      if (one.hash != 0) put(std::move(one));
  }

  std::vector<slot> slots_{};
  std::size_t held_ = 0;
};

} // namespace ensemble::internal
