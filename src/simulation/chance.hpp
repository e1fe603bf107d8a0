#pragma once

#include <chrono>
#include <cstdint>
#include <ratio>

namespace ensemble::simulation {

/// Where all chance of a run comes from: SplitMix64 (Steele, Lea, Flood, 2014).
class chance {
public:
  explicit chance(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() noexcept {
    state_ += 0x9E3779B97F4A7C15ULL;
    auto z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
  }
  /// 0 .. n-1
  std::uint64_t below(std::uint64_t n) noexcept { return next() % n; }
  /// True in so many cases of a thousand.
  bool in_thousand(std::uint64_t cases) noexcept { return below(1000) < cases; }
  std::chrono::nanoseconds between(std::chrono::nanoseconds least,
                                   std::chrono::nanoseconds most) noexcept {
    const auto width = static_cast<std::uint64_t>((most - least).count()) + 1;
    return least + std::chrono::nanoseconds(static_cast<std::int64_t>(below(width)));
  }

private:
  std::uint64_t state_;
};

/// A digest of what happens in a run, in its order: FNV-1a.
class trace_hash {
public:
  template <class Text>
  void add_text(const Text& text) noexcept {
    for (const char c : text) add_byte(static_cast<unsigned char>(c));
    add_byte(0xFF); // in no UTF-8
  }
  void add(std::uint64_t number) noexcept {
    for (int n = 0; n < 8; ++n) add_byte(static_cast<unsigned char>(number >> (8 * n)));
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

private:
  void add_byte(unsigned char byte) noexcept {
    value_ ^= byte;
    value_ *= 0x00000100000001B3ULL;
  }
  std::uint64_t value_ = 0xCBF29CE484222325ULL;
};

} // namespace ensemble::simulation
