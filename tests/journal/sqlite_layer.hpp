#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <string>

namespace journal_tests {

/// A file that is open below a vfs_layer.
struct layer_file {
  enum class kind { other, main, log, rollback };
  sqlite3_file* real = nullptr;
  kind what = kind::other;
  std::string name{}; ///< without the directory
  bool fresh = false; ///< made by this opening, and not synced yet
};

/// A layer between SQLite and the file system, below all connections that are opened while it
/// lives; one at a time. What is not overridden goes straight through.
class vfs_layer {
public:
  vfs_layer();
  vfs_layer(const vfs_layer&) = delete;
  vfs_layer& operator=(const vfs_layer&) = delete;
  virtual ~vfs_layer();

  virtual void opened(layer_file&) {}
  virtual int write(layer_file& f, const void* from, int size, std::int64_t to);
  virtual int truncate(layer_file& f, std::int64_t size);
  virtual int sync(layer_file& f, int flags);
  virtual int remove(const char* path, bool sync_directory);
  virtual int control(layer_file& f, int what, void* with);
  virtual int characteristics(layer_file& f);
};

} // namespace journal_tests
