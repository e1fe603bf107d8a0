#include "fuzz/memory_files.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <vector>

#include <sqlite3.h>

namespace fuzz {

namespace {

using shared_pages = std::vector<std::unique_ptr<char[]>>;

/// What stands behind one name.
struct stored_file {
  int opened = 0;
  shared_pages shared{}; ///< the index of the write-ahead log
};

file_images files;
std::map<std::string, stored_file> stored;
sqlite3_vfs layer{};

// SQLite allocates these, and sets them to nothing.
struct open_file {
  sqlite3_file base;
  std::string* name;
};

std::string& name_of(sqlite3_file* f) { return *reinterpret_cast<open_file*>(f)->name; }
std::string& bytes_of(sqlite3_file* f) { return files[name_of(f)]; }

int on_close(sqlite3_file* f) {
  --stored[name_of(f)].opened;
  delete &name_of(f);
  return SQLITE_OK;
}

int on_read(sqlite3_file* f, void* to, int size, sqlite3_int64 from) {
  const auto& bytes = bytes_of(f);
  const auto wanted = static_cast<std::size_t>(size);
  const auto at = std::min(static_cast<std::size_t>(from), bytes.size());
  const auto got = std::min(wanted, bytes.size() - at);
  std::memcpy(to, bytes.data() + at, got);
  std::memset(static_cast<char*>(to) + got, 0, wanted - got);
  return got == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

// Damaged sizes may ask for more than a small journal ever has.
constexpr std::size_t longest = std::size_t{16} << 20;

int on_write(sqlite3_file* f, const void* from, int size, sqlite3_int64 to) {
  auto& bytes = bytes_of(f);
  const auto end = static_cast<std::size_t>(to) + static_cast<std::size_t>(size);
  if (end > longest) return SQLITE_FULL;
  if (bytes.size() < end) bytes.resize(end);
  std::memcpy(bytes.data() + to, from, static_cast<std::size_t>(size));
  return SQLITE_OK;
}

int on_truncate(sqlite3_file* f, sqlite3_int64 size) {
  if (static_cast<std::size_t>(size) > longest) return SQLITE_FULL;
  bytes_of(f).resize(static_cast<std::size_t>(size));
  return SQLITE_OK;
}

int on_sync(sqlite3_file*, int) { return SQLITE_OK; }

int on_size(sqlite3_file* f, sqlite3_int64* size) {
  *size = static_cast<sqlite3_int64>(bytes_of(f).size());
  return SQLITE_OK;
}

int on_lock(sqlite3_file* f, int level) {
  const bool alone = stored[name_of(f)].opened == 1;
  return level == SQLITE_LOCK_EXCLUSIVE && !alone ? SQLITE_BUSY : SQLITE_OK;
}

int on_unlock(sqlite3_file*, int) { return SQLITE_OK; }

int on_check_lock(sqlite3_file*, int* held) {
  *held = 0;
  return SQLITE_OK;
}

int on_control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
int on_sector_size(sqlite3_file*) { return 4096; }
int on_characteristics(sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; }

int on_map_shared(sqlite3_file* f, int page, int size, int extend, void volatile** at) {
  auto& pages = stored[name_of(f)].shared;
  const auto wanted = static_cast<std::size_t>(page);
  *at = nullptr;
  if (wanted >= pages.size() && extend == 0) return SQLITE_OK;
  while (pages.size() <= wanted)
    pages.push_back(std::make_unique<char[]>(static_cast<std::size_t>(size)));
  *at = pages[wanted].get();
  return SQLITE_OK;
}

int on_lock_shared(sqlite3_file*, int, int, int) { return SQLITE_OK; }
void on_barrier(sqlite3_file*) {}

int on_unmap_shared(sqlite3_file* f, int remove) {
  auto& file = stored[name_of(f)];
  if (remove != 0 || file.opened == 1) file.shared.clear();
  return SQLITE_OK;
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

std::string plain_name(const char* path) { return std::filesystem::path(path).filename(); }

int on_open(sqlite3_vfs*, sqlite3_filename path, sqlite3_file* file, int flags, int* out) {
  file->pMethods = nullptr;
  auto name = path != nullptr ? plain_name(path) : std::string("temporary");
  if (!files.contains(name) && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
  files.try_emplace(name);
  ++stored[name].opened;
  reinterpret_cast<open_file*>(file)->name = new std::string(std::move(name));
  file->pMethods = &methods;
  if (out != nullptr) *out = flags;
  return SQLITE_OK;
}

int on_delete(sqlite3_vfs*, const char* path, int) {
  return files.erase(plain_name(path)) > 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

int on_access(sqlite3_vfs*, const char* path, int, int* found) {
  const auto at = files.find(plain_name(path));
  *found = at != files.end() ? 1 : 0;
  return SQLITE_OK;
}

int on_full_path(sqlite3_vfs*, const char* path, int size, char* out) {
  sqlite3_snprintf(size, out, "%s", path);
  return SQLITE_OK;
}

} // namespace

memory_files::memory_files() {
  if (layer.zName != nullptr) throw std::logic_error("SQLite's files are in memory already");
  // Half of the time went into these.
  static std::array<char, std::size_t{4096 + 512} * 1024> pages{};
  sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  sqlite3_config(SQLITE_CONFIG_PAGECACHE, pages.data(), 4096 + 512, 1024);
  layer = *sqlite3_vfs_find(nullptr); // time, chance and the like stay as they are
  layer.zName = "ensemble-memory";
  layer.szOsFile = sizeof(open_file);
  layer.pNext = nullptr;
  layer.xOpen = on_open;
  layer.xDelete = on_delete;
  layer.xAccess = on_access;
  layer.xFullPathname = on_full_path;
  sqlite3_vfs_register(&layer, 1);
}

const file_images& memory_files::now() const noexcept { return files; }

void memory_files::replace(file_images with) {
  files = std::move(with);
  stored.clear();
}

} // namespace fuzz
