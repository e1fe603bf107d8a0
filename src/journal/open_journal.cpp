#include "journal/memory_journal.hpp"
#include "journal/sqlite_journal.hpp"
#include "journal/sqlite_reader.hpp"
#include "journal/sqlite_schema.hpp"

#include <filesystem>

namespace ensemble {

std::unique_ptr<journal> open_journal(const journal_options& options) {
  if (options.path == "memory:") return storage::make_memory_journal(options.types);
  return storage::make_sqlite_journal(options);
}

std::unique_ptr<journal_reader> open_journal_reader(const journal_options& options) {
  if (options.path == "memory:")
    throw error(errc::bad_argument, "a journal in memory can only be read by its owner: use "
                                    "journal::open_reader");
  const auto path = storage::canonical_journal_path(options.path);
  if (!std::filesystem::exists(path))
    throw error(errc::journal_failed, "there is no journal '" + path.string() + "'");
  return storage::make_sqlite_reader(path, options.types);
}

} // namespace ensemble
