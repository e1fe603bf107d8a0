#pragma once

#include <ensemble/journal.hpp>

#include <memory>

namespace ensemble::storage {

/// A journal that keeps nothing beyond its own life. Readers may be used by other threads while a
/// commit runs; they see whole commits only.
[[nodiscard]] std::unique_ptr<journal> make_memory_journal(type_lookup types);

} // namespace ensemble::storage
