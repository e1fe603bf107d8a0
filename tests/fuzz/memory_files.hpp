#pragma once

#include <map>
#include <string>

namespace fuzz {

/// SQLite's files, by their names without the directory.
using file_images = std::map<std::string, std::string>;

/// Keeps all of SQLite's files of this program in memory, from its construction on: so that a
/// journal can be opened thousands of times a second. Locks are taken for granted, but for the one
/// that tells the last connection that it is the last: one thread only, and no two transactions at
/// once. One object at a time, and for ever.
class memory_files {
public:
  memory_files();
  memory_files(const memory_files&) = delete;
  memory_files& operator=(const memory_files&) = delete;
  ~memory_files() = default;

  /// As they stand.
  [[nodiscard]] const file_images& now() const noexcept;
  /// In place of all others. Only while none is open.
  void replace(file_images files);
};

} // namespace fuzz
