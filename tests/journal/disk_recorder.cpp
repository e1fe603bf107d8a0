#include "journal/disk_recorder.hpp"

#include <filesystem>
#include <system_error>
#include <utility>

#include <sys/syscall.h>
#include <unistd.h>

namespace journal_tests {

namespace {
disk_recorder* live = nullptr;
}

disk_recorder::disk_recorder(std::string directory) : directory_(std::move(directory)) {
  live = this;
}

disk_recorder::~disk_recorder() { live = nullptr; }

void disk_recorder::record(disk_operation operation) {
  const std::lock_guard lock(mutex_);
  if (recording) operations.push_back(std::move(operation));
}

std::size_t disk_recorder::count() const {
  const std::lock_guard lock(mutex_);
  return operations.size();
}

void disk_recorder::opened(layer_file& f) {
  if (f.what != layer_file::kind::other && f.fresh)
    record({disk_operation::kind::create, f.name, 0, {}});
}

int disk_recorder::write(layer_file& f, const void* from, int size, std::int64_t to) {
  const bool full = f.what == layer_file::kind::log && writes_between_full > 0 &&
                    ++log_writes_ % writes_between_full == 0;
  if (full) size /= 2;
  if (f.what != layer_file::kind::other)
    record({disk_operation::kind::write, f.name, static_cast<std::uint64_t>(to),
            std::string(static_cast<const char*>(from), static_cast<std::size_t>(size))});
  const int code = vfs_layer::write(f, from, size, to);
  return code == SQLITE_OK && full ? SQLITE_FULL : code;
}

int disk_recorder::truncate(layer_file& f, std::int64_t size) {
  if (f.what != layer_file::kind::other)
    record({disk_operation::kind::truncate, f.name, static_cast<std::uint64_t>(size), {}});
  return vfs_layer::truncate(f, size);
}

int disk_recorder::sync(layer_file& f, int) {
  if (f.what == layer_file::kind::other) return SQLITE_OK;
  record({disk_operation::kind::sync, f.name, 0, {}});
  // As SQLite's own layer for Unix does for a new log or rollback journal, but not for a new file.
  if (std::exchange(f.fresh, false) && f.what != layer_file::kind::main)
    record({disk_operation::kind::sync_directory, {}, 0, {}});
  return SQLITE_OK;
}

int disk_recorder::remove(const char* path, bool sync_directory) {
  const bool was_there = std::filesystem::exists(path);
  const int code = vfs_layer::remove(path, false);
  if (code != SQLITE_OK || !was_there) return code;
  record({disk_operation::kind::remove, std::filesystem::path(path).filename(), 0, {}});
  if (sync_directory) record({disk_operation::kind::sync_directory, {}, 0, {}});
  return code;
}

bool disk_recorder::synced(int descriptor) {
  if (live == nullptr) return false;
  std::error_code unknown;
  const auto path =
      std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(descriptor), unknown);
  if (unknown || path != live->directory_) return false;
  live->record({disk_operation::kind::sync_directory, {}, 0, {}});
  return true;
}

} // namespace journal_tests

// In place of the C library's, for the whole program.
extern "C" int fsync(int descriptor) {
  if (journal_tests::disk_recorder::synced(descriptor)) return 0;
  return static_cast<int>(::syscall(SYS_fsync, descriptor));
}
