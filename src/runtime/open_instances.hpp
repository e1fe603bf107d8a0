#pragma once

#include "model/outside_events.hpp"
#include "runtime/environment.hpp"
#include "runtime/messages.hpp"

#include <ensemble/journal.hpp>

#include <functional>

namespace ensemble::internal {

/// The book of open instances (rule 15): one row for each instance that was open at the checkpoint
/// of its process. Instances that begin and end between two checkpoints never touch it. The holder
/// that keeps the process writes it, all holders read it.
inline constexpr std::string_view open_instances_book = "ensemble.open_instances";
/// Beside it, a row for each process: up to which position its instances' rows are right.
inline constexpr std::string_view checkpoints_book = "ensemble.open_instances_checkpoints";
/// Beside it, the outside events that are kept, in hand or parked (see outside_events).
inline constexpr std::string_view outside_events_book = "ensemble.outside_events";

[[nodiscard]] book_change make_change(instance_id id, const open_instance& row);
[[nodiscard]] book_change make_end(instance_id id);
[[nodiscard]] book_change make_checkpoint(std::string_view process, position up_to);
[[nodiscard]] book_change make_change(const outside_events::change& change);

/// Reads the books of those processes, and the journal behind their checkpoints. Tells the rows
/// page by page (the first call has `first` set, also when there are none), then what happened
/// behind them; outside events only of the processes that are kept. Safe beside a holder that
/// writes the books meanwhile.
void find_open_instances(journal_reader& reader, const environment& env,
                         const followed_processes& processes,
                         const std::function<void(open_instances_page)>& tell_rows,
                         const std::function<void(open_instances_tail)>& tell_tail);

/// What an instance awaits, as its row says; keys whose event the definition no longer names are
/// left out.
[[nodiscard]] std::vector<awaited_key> awaited_keys(const open_instance& row,
                                                    const process_definition& definition);
/// The same for the row.
[[nodiscard]] std::vector<waiting_row> waiting_rows(const std::vector<awaited_key>& keys,
                                                    const process_definition& definition);

} // namespace ensemble::internal
