#include "orders/input/retail_orders.hpp"

#include "orders/input/csv_reader.hpp"

#include <ensemble/error.hpp>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <unordered_map>

namespace orders {

namespace {

enum column { invoice, stock_code, description, quantity, date, price, customer, country, columns };

const std::vector<std::string>& header() {
  static const std::vector<std::string> names{"InvoiceNo",   "StockCode", "Description", "Quantity",
                                              "InvoiceDate", "UnitPrice", "CustomerID",  "Country"};
  return names;
}

/// Whether the text can be a number or code of the shop's: printable ASCII, not too long.
bool plain(const std::string& text, char least = '!') {
  return !text.empty() && text.size() <= 100 &&
         std::ranges::all_of(text, [least](char c) { return c >= least && c <= '~'; });
}

std::string shown(const std::string& text) {
  if (text.size() > 40) return "'" + shown(text.substr(0, 40)).substr(1) + "...";
  std::string out = "'";
  for (const char c : text) out += c >= ' ' && c <= '~' ? c : '?';
  return out + "'";
}

std::string trimmed(std::string text) {
  const auto last = text.find_last_not_of(' ');
  text.erase(last + 1);
  text.erase(0, std::min(text.find_first_not_of(' '), text.size()));
  return text;
}

/// Customers are written as numbers with a fraction that says nothing.
std::optional<std::string> customer_of(const std::string& field) {
  auto id = trimmed(field);
  if (id.ends_with(".0")) id.erase(id.size() - 2);
  return id.empty() ? std::nullopt : std::optional(std::move(id));
}

/// An invoice's number for people to read. No order has a number with a blank in it, so what is not
/// one is not taken for one.
std::string named(const std::string& number) {
  if (plain(number)) return number;
  return number.empty() ? "without number" : "not plain: " + shown(number);
}

/// Adds a row to its order; returns why it cannot be an order line, or nothing.
std::string add_row(place_order& order, const std::vector<std::string>& fields) {
  if (fields.size() != columns)
    return "has " + std::to_string(fields.size()) + " fields, not " + std::to_string(columns);
  const auto& number = fields[column::invoice];
  if (!plain(number))
    return number.empty() ? "no invoice number"
                          : "invoice number " + shown(number) + " is not a plain word";
  if (number[0] == 'C' || number[0] == 'c') return "is a cancellation";
  const auto code = trimmed(fields[column::stock_code]);
  if (code.empty()) return "no stock code";
  if (!plain(code, ' ')) return "stock code " + shown(code) + " is not plain text";
  const auto& units = fields[column::quantity];
  std::int64_t count = 0;
  const auto read = std::from_chars(units.data(), units.data() + units.size(), count);
  if (read.ec != std::errc{} || read.ptr != units.data() + units.size())
    return "quantity " + shown(units) + " is not a whole number";
  if (count <= 0) return "quantity " + units + " is not above zero";
  const auto amount = parse_money(fields[column::price]);
  if (!amount) return "price " + shown(fields[column::price]) + " is not an amount in whole cents";
  if (*amount <= money{}) return "price " + fields[column::price] + " is not above zero";
  if (order.lines.size() == most_lines)
    return "more than " + std::to_string(most_lines) + " lines, which is more than an order has";
  auto buyer = customer_of(fields[column::customer]);
  if (buyer && !plain(*buyer)) return "customer " + shown(*buyer) + " is not a plain word";
  if (!order.customer) // an invoice whose rows differ goes to the first customer named
    order.customer = std::move(buyer);
  order.lines.push_back({code, count, *amount});
  return {};
}

void check_header(csv_reader& csv, const std::string& name) {
  csv_record record;
  const bool found = csv.next(record);
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (found && record.fields[0].starts_with(byte_order_mark))
    record.fields[0].erase(0, byte_order_mark.size());
  if (found && record.fields == header()) return;
  std::string expected;
  for (const auto& title : header()) expected += (expected.empty() ? "" : ",") + title;
  throw ensemble::error(ensemble::errc::bad_argument,
                        name + ", line 1: not the Online Retail format; the first line must be " +
                            expected);
}

/// An invoice as far as it was read.
struct draft {
  place_order order{};
  std::optional<refused_invoice> refused{};
};

} // namespace

retail_orders read_retail_orders(std::istream& in, const std::string& name) {
  csv_reader csv(in, name);
  check_header(csv, name);
  std::vector<draft> drafts;
  std::unordered_map<std::string, std::size_t> index;
  for (csv_record record; csv.next(record);) {
    const auto& number = record.fields[column::invoice];
    auto at = drafts.size();
    if (!number.empty()) at = index.try_emplace(number, at).first->second;
    if (at == drafts.size()) drafts.emplace_back().order.order_id = number;
    auto& it = drafts[at];
    if (it.refused) continue;
    if (auto why = add_row(it.order, record.fields); !why.empty())
      it.refused = {named(number), record.line, std::move(why)};
  }
  retail_orders result;
  for (auto& it : drafts) {
    if (it.refused)
      result.refused.push_back(std::move(*it.refused));
    else
      result.accepted.push_back(std::move(it.order));
  }
  return result;
}

retail_orders read_retail_orders(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw ensemble::error(ensemble::errc::bad_argument, path + " cannot be opened");
  return read_retail_orders(in, path);
}

} // namespace orders
