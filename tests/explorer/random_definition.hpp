#pragma once

#include <ensemble/process.hpp>

#include <cstdint>
#include <memory>
#include <random>

namespace explorer {

using ensemble::duration;
using ensemble::process_definition;
using ensemble::timestamp;

/// The explorer's only source of chance: one seed, one run.
class dice {
public:
  explicit dice(std::uint64_t seed) : engine_(seed) {}
  /// 0 .. n-1
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
  bool chance(double p) { return static_cast<double>(engine_() >> 11) < p * 0x1p53; }

private:
  std::mt19937_64 engine_;
};

/// A random process of 2 to `most_steps` steps: any dependencies, some undone, some not, perhaps a
/// pivot, deadlines and retries; over one service a step or fewer.
std::shared_ptr<const process_definition> random_definition(dice& d, std::size_t most_steps = 6);

} // namespace explorer
