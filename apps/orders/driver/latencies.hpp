#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>

namespace orders {

/// Counts times in buckets of equal ratio (32 to a doubling, so within 3 %): its size does not
/// grow with the orders. Adding is safe from several threads.
class latencies {
public:
  void add(std::chrono::nanoseconds time) noexcept {
    const auto ns = time.count() < 1 ? 1 : static_cast<std::uint64_t>(time.count());
    buckets_[bucket(ns)].fetch_add(1, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t count() const noexcept {
    std::uint64_t sum = 0;
    for (const auto& b : buckets_) sum += b.load(std::memory_order_relaxed);
    return sum;
  }
  /// The time that this share of all (0 to 1) does not exceed; 0 if there are none.
  [[nodiscard]] std::chrono::nanoseconds quantile(double share) const noexcept {
    const auto all = count();
    std::uint64_t seen = 0;
    for (std::size_t b = 0; b < buckets_.size(); ++b) {
      seen += buckets_[b].load(std::memory_order_relaxed);
      if (seen != 0 && static_cast<double>(seen) >= share * static_cast<double>(all))
        return std::chrono::nanoseconds(static_cast<std::int64_t>(upper(b)));
    }
    return std::chrono::nanoseconds(0);
  }

private:
  static constexpr unsigned fine = 5; // bits of a number behind its highest one

  static std::size_t bucket(std::uint64_t ns) noexcept {
    const auto width = static_cast<unsigned>(std::bit_width(ns));
    if (width <= fine + 1) return static_cast<std::size_t>(ns);
    const auto shift = width - fine - 1;
    return static_cast<std::size_t>((std::uint64_t{shift} << fine) + (ns >> shift));
  }
  static std::uint64_t upper(std::size_t bucket) noexcept {
    if (bucket < (std::size_t{2} << fine)) return bucket;
    const auto shift = (bucket >> fine) - 1;
    return (((bucket & 31U) | 32U) + 1) << shift;
  }

  std::array<std::atomic<std::uint64_t>, 64U << fine> buckets_{};
};

} // namespace orders
