#pragma once

#include "orders/command_line.hpp"

#include <iosfwd>

namespace orders {

// The subcommands. Each returns the program's exit code, and throws ensemble::error for what
// cannot be opened or read.

int run_orders(const run_options& options, std::ostream& out);
/// Until Ctrl-C. 1: the runtime failed.
int serve_orders(const serve_options& options, std::ostream& out);
int list_nodes(const read_options& options, std::ostream& out);
/// 1: an order ended differently, or not at all, or a check of a journal failed.
int compare_modes(const compare_options& options, std::ostream& out);
int show_order(const read_options& options, std::ostream& out);
int list_orders(const read_options& options, std::ostream& out);
int verify_orders(const read_options& options, std::ostream& out);
/// retry, skip or abort. 1: it was refused.
int operate_order(command verb, const operator_options& options, std::ostream& out);
int export_events(const read_options& options, std::ostream& out);
int backup_orders(const copy_options& options, std::ostream& out);
int restore_orders(const copy_options& options, std::ostream& out);
/// Proves the order process, or shows what is wrong with it: then the exit code is 1.
int check_process(const definition_options& options, std::ostream& out);
int draw_process(const definition_options& options, std::ostream& out);
/// Tells what caused what in an order, or counts the events of all flows: 1, if they do not add up.
int trace_order(const trace_options& options, std::ostream& out);
/// Draws who reacts to what in a journal.
int draw_graph(const trace_options& options, std::ostream& out);
/// Holds a journal against the process and its services: 1, if it does not conform.
int hold_conformance(const trace_options& options, std::ostream& out);

} // namespace orders
