#include "journal/owner_lock.hpp"

#include <ensemble/error.hpp>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace ensemble::storage {

namespace {

std::string this_process() {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  return "process " + std::to_string(::getpid()) + " (" + program_invocation_short_name +
         ") on host " + host.data();
}

std::string holder(int file) {
  std::array<char, 512> text{};
  const auto size = ::pread(file, text.data(), text.size(), 0);
  // Empty for the moment between the holder's lock and its note.
  if (size <= 0) return "another process";
  std::string found(text.data(), static_cast<std::size_t>(size));
  return found.substr(0, found.find('\n'));
}

} // namespace

owner_lock::owner_lock(const std::filesystem::path& journal) {
  const auto path = journal.string() + ".lock";
  // flock, not a POSIX record lock: those do not refuse a second open within one process, and end
  // when any descriptor of the file is closed.
  file_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (file_ < 0)
    throw error(errc::journal_failed,
                "cannot make the lock file '" + path + "': " + std::strerror(errno));
  try {
    take(path, journal.string());
  } catch (...) {
    ::close(file_);
    throw;
  }
}

void owner_lock::take(const std::string& path, const std::string& journal) {
  if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    const int cause = errno;
    if (cause != EWOULDBLOCK)
      throw error(errc::journal_failed, "cannot lock '" + path + "': " + std::strerror(cause));
    throw error(errc::journal_locked, "journal '" + journal + "' is in use by " + holder(file_) +
                                          ": stop it first, or open the journal for reading");
  }
  const auto note = this_process() + '\n';
  // The note is for people: a lock without it holds as well.
  if (::ftruncate(file_, 0) == 0) (void)!::pwrite(file_, note.data(), note.size(), 0);
}

owner_lock::~owner_lock() {
  (void)!::ftruncate(file_, 0);
  ::close(file_);
}

} // namespace ensemble::storage
