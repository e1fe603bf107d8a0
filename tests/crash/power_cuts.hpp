#pragma once

#include "crash/life.hpp"
#include "journal/simulated_disk.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace crash {

/// Which cuts are tried. Everything is drawn from the seed but what the threads of a runtime do.
struct cut_options {
  std::filesystem::path directory{}; ///< for the files; quick, and empty
  std::uint64_t seed = 1;
  /// None: the workload is the journal's own.
  std::optional<ensemble::process_mode> mode{};
  ensemble::durability durability = ensemble::durability::durable;
  std::uint64_t images = 32;         ///< for each operation that is cut at
  std::uint64_t every = 1;           ///< so many operations one is cut at
  std::uint64_t resume_every = 100;  ///< so many images one is resumed by a runtime and ended
  std::uint64_t recut_every = 8;     ///< so many resumptions one is cut at every operation
  std::uint64_t recover_every = 160; ///< so many images one's recovery is cut at every operation
};

struct cut_tally {
  std::uint64_t operations = 0;
  std::uint64_t images = 0;
  std::uint64_t lost = 0;       ///< images that lost shown events; expected of relaxed alone
  std::uint64_t resumed = 0;    ///< by a whole runtime, until all was ended
  std::uint64_t recoveries = 0; ///< that were cut in their turn; their images count as images
  std::uint64_t violations = 0;
};

/// Records every operation that a workload does on its disk; then cuts the power before each
/// operation, and behind the last, and verifies what is left. Prints what is wrong to standard
/// output, with the files kept, and ends with the first image that has something wrong.
cut_tally cut_the_power(const cut_options& options);

} // namespace crash
