#pragma once

#include <ensemble/journal.hpp>

#include <memory>

namespace ensemble::storage {

/// The owner of a journal file. Throws as open_journal does.
[[nodiscard]] std::unique_ptr<journal> make_sqlite_journal(const journal_options& options);

} // namespace ensemble::storage
