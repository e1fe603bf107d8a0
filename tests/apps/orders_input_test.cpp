#include "orders/input/csv_reader.hpp"
#include "orders/input/order_generator.hpp"
#include "orders/input/retail_orders.hpp"

#include <ensemble/error.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>
#include <set>
#include <sstream>

namespace orders {
namespace {

using rows = std::vector<std::vector<std::string>>;

rows read(const std::string& text) {
  std::istringstream in(text);
  csv_reader csv(in, "test.csv");
  rows all;
  for (csv_record record; csv.next(record);) all.push_back(record.fields);
  return all;
}

std::string thrown_by(const std::function<void()>& call) {
  try {
    call();
  } catch (const ensemble::error& e) {
    return e.what();
  }
  return "nothing";
}

TEST(CsvReader, ReadsFieldsAndRecords) {
  EXPECT_EQ(read("a,b\nc,d\n"), (rows{{"a", "b"}, {"c", "d"}}));
  EXPECT_EQ(read("a,,\n,,b"), (rows{{"a", "", ""}, {"", "", "b"}}));
  EXPECT_EQ(read(""), rows{});
}

TEST(CsvReader, ReadsWindowsLinesAndPassesOverEmptyOnes) {
  EXPECT_EQ(read("a,b\r\n\r\nc,d\r\n\n"), (rows{{"a", "b"}, {"c", "d"}}));
}

TEST(CsvReader, QuotesHoldCommasQuotesAndLines) {
  EXPECT_EQ(read("\"a,b\",\"say \"\"hi\"\"\",\"two\r\nlines\"\nx,\"\",y"),
            (rows{{"a,b", "say \"hi\"", "two\r\nlines"}, {"x", "", "y"}}));
}

TEST(CsvReader, NamesTheLineOfARecord) {
  std::istringstream in("a\n\"b\nb\"\n\nc\n");
  csv_reader csv(in, "test.csv");
  csv_record record;
  std::vector<std::size_t> lines;
  while (csv.next(record)) lines.push_back(record.line);
  EXPECT_EQ(lines, (std::vector<std::size_t>{1, 2, 5}));
}

TEST(CsvReader, RefusesQuotesThatMakeNoSense) {
  EXPECT_EQ(thrown_by([] { read("a\nb,\"c\nd\n"); }),
            "test.csv, line 2: the quote that opens here is never closed");
  EXPECT_EQ(
      thrown_by([] { read("a,b\"c\n"); }),
      "test.csv, line 1: a quote inside a field: put the field in quotes, and double this one");
  EXPECT_EQ(thrown_by([] { read("\"a\"b\n"); }),
            "test.csv, line 1: text behind a closing quote: double a quote that stands inside a "
            "field");
}

TEST(CsvReader, RefusesARecordWithoutEnd) {
  const auto text = "a\n" + std::string(csv_reader::longest_record + 1, 'x');
  EXPECT_NE(thrown_by([&] { read(text); }).find("line 2: the record that begins here is longer"),
            std::string::npos);
}

// --- the Online Retail format ---

const std::string header =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n";

retail_orders retail(const std::string& text) {
  std::istringstream in(header + text);
  return read_retail_orders(in, "test.csv");
}

/// Why the only invoice of the text is refused, as "line: reason".
std::string refusal(const std::string& text) {
  const auto read = retail(text);
  if (!read.accepted.empty() || read.refused.size() != 1) return "not one refusal";
  return std::to_string(read.refused[0].line) + ": " + read.refused[0].reason;
}

TEST(RetailOrders, AnInvoiceIsAnOrderWithItsLines) {
  const auto read = retail("7,A1,\"LAMP, \"\"RED\"\"\",6,2010-12-01 08:26:00,2.55,17850.0,UK\r\n"
                           "7,A2,LANTERN,1,2010-12-01 08:26:00,3.4,17850.0,UK\r\n"
                           "8,BANK CHARGES,,2,2010-12-01 08:27:00,12,,France\r\n");
  EXPECT_TRUE(read.refused.empty());
  ASSERT_EQ(read.accepted.size(), 2U);
  EXPECT_EQ(read.invoices(), 2U);
  const auto& order = read.accepted[0];
  EXPECT_EQ(order.order_id, "7");
  EXPECT_EQ(order.customer, "17850");
  ASSERT_EQ(order.lines.size(), 2U);
  EXPECT_EQ(order.lines[0].sku, "A1");
  EXPECT_EQ(order.lines[0].quantity, 6);
  EXPECT_EQ(order.lines[0].price, money{255});
  EXPECT_EQ(order.lines[1].price, money{340});
}

TEST(RetailOrders, ACustomerMayBeMissing) {
  const auto read = retail("7,A1,LAMP,6,d,2.55,,UK\n");
  ASSERT_EQ(read.accepted.size(), 1U);
  EXPECT_EQ(read.accepted[0].customer, std::nullopt);
}

TEST(RetailOrders, LinesOfAnInvoiceNeedNotStandTogether) {
  const auto read = retail("7,A1,,1,d,1,1,UK\n8,A1,,1,d,1,1,UK\n7,A2,,1,d,1,1,UK\n");
  ASSERT_EQ(read.accepted.size(), 2U);
  EXPECT_EQ(read.accepted[0].lines.size(), 2U);
}

TEST(RetailOrders, RefusesMoreLinesThanAnOrderHas) {
  std::string text;
  for (int n = 0; n < 1000; ++n) text += "7,A1,,1,d,1,1,UK\n";
  EXPECT_EQ(retail(text).accepted.at(0).lines.size(), 1000U);
  EXPECT_EQ(refusal(text + "7,A1,,1,d,1,1,UK\n"),
            "1002: more than 1000 lines, which is more than an order has");
}

TEST(RetailOrders, RefusesWhatIsNoOrderLine) {
  EXPECT_EQ(refusal("C7,A1,LAMP,-6,d,2.55,1,UK\n"), "2: is a cancellation");
  EXPECT_EQ(refusal("7,A1,LAMP,0,d,2.55,1,UK\n"), "2: quantity 0 is not above zero");
  EXPECT_EQ(refusal("7,A1,LAMP,-6,d,2.55,1,UK\n"), "2: quantity -6 is not above zero");
  EXPECT_EQ(refusal("7,A1,LAMP,6.5,d,2.55,1,UK\n"), "2: quantity '6.5' is not a whole number");
  EXPECT_EQ(refusal("7,A1,LAMP,99999999999999999999,d,1,1,UK\n"),
            "2: quantity '99999999999999999999' is not a whole number");
  EXPECT_EQ(refusal("7,A1,LAMP,6,d,0.0,1,UK\n"), "2: price 0.0 is not above zero");
  EXPECT_EQ(refusal("7,A1,LAMP,6,d,-2.55,1,UK\n"), "2: price -2.55 is not above zero");
  EXPECT_EQ(refusal("7,A1,LAMP,6,d,0.001,1,UK\n"),
            "2: price '0.001' is not an amount in whole cents");
  EXPECT_EQ(refusal("7,A1,LAMP,6,d,,1,UK\n"), "2: price '' is not an amount in whole cents");
  EXPECT_EQ(refusal("7, ,LAMP,6,d,2.55,1,UK\n"), "2: no stock code");
  EXPECT_EQ(refusal(",A1,LAMP,6,d,2.55,1,UK\n"), "2: no invoice number");
}

TEST(RetailOrders, RefusesAnInvoiceWholeWhereverItsBadRowStands) {
  const auto text = "7,A1,,1,d,1,1,UK\n7,A2,,0,d,1,1,UK\n8,A1,,1,d,1,1,UK\n7,A3,,1,d,1,1,UK\n";
  const auto read = retail(text);
  ASSERT_EQ(read.accepted.size(), 1U);
  EXPECT_EQ(read.accepted[0].order_id, "8");
  ASSERT_EQ(read.refused.size(), 1U);
  EXPECT_EQ(read.refused[0].invoice, "7");
  EXPECT_EQ(read.refused[0].line, 3U);
}

TEST(RetailOrders, AnInvoiceOfTwoCustomersIsTheFirstOnes) {
  const auto read = retail("7,A1,,1,d,1,,UK\n7,A2,,1,d,1,2.0,UK\n7,A3,,1,d,1,3.0,UK\n");
  ASSERT_EQ(read.accepted.size(), 1U);
  EXPECT_EQ(read.accepted[0].customer, "2");
  EXPECT_EQ(read.accepted[0].lines.size(), 3U);
}

TEST(RetailOrders, ATruncatedFileCostsItsLastInvoiceOnly) {
  const auto read = retail("7,A1,,1,d,1,1,UK\n8,A1,LAMP,1,2010-12-0");
  ASSERT_EQ(read.accepted.size(), 1U);
  ASSERT_EQ(read.refused.size(), 1U);
  EXPECT_EQ(read.refused[0].reason, "has 5 fields, not 8");
}

TEST(RetailOrders, EveryRowWithoutANumberIsAnInvoiceOfItsOwn) {
  const auto read = retail(",A1,,1,d,1,1,UK\n,A1,,1,d,1,1,UK\n7,A1,,1,d,1,1,UK\n");
  EXPECT_EQ(read.refused.size(), 2U);
  EXPECT_EQ(read.accepted.size(), 1U);
}

TEST(RetailOrders, ARowWithoutNumberIsNotTakenForAnInvoiceThatIsCalledLikeIt) {
  const auto read = retail(",A1,,1,d,1,1,UK\n'',A1,,1,d,1,1,UK\n");
  ASSERT_EQ(read.refused.size(), 1U);
  ASSERT_EQ(read.accepted.size(), 1U);
  EXPECT_EQ(read.accepted[0].order_id, "''");
  EXPECT_EQ(read.refused[0].invoice, "without number");
}

TEST(RetailOrders, BinaryRubbishIsRefusedAndShownHarmless) {
  const auto read = retail(std::string("\x1b[2J\0\xff,A1,,1,d,1,1,UK\n", 21));
  ASSERT_EQ(read.refused.size(), 1U);
  EXPECT_EQ(read.refused[0].invoice, "not plain: '?[2J?\?'");
  EXPECT_EQ(refusal("7,A\x01,,1,d,1,1,UK\n"), "2: stock code 'A?' is not plain text");
  EXPECT_EQ(refusal("7,A1,,1,d,1,\xe9,UK\n"), "2: customer '?' is not a plain word");
}

TEST(RetailOrders, RefusesAnotherFormatInOneSentence) {
  for (const auto* text : {"", "a,b\n1,2\n",
                           "\x7f"
                           "ELF\x02\x01\x01"}) {
    std::istringstream in(text);
    EXPECT_EQ(thrown_by([&] { (void)read_retail_orders(in, "x.csv"); }),
              "x.csv, line 1: not the Online Retail format; the first line must be "
              "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country");
  }
  EXPECT_EQ(thrown_by([] { (void)read_retail_orders("/nowhere/x.csv"); }),
            "/nowhere/x.csv cannot be opened");
}

TEST(RetailOrders, ReadsAFileWithAByteOrderMark) {
  std::istringstream in("\xEF\xBB\xBF" + header + "7,A1,,1,d,1,1,UK\n");
  EXPECT_EQ(read_retail_orders(in, "x.csv").accepted.size(), 1U);
}

TEST(RetailOrders, ThreeRealDaysAddUp) {
  const char* folder = std::getenv("ENSEMBLE_RETAIL_DATA");
  if (!folder)
    GTEST_SKIP() << "ENSEMBLE_RETAIL_DATA does not name the folder of the Online Retail files";
  const struct {
    const char* day;
    std::size_t accepted;
    std::size_t refused;
  } expected[] = {{"2010-12-01", 127, 16}, {"2010-12-02", 142, 25}, {"2010-12-03", 68, 40}};
  for (const auto& e : expected) {
    const auto read = read_retail_orders(std::string(folder) + "/" + e.day + ".csv");
    EXPECT_EQ(read.accepted.size(), e.accepted) << e.day;
    EXPECT_EQ(read.refused.size(), e.refused) << e.day;
  }
}

// --- money, and generated orders ---

TEST(Money, IsReadExactly) {
  EXPECT_EQ(parse_money("2.55"), money{255});
  EXPECT_EQ(parse_money("2.1"), money{210});
  EXPECT_EQ(parse_money("12"), money{1200});
  EXPECT_EQ(parse_money("0.0"), money{0});
  EXPECT_EQ(parse_money("-11062.06"), money{-1106206});
  EXPECT_EQ(parse_money("1.500"), money{150});
  for (const auto* text : {"", ".", "-", "1.", ".5", "1.001", "1e3", "0x1", " 1", "1 ", "--1",
                           "1.-5", "+1", "1,5", "92233720368547758.08", "nan"})
    EXPECT_EQ(parse_money(text), std::nullopt) << text;
}

TEST(Money, IsShownWithItsCents) {
  EXPECT_EQ(to_text(money{0}), "0.00");
  EXPECT_EQ(to_text(money{5}), "0.05");
  EXPECT_EQ(to_text(money{-1205}), "-12.05");
  EXPECT_EQ(to_text(money{std::numeric_limits<std::int64_t>::min()}), "-92233720368547758.08");
}

TEST(Money, NeverOverflowsInSilence) {
  const money most{std::numeric_limits<std::int64_t>::max()};
  EXPECT_EQ(plus(most, money{1}), std::nullopt);
  EXPECT_EQ(times(most, 2), std::nullopt);
  EXPECT_EQ(plus(money{1}, money{2}), money{3});
  EXPECT_EQ(times(money{150}, 3), money{450});
}

TEST(OrderGenerator, TheSameSeedMakesTheSameOrders) {
  const order_generator one{7, 2};
  const order_generator same{7, 2};
  EXPECT_EQ(ensemble::message(one.make(41)), ensemble::message(same.make(41)));
  EXPECT_EQ(one.make(41).order_id, "7-00000041");
  EXPECT_EQ(one.make(41).lines.size(), 2U);
}

TEST(OrderGenerator, OrdersDifferAndAreInRange) {
  const order_generator orders{1, 1};
  std::set<std::string> ids;
  std::set<std::string> skus;
  for (std::uint64_t n = 1; n <= 1000; ++n) {
    const auto order = orders.make(n);
    ids.insert(order.order_id);
    skus.insert(order.lines.at(0).sku);
    EXPECT_GE(order.lines[0].quantity, 1);
    EXPECT_LE(order.lines[0].quantity, 5);
    EXPECT_GE(order.lines[0].price, money{100});
  }
  EXPECT_EQ(ids.size(), 1000U);
  EXPECT_GT(skus.size(), 500U);
  EXPECT_NE(order_generator{2}.make(1).order_id, orders.make(1).order_id);
}

} // namespace
} // namespace orders
