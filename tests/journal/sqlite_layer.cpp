#include "journal/sqlite_layer.hpp"

#include <cstddef>
#include <filesystem>
#include <new>
#include <stdexcept>

namespace journal_tests {

namespace {

sqlite3_vfs* real_vfs = nullptr;
sqlite3_vfs layer{};
vfs_layer* current = nullptr;

// SQLite allocates these; the real file's state stands behind.
struct open_file {
  sqlite3_file base;
  layer_file* seen;
};

constexpr std::size_t header_size = (sizeof(open_file) + alignof(std::max_align_t) - 1) /
                                    alignof(std::max_align_t) * alignof(std::max_align_t);

layer_file& seen(sqlite3_file* file) { return *reinterpret_cast<open_file*>(file)->seen; }
sqlite3_file* real(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<std::byte*>(file) + header_size);
}

int on_close(sqlite3_file* f) {
  delete &seen(f);
  return real(f)->pMethods->xClose(real(f));
}
int on_read(sqlite3_file* f, void* to, int size, sqlite3_int64 from) {
  return real(f)->pMethods->xRead(real(f), to, size, from);
}
int on_write(sqlite3_file* f, const void* from, int size, sqlite3_int64 to) {
  return current->write(seen(f), from, size, to);
}
int on_truncate(sqlite3_file* f, sqlite3_int64 size) { return current->truncate(seen(f), size); }
int on_sync(sqlite3_file* f, int flags) { return current->sync(seen(f), flags); }
int on_size(sqlite3_file* f, sqlite3_int64* size) {
  return real(f)->pMethods->xFileSize(real(f), size);
}
int on_lock(sqlite3_file* f, int level) { return real(f)->pMethods->xLock(real(f), level); }
int on_unlock(sqlite3_file* f, int level) { return real(f)->pMethods->xUnlock(real(f), level); }
int on_check_lock(sqlite3_file* f, int* held) {
  return real(f)->pMethods->xCheckReservedLock(real(f), held);
}
int on_control(sqlite3_file* f, int what, void* with) {
  return current->control(seen(f), what, with);
}
int on_sector_size(sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); }
int on_characteristics(sqlite3_file* f) { return current->characteristics(seen(f)); }
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

layer_file::kind kind_of(int flags) {
  if ((flags & SQLITE_OPEN_MAIN_DB) != 0) return layer_file::kind::main;
  if ((flags & SQLITE_OPEN_WAL) != 0) return layer_file::kind::log;
  if ((flags & SQLITE_OPEN_MAIN_JOURNAL) != 0) return layer_file::kind::rollback;
  return layer_file::kind::other;
}

int on_open(sqlite3_vfs*, sqlite3_filename name, sqlite3_file* file, int flags, int* out) {
  const bool was_there = name != nullptr && std::filesystem::exists(name);
  const int code = real_vfs->xOpen(real_vfs, name, real(file), flags, out);
  const bool open = real(file)->pMethods != nullptr;
  file->pMethods = open ? &methods : nullptr;
  if (!open) return code;
  auto* made = new layer_file{real(file), kind_of(flags), {}, name != nullptr && !was_there};
  if (name != nullptr) made->name = std::filesystem::path(name).filename();
  reinterpret_cast<open_file*>(file)->seen = made;
  current->opened(*made);
  return code;
}

int on_delete(sqlite3_vfs*, const char* path, int sync_directory) {
  return current->remove(path, sync_directory != 0);
}

} // namespace

vfs_layer::vfs_layer() {
  real_vfs = sqlite3_vfs_find(nullptr);
  if (real_vfs == nullptr || real_vfs == &layer)
    throw std::logic_error("one layer below SQLite at a time");
  layer = *real_vfs; // all else goes straight through: it knows its data by pAppData
  layer.zName = "ensemble-test-layer";
  layer.szOsFile = static_cast<int>(header_size) + real_vfs->szOsFile;
  layer.pNext = nullptr;
  layer.xOpen = on_open;
  layer.xDelete = on_delete;
  current = this;
  sqlite3_vfs_register(&layer, 1);
}

vfs_layer::~vfs_layer() {
  sqlite3_vfs_unregister(&layer);
  sqlite3_vfs_register(real_vfs, 1);
  current = nullptr;
}

int vfs_layer::write(layer_file& f, const void* from, int size, std::int64_t to) {
  return f.real->pMethods->xWrite(f.real, from, size, to);
}
int vfs_layer::truncate(layer_file& f, std::int64_t size) {
  return f.real->pMethods->xTruncate(f.real, size);
}
int vfs_layer::sync(layer_file& f, int flags) { return f.real->pMethods->xSync(f.real, flags); }
int vfs_layer::remove(const char* path, bool sync_directory) {
  return real_vfs->xDelete(real_vfs, path, sync_directory ? 1 : 0);
}
int vfs_layer::control(layer_file& f, int what, void* with) {
  return f.real->pMethods->xFileControl(f.real, what, with);
}
int vfs_layer::characteristics(layer_file& f) {
  return f.real->pMethods->xDeviceCharacteristics(f.real);
}

} // namespace journal_tests
