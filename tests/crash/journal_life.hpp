#pragma once

#include "crash/life.hpp"

#include <cstdint>

namespace crash {

/// The same file, without a runtime: three lives of a journal with appends of every kind, drawn by
/// the seed, and nothing else. Cheap, and with one seed always the same.
life_result live_as_journal(const life_options& options, std::uint64_t seed);

/// What must hold for its books: one row counts the events.
findings verify_count(ensemble::journal_reader& reader);

} // namespace crash
