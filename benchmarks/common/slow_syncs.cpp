#include "common/slow_syncs.hpp"

#include "journal/sqlite_layer.hpp"

#include <thread>

struct slow_syncs::layer : journal_tests::vfs_layer {
  explicit layer(std::chrono::microseconds wanted) : delay(wanted) {}
  int sync(journal_tests::layer_file& f, int flags) override {
    const int result = vfs_layer::sync(f, flags);
    std::this_thread::sleep_for(delay);
    return result;
  }
  std::chrono::microseconds delay;
};

slow_syncs::slow_syncs(std::chrono::microseconds delay) {
  if (delay.count() > 0) layer_ = std::make_unique<layer>(delay);
}

slow_syncs::~slow_syncs() = default;
