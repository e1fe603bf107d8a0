#pragma once

#include "journal/sqlite_layer.hpp"

#include <cstdint>
#include <optional>

namespace journal_tests {

enum class file_kind { main, log, rollback };
enum class file_operation { write, sync, truncate };

/// A layer below SQLite in which operations fail.
class storage_faults final : public vfs_layer {
public:
  enum class how { io_error, short_write, disk_full, delay };
  static constexpr int for_ever = 1'000'000'000;
  /// From now on the `nth` operation of that kind fails (from 1), and so often; those behind it go
  /// well. A delayed one takes some milliseconds, and goes well, too.
  void fail(file_kind file, file_operation operation, int nth, how way = how::io_error,
            int times = 1);
  /// From now on files can grow by so many bytes in all; a write that would need more stops short,
  /// and finds the disk full. Truncating gives bytes back.
  void leave_free(std::int64_t bytes) { left_free_ = bytes; }
  /// Everything works again.
  void heal();
  /// From now on files say that a write may spoil its neighbours in the sector.
  void sectors_may_tear() { tearing_ = true; }
  /// Whether an operation has failed, or was delayed.
  [[nodiscard]] bool struck() const { return nth_ > 0 && calls_ >= nth_; }
  /// How often that operation was called, failed ones too, since the last `fail`.
  [[nodiscard]] int calls() const { return calls_; }

private:
  int write(layer_file& f, const void* from, int size, std::int64_t to) override;
  int truncate(layer_file& f, std::int64_t size) override;
  int sync(layer_file& f, int flags) override;
  int control(layer_file& f, int what, void* with) override;
  int characteristics(layer_file& f) override;
  bool strikes(const layer_file& f, file_operation operation);
  int fitting(layer_file& f, int size, std::int64_t to);

  file_kind file_ = file_kind::main;
  file_operation operation_ = file_operation::write;
  how way_ = how::io_error;
  int nth_ = 0;
  int times_ = 0;
  int calls_ = 0;
  std::optional<std::int64_t> left_free_{};
  bool tearing_ = false;
};

} // namespace journal_tests
