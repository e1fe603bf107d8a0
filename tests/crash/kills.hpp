#pragma once

#include <ensemble/journal.hpp>
#include <ensemble/process.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>

namespace crash {

/// What strikes at an operation on the disk.
enum class strike {
  kill,          ///< the process is killed: before, in the middle of, or behind the operation
  fail_once,     ///< the operation fails; those behind it go well
  fail_for_ever, ///< it fails, and so does every later one
};

/// Which operations are struck.
struct kill_options {
  std::filesystem::path directory{}; ///< for the files; empty
  std::uint64_t seed = 1;
  std::optional<ensemble::process_mode> mode{}; ///< none: the workload is the journal's own
  ensemble::durability durability = ensemble::durability::durable;
  strike what = strike::kill;
  std::uint64_t first = 1; ///< the first operation that is struck
  std::uint64_t every = 1; ///< and every so many behind it
  std::uint64_t most = ~std::uint64_t{};
};

struct kill_tally {
  std::uint64_t kills = 0;  ///< processes that died
  std::uint64_t again = 0;  ///< among them: in the recovery after another kill
  std::uint64_t faults = 0; ///< operations that were made to fail
  std::uint64_t violations = 0;
};

/// Runs the workload in a child for every operation that is to be struck; then verifies what is
/// there, and resumes it to its end, in further children. The calling process must have one thread
/// and no runtime. Prints what is wrong to standard output, and ends with the first.
kill_tally strike_everywhere(const kill_options& options);

} // namespace crash
