#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace ensemble {

/// What went wrong, for programs. The text beside it is for people.
enum class errc {
  bad_message,       ///< a message does not fit its type, or breaks an input limit
  unknown_message,   ///< a message name that nothing registered
  duplicate_message, ///< two types were registered under one name
  newer_schema,      ///< stored under a schema version newer than this program knows
  bad_definition,    ///< a service or process definition that cannot work
  bad_argument,      ///< a value outside its documented range
  unknown_service,   ///< no service of that name is hosted, or it does not take that command
  journal_locked,    ///< another process owns the journal
  journal_damaged,   ///< stored data fails verification
  journal_foreign,   ///< a file that is not a journal, or one of an unknown format version
  journal_full,      ///< the disk is full: nothing was recorded; try again when there is space
  journal_failed,    ///< a write or sync failed: nothing is acknowledged until a restart
  overloaded,        ///< no credit was free; the command was not accepted
  wrong_state,       ///< the call does not fit the state of the object (not started, stopped, ...)
  /// no runtime owns the journal, so nobody answers at its control socket; or no node at that
  /// address lets this one in
  not_running,
  would_block,     ///< a blocking call from inside one of ensemble's own threads
  handler_failed,  ///< a user's function threw; nothing was recorded
  unknown_outcome, ///< it is not known whether the work was done; ask again with the same key
};

/// The stable name of a code, as in `journal_locked`.
[[nodiscard]] std::string_view to_string(errc code) noexcept;

/// Misuse and failed start-up. Business refusals are values, never exceptions.
/// The text names what, where, and the remedy.
class error : public std::runtime_error {
public:
  error(errc code, const std::string& what) : std::runtime_error(what), code_(code) {}
  [[nodiscard]] errc code() const noexcept { return code_; }

private:
  errc code_;
};

} // namespace ensemble
