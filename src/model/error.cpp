#include <ensemble/error.hpp>

namespace ensemble {

std::string_view to_string(errc code) noexcept {
  switch (code) {
  case errc::bad_message: return "bad_message";
  case errc::unknown_message: return "unknown_message";
  case errc::duplicate_message: return "duplicate_message";
  case errc::newer_schema: return "newer_schema";
  case errc::bad_definition: return "bad_definition";
  case errc::bad_argument: return "bad_argument";
  case errc::unknown_service: return "unknown_service";
  case errc::journal_locked: return "journal_locked";
  case errc::journal_damaged: return "journal_damaged";
  case errc::journal_foreign: return "journal_foreign";
  case errc::journal_full: return "journal_full";
  case errc::journal_failed: return "journal_failed";
  case errc::overloaded: return "overloaded";
  case errc::wrong_state: return "wrong_state";
  case errc::not_running: return "not_running";
  case errc::would_block: return "would_block";
  case errc::handler_failed: return "handler_failed";
  case errc::unknown_outcome: return "unknown_outcome";
  }
  return "unknown";
}

} // namespace ensemble
