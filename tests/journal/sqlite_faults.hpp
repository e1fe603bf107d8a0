#pragma once

#include <cstdint>
#include <string_view>

namespace journal_tests {

enum class file_kind { main, log };
enum class file_operation { write, sync, truncate };

/// A layer between SQLite and the file system in which one operation fails. It stands below all
/// connections that are opened while it lives; one at a time.
class storage_faults {
public:
  storage_faults();
  storage_faults(const storage_faults&) = delete;
  storage_faults& operator=(const storage_faults&) = delete;
  ~storage_faults();

  enum class how { io_error, short_write, disk_full };
  /// From now on the `nth` operation of that kind fails (from 1), once; those behind it go well.
  void fail(file_kind file, file_operation operation, int nth, how way = how::io_error);
  /// Whether it came to that.
  [[nodiscard]] bool struck() const;
  /// How often that operation was called, failed ones too, since the last `fail`.
  [[nodiscard]] int calls() const;
};

} // namespace journal_tests
