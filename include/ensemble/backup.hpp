#pragma once

#include <ensemble/journal.hpp>

#include <cstdint>
#include <string>

namespace ensemble {

/// What the events of a journal come to, up to its head: equal for two that hold the same.
struct journal_digest {
  std::uint64_t events = 0;
  std::uint64_t hash = 0; ///< over all that is stored of every event, in journal order
  friend bool operator==(const journal_digest&, const journal_digest&) = default;
};

/// Reads all events up to `up_to`, or to the head if that is nearer. The reader must have been
/// opened without message types: the texts are taken as they are stored. Throws what reading does.
[[nodiscard]] journal_digest digest(journal_reader& reader, position up_to = {~std::uint64_t{}});

/// Copies a journal file as it is at one moment, with its books; its owner may go on writing. The
/// copy is made under another name beside `to`, synced and verified, and only then called `to`: a
/// file of that name is whole. It is a journal that can be opened as it is, or restored.
///
/// The owner's log grows while the copy is made: leave space for what is written meanwhile. Safe to
/// call from any thread, and from another process. Throws what open_journal_reader throws for
/// `from`; errc::bad_argument if there is a `to`; errc::journal_damaged, naming the first fault, if
/// the journal is; errc::journal_full or errc::journal_failed when the copy cannot be written.
journal_digest backup_journal(const std::string& from, const std::string& to);

/// Verifies a backup, and makes a journal `to` of it; the backup stays. Throws as backup_journal
/// does; errc::bad_argument also if something of an earlier journal of that name is left (its log
/// would be taken for this one's); errc::journal_locked while a process has `to` open.
///
/// What was recorded after the backup is not in the new journal: numbers of events that programs
/// elsewhere have kept may come to stand for others.
journal_digest restore_journal(const std::string& backup, const std::string& to);

} // namespace ensemble
