#include "runtime/identity.hpp"

#include <ensemble/history.hpp>
#include <ensemble/runtime.hpp>

namespace ensemble {

namespace {

/// What `send` tells only where nothing was recorded, and nothing will be.
bool is_turned_away(errc code) {
  switch (code) {
  case errc::overloaded:
  case errc::journal_full:
  case errc::handler_failed:
  case errc::unknown_service:
  case errc::bad_message:
  case errc::bad_argument:
  case errc::would_block: return true;
  default: return false;
  }
}

} // namespace

command_id caller_command_id(std::string_view service, std::string_view key) {
  return internal::command_id_for_key(service, key);
}

void note_answer(asked_command& command, const receipt* receipt, const error* failure,
                 history_moment answered) {
  command.answered = answered;
  if (!receipt) {
    command.answer = failure && is_turned_away(failure->code()) ? told_answer::turned_away
                                                                : told_answer::unknown;
    return;
  }
  command.answer = receipt->refused() ? told_answer::refused : told_answer::ok;
  if (!command.id) command.id = receipt->command; // else it is held against what was asked
  command.stream = receipt->stream;
  command.events = receipt->events;
  command.refusal = receipt->refusal.value_or("");
  command.repeated = receipt->repeated;
}

} // namespace ensemble
