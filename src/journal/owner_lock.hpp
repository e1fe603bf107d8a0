#pragma once

#include <filesystem>
#include <string>

namespace ensemble::storage {

/// The claim to be the one writer of a journal file: a lock on `<file>.lock` beside it, which says
/// who holds it. The kernel drops it with the process, however that ends; the file stays, and is
/// no obstacle to the next owner.
class owner_lock {
public:
  /// `journal` is canonical. Throws errc::journal_locked, naming the holder (this process too), or
  /// errc::journal_failed when the lock file cannot be made.
  explicit owner_lock(const std::filesystem::path& journal);
  owner_lock(const owner_lock&) = delete;
  owner_lock& operator=(const owner_lock&) = delete;
  ~owner_lock();

private:
  void take(const std::string& path, const std::string& journal);

  int file_ = -1;
};

} // namespace ensemble::storage
