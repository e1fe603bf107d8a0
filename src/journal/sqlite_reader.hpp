#pragma once

#include <ensemble/journal.hpp>

#include <filesystem>
#include <memory>

namespace ensemble::storage {

/// A reading connection of its own to an existing file. Throws as open_journal_reader does.
[[nodiscard]] std::unique_ptr<journal_reader> make_sqlite_reader(const std::filesystem::path& path,
                                                                 const type_lookup& types);

} // namespace ensemble::storage
