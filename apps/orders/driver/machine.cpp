#include "orders/driver/machine.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>

namespace orders {

std::optional<double> measure_flush_rate(const std::string& folder) {
  using clock = std::chrono::steady_clock;
  auto path = folder + "/flush-rate-XXXXXX";
  const int file = ::mkstemp(path.data());
  if (file < 0) return std::nullopt;
  ::unlink(path.c_str());
  const std::array<char, 4096> page{};
  const auto began = clock::now();
  const auto end = began + std::chrono::milliseconds(250);
  int flushes = 0;
  bool good = true;
  do {
    good = ::write(file, page.data(), page.size()) == static_cast<ssize_t>(page.size()) &&
           ::fdatasync(file) == 0;
    ++flushes;
  } while (good && clock::now() < end && flushes < 10'000);
  const std::chrono::duration<double> taken = clock::now() - began;
  ::close(file);
  if (!good) return std::nullopt;
  return flushes / taken.count();
}

std::uint64_t resident_memory() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  in >> all >> resident;
  return in ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

} // namespace orders
