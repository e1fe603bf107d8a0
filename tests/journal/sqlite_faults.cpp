#include "journal/sqlite_faults.hpp"

#include <sqlite3.h>

#include <cstddef>
#include <stdexcept>

namespace journal_tests {

namespace {

struct plan {
  file_kind file = file_kind::main;
  file_operation operation = file_operation::write;
  int nth = 0;
  int calls = 0;
  storage_faults::how way = storage_faults::how::io_error;
};

plan planned;
sqlite3_vfs* real_vfs = nullptr;
sqlite3_vfs layer{};

// SQLite allocates these; the real file's state stands behind.
struct layer_file {
  sqlite3_file base;
  file_kind kind;
  bool watched;
};

constexpr std::size_t header_size = (sizeof(layer_file) + alignof(std::max_align_t) - 1) /
                                    alignof(std::max_align_t) * alignof(std::max_align_t);

layer_file& own(sqlite3_file* file) { return *reinterpret_cast<layer_file*>(file); }
sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<std::byte*>(file) + header_size);
}

bool strikes(sqlite3_file* file, file_operation operation) {
  const auto& f = own(file);
  if (!f.watched || planned.nth == 0) return false;
  if (f.kind != planned.file || operation != planned.operation) return false;
  return ++planned.calls == planned.nth;
}

int on_close(sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); }
int on_read(sqlite3_file* f, void* to, int size, sqlite3_int64 from) {
  return real(f)->pMethods->xRead(real(f), to, size, from);
}
int on_write(sqlite3_file* f, const void* from, int size, sqlite3_int64 to) {
  if (strikes(f, file_operation::write)) {
    if (planned.way == storage_faults::how::disk_full) return SQLITE_FULL;
    if (planned.way == storage_faults::how::short_write)
      real(f)->pMethods->xWrite(real(f), from, size / 2, to);
    return SQLITE_IOERR_WRITE;
  }
  return real(f)->pMethods->xWrite(real(f), from, size, to);
}
int on_truncate(sqlite3_file* f, sqlite3_int64 size) {
  if (strikes(f, file_operation::truncate)) return SQLITE_IOERR_TRUNCATE;
  return real(f)->pMethods->xTruncate(real(f), size);
}
int on_sync(sqlite3_file* f, int flags) {
  if (strikes(f, file_operation::sync)) return SQLITE_IOERR_FSYNC;
  return real(f)->pMethods->xSync(real(f), flags);
}
int on_size(sqlite3_file* f, sqlite3_int64* size) {
  return real(f)->pMethods->xFileSize(real(f), size);
}
int on_lock(sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); }
int on_unlock(sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); }
int on_check_lock(sqlite3_file* f, int* held) {
  return real(f)->pMethods->xCheckReservedLock(real(f), held);
}
int on_control(sqlite3_file* f, int what, void* with) {
  return real(f)->pMethods->xFileControl(real(f), what, with);
}
int on_sector_size(sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }
int on_characteristics(sqlite3_file* f) {
  return real(f)->pMethods->xDeviceCharacteristics(real(f));
}
int on_map_shared(sqlite3_file* f, int page, int size, int extend, void volatile** at) {
  return real(f)->pMethods->xShmMap(real(f), page, size, extend, at);
}
int on_lock_shared(sqlite3_file* f, int offset, int n, int flags) {
  return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
}
void on_barrier(sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); }
int on_unmap_shared(sqlite3_file* f, int remove) {
  return real(f)->pMethods->xShmUnmap(real(f), remove);
}

const sqlite3_io_methods methods{2,
                                 on_close,
                                 on_read,
                                 on_write,
                                 on_truncate,
                                 on_sync,
                                 on_size,
                                 on_lock,
                                 on_unlock,
                                 on_check_lock,
                                 on_control,
                                 on_sector_size,
                                 on_characteristics,
                                 on_map_shared,
                                 on_lock_shared,
                                 on_barrier,
                                 on_unmap_shared,
                                 nullptr,
                                 nullptr};

int on_open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out) {
  const int code = real_vfs->xOpen(real_vfs, name, real(file), flags, out);
  auto& f = own(file);
  f.base.pMethods = real(file)->pMethods != nullptr ? &methods : nullptr;
  f.watched = (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) != 0;
  f.kind = (flags & SQLITE_OPEN_WAL) != 0 ? file_kind::log : file_kind::main;
  return code;
}

} // namespace

storage_faults::storage_faults() {
  real_vfs = sqlite3_vfs_find(nullptr);
  if (real_vfs == nullptr || real_vfs == &layer)
    throw std::logic_error("one fault layer at a time");
  layer = *real_vfs; // all but opening goes straight through: it knows its data by pAppData
  layer.zName = "ensemble-test-faults";
  layer.szOsFile = static_cast<int>(header_size) + real_vfs->szOsFile;
  layer.pNext = nullptr;
  layer.xOpen = on_open;
  planned = {};
  sqlite3_vfs_register(&layer, 1);
}

storage_faults::~storage_faults() {
  sqlite3_vfs_unregister(&layer);
  sqlite3_vfs_register(real_vfs, 1);
}

void storage_faults::fail(file_kind file, file_operation operation, int nth, how way) {
  planned = {file, operation, nth, 0, way};
}

bool storage_faults::struck() const { return planned.nth > 0 && planned.calls >= planned.nth; }

int storage_faults::calls() const { return planned.calls; }

} // namespace journal_tests
