#pragma once

#include <ensemble/process.hpp>

#include <cstdint>
#include <memory>
#include <random>
#include <span>

namespace explorer {

using ensemble::duration;
using ensemble::process_definition;
using ensemble::timestamp;

/// The explorer's only source of chance: one seed, one run.
class dice {
public:
  explicit dice(std::uint64_t seed) : engine_(seed) {}
  /// Throws what the bytes say, a byte a throw; beyond their end zeros. For fuzzing.
  explicit dice(std::span<const std::uint8_t> bytes) : from_bytes_(true), bytes_(bytes) {}
  /// 0 .. n-1
  std::size_t below(std::size_t n) {
    return from_bytes_ ? byte() % n : static_cast<std::size_t>(engine_() % n);
  }
  bool chance(double p) {
    if (from_bytes_) return byte() < p * 256;
    return static_cast<double>(engine_() >> 11) < p * 0x1p53;
  }

private:
  std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const auto first = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return first;
  }

  std::mt19937_64 engine_{};
  bool from_bytes_ = false;
  std::span<const std::uint8_t> bytes_{};
};

/// A random process of 2 to `most_steps` steps: any dependencies, some undone, some not, perhaps a
/// pivot, deadlines and retries; over one service a step or fewer.
std::shared_ptr<const process_definition> random_definition(dice& d, std::size_t most_steps = 6);

} // namespace explorer
