#pragma once

#include "orders/domain/messages.hpp"

#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

namespace orders {

/// An invoice that cannot be an order.
struct refused_invoice {
  std::string invoice{}; ///< as it can be shown: with a blank in it where it is no number
  std::size_t line = 0; ///< the first line that is wrong
  std::string reason{};
};

/// What a file in the Online Retail format holds: each invoice is in one of the two lists, in the
/// order of their first lines.
struct retail_orders {
  std::vector<place_order> accepted{};
  std::vector<refused_invoice> refused{};

  [[nodiscard]] std::size_t invoices() const noexcept { return accepted.size() + refused.size(); }
};

/// Reads a whole file, so that a faulty one is told before anything is placed: about 80 bytes a
/// row. The lines of an invoice need not stand together. An invoice with any row that cannot be an
/// order line is refused whole; a row without an invoice's number counts as an invoice of its own.
/// Throws errc::bad_argument for a file that is not CSV or has other columns.
[[nodiscard]] retail_orders read_retail_orders(std::istream& in, const std::string& name);
/// The same from a file; throws errc::bad_argument also when it cannot be opened.
[[nodiscard]] retail_orders read_retail_orders(const std::string& path);

} // namespace orders
