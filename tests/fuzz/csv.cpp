#include "fuzz/fuzz.hpp"
#include "orders/domain/messages.hpp"
#include "orders/input/csv_reader.hpp"
#include "orders/input/retail_orders.hpp"

#include <set>
#include <sstream>
#include <vector>

namespace fuzz {

namespace {

using namespace ensemble;

std::vector<orders::csv_record> read(const std::string& text) {
  std::istringstream in(text);
  orders::csv_reader reader(in, "fuzz.csv");
  std::vector<orders::csv_record> all;
  for (orders::csv_record r; reader.next(r);) all.push_back(r);
  return all;
}

std::string quoted(const std::vector<orders::csv_record>& records) {
  std::string text;
  for (const auto& r : records) {
    for (std::size_t n = 0; n < r.fields.size(); ++n) {
      text += n == 0 ? "\"" : ",\"";
      for (const char c : r.fields[n]) text += c == '"' ? std::string("\"\"") : std::string(1, c);
      text += '"';
    }
    text += "\r\n";
  }
  return text;
}

void retail(const std::string& text) {
  std::istringstream in(text);
  const auto all = orders::read_retail_orders(in, "fuzz.csv");
  std::set<std::string> ids;
  for (const auto& o : all.accepted) {
    claim(ids.insert(o.order_id).second, "an invoice is in one list, once");
    claim(!o.lines.empty(), "an order has lines");
    for (const auto& l : o.lines)
      claim(l.quantity > 0 && l.price > orders::money{}, "quantities and prices are above zero");
    // What was accepted can be sent.
    (void)message(o).text();
  }
  for (const auto& r : all.refused)
    claim(!ids.contains(r.invoice) && r.line > 1 && !r.reason.empty(), "what is refused says why");
}

} // namespace

/// CSV, and the orders in it.
void csv(input in) {
  const bool with_header = in.flag();
  auto text = in.rest();
  std::vector<orders::csv_record> records;
  if (!refused({errc::bad_argument}, [&] { records = read(text); })) {
    const auto again = read(quoted(records));
    claim(again.size() == records.size(), "as many records when they are written and read again");
    for (std::size_t n = 0; n < records.size(); ++n)
      claim(again[n].fields == records[n].fields, "the same fields when written and read again");
  }
  if (with_header)
    text.insert(0, "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,"
                   "CustomerID,Country\n");
  (void)refused({errc::bad_argument}, [&] { retail(text); });
}

} // namespace fuzz
