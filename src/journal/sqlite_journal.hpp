#pragma once

#include <ensemble/journal.hpp>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>

namespace ensemble::storage {

/// The bytes of the file system around a file that this process may still use; the highest number
/// if it is not known.
[[nodiscard]] std::uint64_t free_bytes(const std::filesystem::path& file);

/// The owner's surroundings and pace. Tests put their own in place.
struct sqlite_settings {
  std::function<std::uint64_t(const std::filesystem::path&)> free_space = free_bytes;
  /// Pages of write-ahead log between checkpoints (16 MiB): a page that is changed often in
  /// between is copied, and synced, once.
  int frames_between_checkpoints = 4096;
};

/// The owner of a journal file. Throws as open_journal does.
[[nodiscard]] std::unique_ptr<journal> make_sqlite_journal(const journal_options& options,
                                                           sqlite_settings settings = {});

} // namespace ensemble::storage
