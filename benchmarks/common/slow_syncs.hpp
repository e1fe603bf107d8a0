#pragma once

#include <chrono>
#include <memory>

/// While it lives, every sync of a journal's files takes so much longer: what an order costs on a
/// slower disk, and which of its waits are for the disk. None if it is 0.
class slow_syncs {
public:
  explicit slow_syncs(std::chrono::microseconds delay);
  slow_syncs(const slow_syncs&) = delete;
  slow_syncs& operator=(const slow_syncs&) = delete;
  ~slow_syncs();

private:
  struct layer;
  std::unique_ptr<layer> layer_{};
};
