#pragma once

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

// The yardstick that stands beside every durable figure.

/// What the disk can do at most: 4 KiB written and synced, one after the other.
inline double syncs_a_second(const std::filesystem::path& directory) {
  const auto path = directory / "ensemble-bench-sync";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0644);
  if (file < 0) throw std::runtime_error("cannot write in " + directory.string());
  const std::vector<char> page(4096, 'x');
  constexpr int rounds = 500;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i)
    if (::pwrite(file, page.data(), page.size(), i % 256 * 4096) < 0 || ::fdatasync(file) != 0)
      throw std::runtime_error("cannot sync in " + directory.string());
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  ::close(file);
  std::filesystem::remove(path);
  return rounds / taken.count();
}
