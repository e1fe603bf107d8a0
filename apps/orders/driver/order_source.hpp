#pragma once

#include "orders/command_line.hpp"
#include "orders/domain/messages.hpp"

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <unordered_set>

namespace orders {

/// The orders of a run, one after the other.
struct order_source {
  std::uint64_t count = 0;
  std::function<place_order(std::uint64_t n)> make{}; ///< the n-th of them, from 0
};

/// The source that the flags ask for. Invoices of a file that cannot be orders are listed on
/// `out`, with their line and the reason. Throws errc::bad_argument for a file that cannot be read.
[[nodiscard]] order_source make_order_source(const run_options& options, std::ostream& out);

/// The ids of all orders that stand in the journal. About 60 bytes an order.
[[nodiscard]] std::unordered_set<std::string> placed_orders(ensemble::journal_reader& journal);

} // namespace orders
