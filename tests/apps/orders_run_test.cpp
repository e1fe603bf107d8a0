#include "orders/commands/commands.hpp"
#include "orders/compare/comparison.hpp"
#include "orders/shop.hpp"

#include <ensemble/error.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

// The whole program but for its main function: commands on journals of their own.

namespace orders {
namespace {

/// Keeps the progress of a run out of the tests' output.
struct quiet {
  std::ostringstream nowhere{};
  std::streambuf* before = std::cerr.rdbuf(nowhere.rdbuf());
  ~quiet() { std::cerr.rdbuf(before); }
};

class OrdersProgram : public testing::Test {
protected:
  OrdersProgram()
      : folder_(testing::TempDir() + "orders-" + std::to_string(::getpid()) + "-" +
                testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
  }
  ~OrdersProgram() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] std::string file(const std::string& name) const { return folder_ + "/" + name; }
  /// A run in which every third order or so fails.
  [[nodiscard]] run_options flags(std::uint64_t orders) const {
    run_options o;
    o.orders = orders;
    o.journal = file("orders.db");
    o.failures = {0.1, 0.1, 0.1, 1};
    o.log = "off";
    return o;
  }
  [[nodiscard]] read_options reading() const {
    read_options o;
    o.journal = file("orders.db");
    return o;
  }

  /// Runs a command; its output is in `said`.
  template <class Command, class Options>
  int call(Command command, const Options& options) {
    std::ostringstream out;
    const quiet no_progress;
    const int code = command(options, out);
    said = out.str();
    return code;
  }
  [[nodiscard]] bool says(const std::string& text) const {
    return said.find(text) != std::string::npos;
  }
  [[nodiscard]] std::vector<std::string> lines() const {
    std::istringstream in(said);
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  }

  std::string folder_;
  std::string said;
};

TEST_F(OrdersProgram, SeesOrdersThroughInMemory) {
  auto o = flags(300);
  o.journal = "memory:";
  EXPECT_EQ(call(run_orders, o), 0) << said;
  EXPECT_TRUE(says("orders      300 placed, 0 stood in the journal before")) << said;
  EXPECT_TRUE(says("payment declined"));
  EXPECT_TRUE(says("out of stock"));
  EXPECT_TRUE(says("no carrier took it"));
  EXPECT_TRUE(says("verdict     all checks hold, every order has ended"));
}

TEST_F(OrdersProgram, BothModesBringEachOrderToTheSameEnd) {
  auto conducted = flags(200);
  EXPECT_EQ(call(run_orders, conducted), 0) << said;
  EXPECT_TRUE(says("mode        orchestration"));
  auto danced = flags(200);
  danced.mode = ensemble::process_mode::choreography;
  danced.journal = file("danced.db");
  EXPECT_EQ(call(run_orders, danced), 0) << said;
  EXPECT_TRUE(says("mode        choreography"));
  auto read = reading();
  EXPECT_EQ(call(list_orders, read), 0);
  const auto one = said;
  read.journal = danced.journal;
  EXPECT_EQ(call(list_orders, read), 0);
  EXPECT_EQ(said, one);
}

TEST_F(OrdersProgram, ComparesTheModesAndKillsEveryActorInTurn) {
  compare_options o;
  o.orders = 120;
  o.durability = ensemble::durability::relaxed;
  o.journal = file("kept");
  EXPECT_EQ(call(compare_modes, o), 0) << said;
  EXPECT_TRUE(says("120/120 equal outcomes")) << said;
  for (const auto* killed :
       {"process manager", "order", "payment", "stock", "shipping", "participant of order",
        "participant of payment", "participant of stock", "participant of shipping"})
    EXPECT_TRUE(says("\n" + std::string(killed) + "  ")) << killed << '\n' << said;
  auto read = reading();
  for (const auto* mode : {"orchestration", "choreography"}) {
    read.journal = file("kept-" + std::string(mode) + ".db");
    EXPECT_EQ(call(verify_orders, read), 0) << said;
    EXPECT_TRUE(says("events of 120 orders"));
  }
  EXPECT_THROW(call(compare_modes, o), ensemble::error); // its journals must be new
}

TEST_F(OrdersProgram, ComparesInMarkdown) {
  compare_options o;
  o.orders = 50;
  o.kill = false;
  o.format = table_format::markdown;
  EXPECT_EQ(call(compare_modes, o), 0) << said;
  EXPECT_TRUE(says(" orchestration |")) << said;
  EXPECT_TRUE(says("\n|---")) << said;
  EXPECT_FALSE(says("killed")) << said;
}

TEST_F(OrdersProgram, AMeasuredRunCountsWhatItsActorsDo) {
  compare_options o;
  o.orders = 60;
  const auto conducted = measure(o, ensemble::process_mode::orchestration, file("conducted.db"));
  const auto danced = measure(o, ensemble::process_mode::choreography, file("danced.db"));
  // The services record the same; every participant folds it all, and each is told of each batch.
  EXPECT_EQ(danced.stats.events_appended, conducted.stats.events_appended);
  EXPECT_GT(danced.stats.events_folded, 3 * conducted.stats.events_folded);
  EXPECT_LE(danced.stats.events_folded, 4 * conducted.stats.events_appended);
  for (const auto* run : {&conducted, &danced}) {
    EXPECT_GT(run->stats.messages, run->stats.events_appended);
    EXPECT_EQ(run->latencies.size(), 60U);
    EXPECT_LE(run->latency(0.5), run->latency(1));
    EXPECT_LE(run->latency(1), run->took);
  }
  EXPECT_EQ(danced.reacting_pairs, conducted.reacting_pairs); // of the same causes
}

TEST(Comparison, SeesOrdersThatAreLostOrEndDifferently) {
  using namespace std::chrono_literals;
  comparison c;
  c.conducted.outcomes = {"confirmed 1.00", "cancelled, payment declined", "confirmed 2.00"};
  c.conducted.latencies = {1ms, 2ms, 3ms};
  c.danced = c.conducted;
  c.killed = {c.danced};
  c.killed.front().latencies = {1ms, 9ms, 3ms};
  EXPECT_EQ(c.equal_outcomes(), 3U);
  EXPECT_TRUE(c.holds());
  EXPECT_EQ(c.killed.front().slower_than(c.danced.latency(1)), 1U);

  auto other = c;
  other.danced.outcomes[1] = "confirmed 5.00";
  EXPECT_EQ(other.equal_outcomes(), 2U);
  EXPECT_FALSE(other.holds());

  auto lost = c;
  lost.conducted.outcomes[0] = lost.danced.outcomes[0] = "";
  EXPECT_EQ(lost.equal_outcomes(), 2U);
  EXPECT_FALSE(lost.holds());

  auto lost_by_kill = c;
  lost_by_kill.killed.front().outcomes[2] = "";
  EXPECT_EQ(lost_by_kill.killed.front().lost(), 1U);
  EXPECT_FALSE(lost_by_kill.holds());

  auto broken = c;
  broken.danced.found.add("D1", "a cent is missing");
  EXPECT_FALSE(broken.holds());
}

TEST_F(OrdersProgram, AJournalIsContinuedInTheOtherMode) {
  using ensemble::process_mode;
  std::uint64_t orders = 0;
  for (const auto mode :
       {process_mode::orchestration, process_mode::choreography, process_mode::orchestration}) {
    auto o = flags(orders += 60);
    o.mode = mode;
    o.failures.last_word_failure_rate = 0.1; // some stay open, stuck, for the other mode to see
    EXPECT_EQ(call(run_orders, o), 1) << said;
    EXPECT_TRUE(says("orders      60 placed, " + std::to_string(orders - 60))) << said;
    EXPECT_TRUE(says("orders are stuck")) << said;
  }
  operator_options all;
  all.journal = file("orders.db");
  all.all = true;
  all.reason = "test";
  const auto retry = [](const operator_options& o, std::ostream& out) {
    return operate_order(command::retry, o, out);
  };
  EXPECT_EQ(call(retry, all), 0) << said;
  auto rest = flags(orders);
  rest.mode = process_mode::choreography;
  rest.resume_only = true;
  EXPECT_EQ(call(run_orders, rest), 0) << said;
  EXPECT_EQ(call(verify_orders, reading()), 0) << said;
  EXPECT_TRUE(says("events of 180 orders")) << said;
}

TEST_F(OrdersProgram, ASecondRunPlacesNothingTwice) {
  EXPECT_EQ(call(run_orders, flags(100)), 0) << said;
  EXPECT_TRUE(says("orders      100 placed"));
  EXPECT_EQ(call(run_orders, flags(100)), 0) << said;
  EXPECT_TRUE(says("orders      0 placed, 100 stood in the journal before")) << said;
  EXPECT_EQ(call(run_orders, flags(150)), 0) << said;
  EXPECT_TRUE(says("orders      50 placed, 100 stood in the journal before")) << said;
  EXPECT_EQ(call(verify_orders, reading()), 0) << said;
  EXPECT_TRUE(says("events of 150 orders"));
}

TEST_F(OrdersProgram, OutcomesDependOnTheOrdersAlone) {
  auto one = flags(120);
  one.concurrency = 1;
  one.durability = ensemble::durability::relaxed;
  EXPECT_EQ(call(run_orders, one), 0) << said;
  auto read = reading();
  EXPECT_EQ(call(list_orders, read), 0);
  const auto slow = said;
  auto many = flags(120);
  many.journal = read.journal = file("other.db");
  EXPECT_EQ(call(run_orders, many), 0) << said;
  EXPECT_EQ(call(list_orders, read), 0);
  EXPECT_EQ(said, slow);
  EXPECT_EQ(lines().size(), 120U);
}

TEST_F(OrdersProgram, AShortStockIsSharedOutAndNeverBelowZero) {
  auto o = flags(400);
  o.failures = {0, 0, 0.2, 1};
  o.lines = 60; // of a thousand items, so that each is asked for two dozen times
  o.stock = 40;
  EXPECT_EQ(call(run_orders, o), 0) << said;
  EXPECT_TRUE(says("out of stock")) << said;
  EXPECT_FALSE(says("completed   0\n"));
  EXPECT_TRUE(says(" 0 reserved: holds"));
}

TEST_F(OrdersProgram, TheGatewaysBooksAgreeWithTheJournal) {
  auto o = flags(200);
  o.files = {file("gateway"), file("evidence")};
  EXPECT_EQ(call(run_orders, o), 0) << said;
  auto read = reading();
  read.files = o.files;
  EXPECT_EQ(call(verify_orders, read), 0) << said;
  EXPECT_TRUE(
      says("200 answers to clients stand where they were told, 0 commands have none: holds"))
      << said;
  EXPECT_TRUE(says("the gateway's "));
  std::ofstream(file("gateway"), std::ios::app)
      << R"({"operation":"charge","key":"stray","order":"o","cents":5})" << '\n';
  EXPECT_EQ(call(verify_orders, read), 1);
  EXPECT_TRUE(says("! G3: gateway: charge of 0.05 for order o has no outcome")) << said;
  EXPECT_TRUE(says("verdict     BROKEN"));
}

TEST_F(OrdersProgram, PlacesTheInvoicesOfAFileAndListsTheOthers) {
  std::ofstream(file("day.csv"))
      << "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
         "1,A,\"LAMP, RED\",2,d,2.5,7.0,UK\n1,B,,1,d,1.25,7.0,UK\nC2,A,,-2,d,2.5,7.0,UK\n"
         "3,A,,1,d,0.0,,UK\n4,A,,1,d,2.5,,UK\n";
  auto o = flags(0);
  o.failures = {};
  o.csv = file("day.csv");
  EXPECT_EQ(call(run_orders, o), 0) << said;
  EXPECT_TRUE(says("refused     invoice C2, line 4: is a cancellation\n")) << said;
  EXPECT_TRUE(says("refused     invoice 3, line 5: price 0.0 is not above zero\n"));
  EXPECT_TRUE(says("invoices    2 accepted + 2 refused = 4\n"));
  EXPECT_TRUE(says("= confirmed 8.75: holds"));
  EXPECT_EQ(call(run_orders, o), 0) << said;
  EXPECT_TRUE(says("orders      0 placed, 2 stood in the journal before")) << said;
}

TEST_F(OrdersProgram, ShowsAnOrdersStory) {
  EXPECT_EQ(call(run_orders, flags(60)), 0) << said;
  auto read = reading();
  read.state = "cancelled";
  EXPECT_EQ(call(list_orders, read), 0);
  const auto cancelled = lines();
  ASSERT_FALSE(cancelled.empty());
  read.order = cancelled[0].substr(0, cancelled[0].find('\t'));
  EXPECT_EQ(call(show_order, read), 0) << said;
  EXPECT_TRUE(says("order " + read.order + "\n"));
  EXPECT_TRUE(says("order_cancelled"));
  EXPECT_TRUE(says(": compensated after "));
  EXPECT_TRUE(says(" after order_created"));
  read.order = "nobody's";
  EXPECT_THROW(call(show_order, read), ensemble::error);
}

TEST_F(OrdersProgram, ListsWithALimit) {
  EXPECT_EQ(call(run_orders, flags(30)), 0) << said;
  auto read = reading();
  read.limit = 7;
  EXPECT_EQ(call(list_orders, read), 0);
  EXPECT_EQ(lines().size(), 7U);
  EXPECT_TRUE(lines()[0].starts_with("1-00000001\t"));
}

TEST_F(OrdersProgram, ExportsEveryEventAsALineOfJson) {
  EXPECT_EQ(call(run_orders, flags(40)), 0) << said;
  auto read = reading();
  EXPECT_EQ(call(export_events, read), 0);
  const auto all = lines();
  EXPECT_EQ(all.size(), open_shop_journal(read.journal)->head().value);
  for (std::size_t n = 0; n < all.size(); ++n) {
    const auto event = nlohmann::json::parse(all[n]);
    EXPECT_EQ(event.at("position"), n + 1);
    EXPECT_TRUE(event.at("body").is_object());
  }
  read.from = 11;
  read.limit = 5;
  EXPECT_EQ(call(export_events, read), 0);
  EXPECT_EQ(lines(), (std::vector<std::string>(all.begin() + 10, all.begin() + 15)));
  read = reading();
  read.order = "1-00000001";
  EXPECT_EQ(call(export_events, read), 0);
  EXPECT_GE(lines().size(), 3U);
}

TEST_F(OrdersProgram, CtrlCStopsInOrderAndTheNextRunGoesOn) {
  auto o = flags(1'000'000);
  std::thread user([] {
    struct sigaction now {};
    do ::sigaction(SIGINT, nullptr, &now);
    while (now.sa_handler == SIG_DFL); // not before the program is ready for it
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    ::kill(::getpid(), SIGINT);
  });
  const int code = call(run_orders, o);
  user.join();
  EXPECT_EQ(code, 1);
  EXPECT_TRUE(says("run again to go on")) << said;
  EXPECT_FALSE(says("BROKEN")) << said;
  o.resume_only = true;
  EXPECT_EQ(call(run_orders, o), 0) << said;
  EXPECT_TRUE(says("orders      0 placed"));
}

TEST_F(OrdersProgram, BacksUpBesideARunAndRestores) {
  auto o = flags(1'000'000);
  const copy_options copy{o.journal, file("backup.db")};
  std::ostringstream told;
  std::thread user([&] {
    struct sigaction now {};
    do ::sigaction(SIGINT, nullptr, &now);
    while (now.sa_handler == SIG_DFL); // not before the program is ready for it
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_EQ(backup_orders(copy, told), 0);
    ::kill(::getpid(), SIGINT);
  });
  EXPECT_EQ(call(run_orders, o), 1);
  user.join();
  EXPECT_NE(told.str().find(" events, hash "), std::string::npos) << told.str();

  EXPECT_EQ(call(restore_orders, copy_options{file("again.db"), copy.file}), 0);
  const auto content = said.substr(said.find(": "));
  EXPECT_NE(told.str().find(content), std::string::npos) << told.str() << said;
  o.journal = file("again.db");
  o.resume_only = true;
  EXPECT_EQ(call(run_orders, o), 0) << said;
  EXPECT_TRUE(says("verdict     all checks hold, every order has ended")) << said;
}

TEST_F(OrdersProgram, AMissingJournalIsNamed) {
  try {
    call(verify_orders, reading());
    FAIL();
  } catch (const ensemble::error& e) {
    EXPECT_NE(std::string(e.what()).find("orders.db"), std::string::npos);
  }
  EXPECT_FALSE(std::filesystem::exists(file("orders.db")));
}

TEST_F(OrdersProgram, ItemsThatTheJournalKnowsKeepTheirStock) {
  auto o = flags(5);
  o.stock = 100;
  EXPECT_EQ(call(run_orders, o), 0) << said;
  o.orders = 10;
  o.stock = 7; // the first five orders' items have a hundred all the same
  EXPECT_EQ(call(run_orders, o), 0) << said;
  EXPECT_TRUE(says("D2")) << said;
}

TEST_F(OrdersProgram, AnOrderOfAThousandLinesIsReservedAndDispatchedAtOnce) {
  auto o = flags(3);
  o.lines = 1000;
  o.failures = {};
  EXPECT_EQ(call(run_orders, o), 0) << said;
  EXPECT_TRUE(says("completed   3")) << said;
}

} // namespace
} // namespace orders
