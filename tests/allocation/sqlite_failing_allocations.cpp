#include "allocation/failing_allocations.hpp"

#include <sqlite3.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace allocations {

namespace {

thread_local std::uint64_t countdown = 0; // 0: none fails
thread_local bool fails_for_ever = false;
thread_local bool has_failed = false;
std::atomic<std::int64_t> blocks = 0;
sqlite3_mem_methods real{};

bool fails() {
  if (has_failed && fails_for_ever) return true;
  if (countdown == 0 || --countdown > 0) return false;
  has_failed = true;
  return true;
}

void* allocate(int size) {
  if (fails()) return nullptr;
  void* made = real.xMalloc(size);
  if (made != nullptr) ++blocks;
  return made;
}
void* resize(void* block, int size) { return fails() ? nullptr : real.xRealloc(block, size); }
void release(void* block) {
  --blocks;
  real.xFree(block);
}

// Before main, and so before SQLite's first use.
const bool installed = [] {
  if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real) != SQLITE_OK) std::abort();
  auto methods = real;
  methods.xMalloc = allocate;
  methods.xRealloc = resize;
  methods.xFree = release;
  return sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) == SQLITE_OK || (std::abort(), false);
}();

} // namespace

void fail_at(std::uint64_t nth, bool for_ever) {
  countdown = nth;
  fails_for_ever = for_ever;
  has_failed = false;
}

bool heal() {
  countdown = 0;
  fails_for_ever = false;
  return has_failed;
}

std::int64_t held() { return blocks; }

namespace {
void* take(std::size_t size) {
  void* made = fails() ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (made == nullptr) throw std::bad_alloc();
  ++blocks;
  return made;
}
void give_back(void* block) noexcept {
  if (block == nullptr) return;
  --blocks;
  std::free(block);
}
} // namespace

} // namespace allocations

// In place of the standard library's, for the whole program. (The forms for arrays, and those that
// do not throw, call these.)
void* operator new(std::size_t size) { return allocations::take(size); }
void operator delete(void* block) noexcept { allocations::give_back(block); }
void operator delete(void* block, std::size_t) noexcept { allocations::give_back(block); }
