#pragma once

#include "fuzz/fuzz.hpp"
#include "fuzz/memory_files.hpp"

#include <ensemble/journal.hpp>

#include <vector>

namespace fuzz {

/// Journals as programs left them: the same history, looked at at different times.
struct real_journals {
  std::string path{};
  std::vector<file_images> images{};
  std::vector<ensemble::recorded_event> events{}; ///< the whole history

  /// Writes them, once.
  explicit real_journals(memory_files& files);
};

/// One of them with damage as disks and people do it: flipped bytes, pages lost, stale or swapped,
/// files cut, prolonged, or of another time. Bytes come out of a hash: a checksum can be hit by
/// chance only, not by a fuzzer that learns it.
[[nodiscard]] file_images damaged(const real_journals& real, input& in);
/// One of them with any bytes in any place: then a checksum can be forged.
[[nodiscard]] file_images forged(const real_journals& real, input& in);

} // namespace fuzz
