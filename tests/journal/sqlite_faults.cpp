#include "journal/sqlite_faults.hpp"

#include <algorithm>

#include <unistd.h>

namespace journal_tests {

namespace {

bool is(const layer_file& f, file_kind wanted) {
  switch (wanted) {
  case file_kind::main: return f.what == layer_file::kind::main;
  case file_kind::log: return f.what == layer_file::kind::log;
  case file_kind::rollback: return f.what == layer_file::kind::rollback;
  }
  return false;
}

std::int64_t size_of(const layer_file& f) {
  sqlite3_int64 size = 0;
  f.real->pMethods->xFileSize(f.real, &size);
  return size;
}

} // namespace

void storage_faults::fail(file_kind file, file_operation operation, int nth, how way, int times) {
  file_ = file;
  operation_ = operation;
  way_ = way;
  nth_ = nth;
  times_ = times;
  calls_ = 0;
}

void storage_faults::heal() {
  nth_ = 0;
  left_free_.reset();
}

bool storage_faults::strikes(const layer_file& f, file_operation operation) {
  if (nth_ == 0 || !is(f, file_) || operation != operation_) return false;
  ++calls_;
  if (calls_ < nth_ || calls_ - nth_ >= times_) return false;
  if (way_ != how::delay) return true;
  ::usleep(3000);
  return false;
}

// How many bytes of a write there is space for.
int storage_faults::fitting(layer_file& f, int size, std::int64_t to) {
  if (!left_free_) return size;
  const auto growth = std::max<std::int64_t>(0, to + size - size_of(f));
  const auto granted = std::min(growth, *left_free_);
  *left_free_ -= granted;
  return size - static_cast<int>(std::min<std::int64_t>(size, growth - granted));
}

int storage_faults::write(layer_file& f, const void* from, int size, std::int64_t to) {
  if (strikes(f, file_operation::write)) {
    if (way_ == how::disk_full) return SQLITE_FULL;
    if (way_ == how::short_write) vfs_layer::write(f, from, size / 2, to);
    return SQLITE_IOERR_WRITE;
  }
  const int fits = fitting(f, size, to);
  const int code = fits > 0 ? vfs_layer::write(f, from, fits, to) : SQLITE_OK;
  return code == SQLITE_OK && fits < size ? SQLITE_FULL : code;
}

int storage_faults::truncate(layer_file& f, std::int64_t size) {
  if (strikes(f, file_operation::truncate)) return SQLITE_IOERR_TRUNCATE;
  if (left_free_) *left_free_ += std::max<std::int64_t>(0, size_of(f) - size);
  return vfs_layer::truncate(f, size);
}

// What went well is not really synced: these tests do not cut the power, and run quicker.
int storage_faults::sync(layer_file& f, int) {
  return strikes(f, file_operation::sync) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

int storage_faults::control(layer_file& f, int what, void* with) {
  if (!tearing_ || what != SQLITE_FCNTL_POWERSAFE_OVERWRITE)
    return vfs_layer::control(f, what, with);
  *static_cast<int*>(with) = 0;
  return SQLITE_OK;
}

int storage_faults::characteristics(layer_file& f) {
  const int all = vfs_layer::characteristics(f);
  return tearing_ ? all & ~SQLITE_IOCAP_POWERSAFE_OVERWRITE : all;
}

} // namespace journal_tests
