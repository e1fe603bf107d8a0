#pragma once

#include "runtime/environment.hpp"
#include "runtime/messages.hpp"

#include <ensemble/journal.hpp>

namespace ensemble::internal {

/// The book of open instances (rule 15): one row for each instance that was open at the book's
/// checkpoint, and one for the checkpoint itself. Instances that begin and end between two
/// checkpoints never touch it.
inline constexpr std::string_view open_instances_book = "ensemble.open_instances";

[[nodiscard]] book_change open_instance_row(instance_id id, const std::string& process);
[[nodiscard]] book_change closed_instance_row(instance_id id);
[[nodiscard]] book_change open_instances_checkpoint(position up_to);

/// Reads the book, and the journal behind its checkpoint: every instance that may be open. (One
/// that ended without a last word of its own is among them; folding it tells.)
[[nodiscard]] open_instances find_open_instances(journal_reader& reader, const environment& env);

} // namespace ensemble::internal
