#pragma once

#include <cstdint>
#include <string>

/// A journal in a file: its copies hold the same (S11), and of a damaged one nothing is read but
/// what was written, or an error (S9). Returns what does not hold; empty: all does.
[[nodiscard]] std::string try_files(std::uint64_t seed);
