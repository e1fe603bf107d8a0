#pragma once

#include <cstddef>
#include <filesystem>

// What the storage allows, without any of ensemble's own work: the floors that durable figures are
// compared with. Each measures for about `seconds` and returns events a second.

namespace storage_floor {

/// Rows like those of the reference order, bound and inserted into a journal's own schema, with its
/// indexes, by SQLite alone: `batch` events in a synced transaction. `synced` false: as `relaxed`.
[[nodiscard]] double bare_inserts(const std::filesystem::path& directory, std::size_t batch,
                                  bool synced, double seconds);
/// Rows of 256 bytes into a table without any index.
[[nodiscard]] double raw_rows(const std::filesystem::path& directory, std::size_t batch,
                              double seconds);
/// 256 bytes an event, appended to a plain file and synced, `batch` at a time.
[[nodiscard]] double plain_file(const std::filesystem::path& directory, std::size_t batch,
                                double seconds);

} // namespace storage_floor
