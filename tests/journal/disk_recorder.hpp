#pragma once

#include "journal/simulated_disk.hpp"
#include "journal/sqlite_layer.hpp"

#include <mutex>
#include <string>
#include <vector>

namespace journal_tests {

/// A layer below SQLite that keeps every operation on the files of one directory, and hears of the
/// program's own syncs of that directory. Nothing is really synced while it lives: that is what a
/// simulated_disk does with the operations. Files may be used by several threads.
class disk_recorder final : public vfs_layer {
public:
  explicit disk_recorder(std::string directory);
  ~disk_recorder() override;

  std::vector<disk_operation> operations{};
  bool recording = true;
  /// How many operations there are; also while other threads work.
  [[nodiscard]] std::size_t count() const;
  /// So many writes to the log go well, then one stops half way and finds the disk full; and so
  /// on. 0: all go well.
  int writes_between_full = 0;

  /// Called by ::fsync, which the tests replace: true if it was of the directory.
  static bool synced(int descriptor);

private:
  void opened(layer_file& f) override;
  int write(layer_file& f, const void* from, int size, std::int64_t to) override;
  int truncate(layer_file& f, std::int64_t size) override;
  int sync(layer_file& f, int flags) override;
  int remove(const char* path, bool sync_directory) override;
  void record(disk_operation operation);

  std::string directory_;
  mutable std::mutex mutex_;
  int log_writes_ = 0;
};

} // namespace journal_tests
