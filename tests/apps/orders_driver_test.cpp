#include "orders/command_line.hpp"
#include "orders/driver/driver.hpp"
#include "orders/driver/latencies.hpp"
#include "orders/driver/machine.hpp"
#include "orders/driver/progress.hpp"
#include "orders/input/order_generator.hpp"
#include "orders/shop.hpp"
#include "orders/text.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace orders {
namespace {

using namespace std::chrono_literals;

// --- command line ---

parsed_command_line parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "orders");
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  auto parsed = parse_command_line(static_cast<int>(arguments.size()), arguments.data());
  testing::internal::GetCapturedStdout();
  testing::internal::GetCapturedStderr();
  return parsed;
}

TEST(CommandLine, ReadsEveryFlagOfCompare) {
  const auto parsed = parse({"compare",  "--orders",
                             "70",       "--seed",
                             "3",        "--lines",
                             "2",        "--concurrency",
                             "5",        "--decline-rate",
                             "0.2",      "--out-of-stock-rate",
                             "0.3",      "--shipping-failure-rate",
                             "0.4",      "--durability",
                             "relaxed",  "--journal",
                             "j",        "--no-kill",
                             "--format", "markdown",
                             "--log",    "info"});
  EXPECT_FALSE(parsed.exit_code);
  EXPECT_EQ(parsed.line.command, command::compare);
  const auto& o = parsed.line.compare;
  EXPECT_EQ(o.orders, 70U);
  EXPECT_EQ(o.failures.seed, 3U);
  EXPECT_EQ(o.lines, 2U);
  EXPECT_EQ(o.concurrency, 5U);
  EXPECT_EQ(o.failures.decline_rate, 0.2);
  EXPECT_EQ(o.failures.out_of_stock_rate, 0.3);
  EXPECT_EQ(o.failures.shipping_failure_rate, 0.4);
  EXPECT_EQ(o.durability, ensemble::durability::relaxed);
  EXPECT_EQ(o.journal, "j");
  EXPECT_FALSE(o.kill);
  EXPECT_EQ(o.format, table_format::markdown);
  EXPECT_EQ(o.log, "info");
  const auto plain = parse({"compare"}).line.compare;
  EXPECT_EQ(plain.orders, 5000U);
  EXPECT_EQ(plain.failures.decline_rate, 0.1);
  EXPECT_TRUE(plain.kill);
  EXPECT_EQ(parse({"compare", "--orders", "0"}).exit_code, 2);
}

TEST(CommandLine, ReadsEveryFlagOfRun) {
  const auto parsed = parse({"run",     "--orders",
                             "7",       "--seed",
                             "3",       "--lines",
                             "2",       "--concurrency",
                             "5",       "--decline-rate",
                             "0.1",     "--out-of-stock-rate",
                             "0.2",     "--shipping-failure-rate",
                             "0.3",     "--stock",
                             "9",       "--journal",
                             "j.db",    "--durability",
                             "relaxed", "--gateway",
                             "g",       "--evidence",
                             "a",       "--resume-only",
                             "--log",   "info",
                             "--mode",  "choreography"});
  EXPECT_FALSE(parsed.exit_code);
  EXPECT_EQ(parsed.line.command, command::run);
  const auto& o = parsed.line.run;
  EXPECT_EQ(o.orders, 7U);
  EXPECT_EQ(o.failures.seed, 3U);
  EXPECT_EQ(o.lines, 2U);
  EXPECT_EQ(o.concurrency, 5U);
  EXPECT_EQ(o.failures.decline_rate, 0.1);
  EXPECT_EQ(o.failures.out_of_stock_rate, 0.2);
  EXPECT_EQ(o.failures.shipping_failure_rate, 0.3);
  EXPECT_EQ(o.stock, 9);
  EXPECT_EQ(o.journal, "j.db");
  EXPECT_EQ(o.durability, ensemble::durability::relaxed);
  EXPECT_EQ(o.files.gateway, "g");
  EXPECT_EQ(o.files.history, "a");
  EXPECT_EQ(o.mode, ensemble::process_mode::choreography);
  EXPECT_TRUE(o.resume_only);
  EXPECT_EQ(o.log, "info");
}

TEST(CommandLine, IsDurableUnlessToldOtherwise) {
  EXPECT_EQ(parse({"run"}).line.run.durability, ensemble::durability::durable);
  EXPECT_EQ(parse({"run", "--durability", "durable"}).line.run.durability,
            ensemble::durability::durable);
}

TEST(CommandLine, ReadsTheOtherCommands) {
  EXPECT_EQ(parse({"show", "o1"}).line.command, command::show);
  EXPECT_EQ(parse({"show", "o1", "--journal", "j"}).line.read.order, "o1");
  EXPECT_EQ(parse({"list", "--state", "open"}).line.read.state, "open");
  EXPECT_EQ(parse({"verify", "--gateway", "g"}).line.read.files.gateway, "g");
  EXPECT_EQ(parse({"export", "--from", "5"}).line.read.from, 5U);
  EXPECT_EQ(parse({"backup", "b", "--journal", "j"}).line.copy.file, "b");
  EXPECT_EQ(parse({"restore", "b"}).line.command, command::restore);
  EXPECT_EQ(parse({"trace", "o1", "--format", "json"}).line.trace.format, trace_format::json);
  EXPECT_TRUE(parse({"trace", "--all"}).line.trace.all);
  EXPECT_EQ(parse({"graph", "--format", "dot"}).line.command, command::graph);
  EXPECT_EQ(parse({"conformance", "--journal", "j"}).line.trace.journal, "j");
}

TEST(CommandLine, WrongUsageIsTwoAndHelpIsNot) {
  EXPECT_EQ(parse({}).exit_code, 2);
  EXPECT_EQ(parse({"dance"}).exit_code, 2);
  EXPECT_EQ(parse({"run", "--bogus"}).exit_code, 2);
  EXPECT_EQ(parse({"run", "--orders", "-1"}).exit_code, 2);
  EXPECT_EQ(parse({"run", "--decline-rate", "1.5"}).exit_code, 2);
  EXPECT_EQ(parse({"run", "--decline-rate", "nan"}).exit_code, 2);
  EXPECT_EQ(parse({"run", "--durability", "maybe"}).exit_code, 2);
  EXPECT_EQ(parse({"run", "--csv", "f", "--orders", "3"}).exit_code, 2);
  EXPECT_EQ(parse({"show"}).exit_code, 2);
  EXPECT_EQ(parse({"trace"}).exit_code, 2);
  EXPECT_EQ(parse({"trace", "o1", "--all"}).exit_code, 2);
  EXPECT_EQ(parse({"graph", "--format", "json"}).exit_code, 2);
  EXPECT_EQ(parse({"--help"}).exit_code, 0);
  EXPECT_EQ(parse({"run", "--help"}).exit_code, 0);
}

// --- driver ---

TEST(Driver, AnOrderThatIsSentAgainIsAnsweredAsBefore) {
  ensemble::runtime runtime;
  auto all = make_shop(100);
  for (auto& service : all.services) runtime.host(std::move(service));
  runtime.orchestrate(std::move(all.process));
  runtime.start();
  driver placing(runtime, 1, nullptr);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(placing.wait_for_room(10s));
    placing.place(order_generator{}.make(1));
    ASSERT_TRUE(placing.wait_for_all(10s));
  }
  place_order no_lines;
  no_lines.order_id = "o1";
  placing.place(no_lines);
  ASSERT_TRUE(placing.wait_for_all(10s));
  runtime.stop();
  const auto counts = placing.counts();
  EXPECT_EQ(counts.placed, 1U);
  EXPECT_EQ(counts.repeated, 1U);
  EXPECT_EQ(counts.ended, 2U);
  EXPECT_EQ(counts.refused, 1U);
  EXPECT_EQ(counts.trouble, "order o1 refused: an order needs a line");
  EXPECT_EQ(placing.times().count(), 2U);
  EXPECT_EQ(runtime.stats().instances_started, 1U);
}

// --- progress ---

const progress::clock::time_point start{};

TEST(Progress, IsPlainLinesWithoutATerminal) {
  std::ostringstream out;
  progress bar(out, false, "orders", 40'000, start);
  bar.show(5, start + 1s);
  EXPECT_EQ(out.str(), "");
  bar.show(10'000, start + 2s);
  EXPECT_EQ(out.str(), "10,000 of 40,000 orders, 5,000/s, 6 s left\n");
  bar.finish(40'000, start + 8s);
  EXPECT_TRUE(out.str().ends_with("\n40,000 of 40,000 orders, 5,000/s\n"));
}

TEST(Progress, IsABarOnATerminal) {
  std::ostringstream out;
  progress bar(out, true, "orders", 1000, start);
  bar.show(500, start + 100s);
  EXPECT_EQ(out.str(), "\r[###############...............]  50 %  500 of 1,000 orders, 5.0/s, "
                       "100 s left");
  bar.finish(1000, start + 200s);
  EXPECT_NE(out.str().find("\r[##############################] 100 %"), std::string::npos);
  EXPECT_EQ(out.str().back(), '\n');
}

TEST(Progress, WipesALongerLine) {
  std::ostringstream out;
  progress bar(out, true, "orders", 10, start);
  bar.show(1, start + 1000s);
  const auto first = out.str().size();
  bar.show(10, start + 2000s);
  EXPECT_EQ(out.str().size(), 2 * first);
}

TEST(Progress, SaysNothingOfNothing) {
  std::ostringstream out;
  progress(out, true, "orders", 0, start).finish(0, start + 1s);
  EXPECT_EQ(out.str(), "");
}

// --- figures ---

TEST(Latencies, QuantilesAreWithinThreePercent) {
  latencies times;
  EXPECT_EQ(times.quantile(0.5), 0ns);
  for (int us = 1; us <= 10'000; ++us) times.add(std::chrono::microseconds(us));
  EXPECT_EQ(times.count(), 10'000U);
  for (const auto& [share, expected] : {std::pair{0.5, 5e6}, {0.95, 9.5e6}, {0.99, 9.9e6}}) {
    const auto got = static_cast<double>(times.quantile(share).count());
    EXPECT_GE(got, expected);
    EXPECT_LE(got, expected * 1.035);
  }
}

TEST(Latencies, TakeEveryTime) {
  for (const auto time : {std::chrono::nanoseconds(-5), 0ns, 1ns, 63ns, 64ns, 65ns,
                          std::chrono::nanoseconds::max()}) {
    latencies times;
    times.add(time);
    EXPECT_EQ(times.count(), 1U);
  }
  latencies one;
  one.add(40ns);
  EXPECT_EQ(one.quantile(0.5), 40ns);
}

TEST(Text, IsForPeople) {
  EXPECT_EQ(grouped(0), "0");
  EXPECT_EQ(grouped(999), "999");
  EXPECT_EQ(grouped(1000), "1,000");
  EXPECT_EQ(grouped(1234567), "1,234,567");
  EXPECT_EQ(to_text(500ns), "500 ns");
  EXPECT_EQ(to_text(8200us), "8.20 ms");
  EXPECT_EQ(to_text(82ms), "82.0 ms");
  EXPECT_EQ(to_text(9996us), "10.0 ms");
  EXPECT_EQ(to_text(820ms), "820 ms");
  EXPECT_EQ(to_text(90s), "90.0 s");
  EXPECT_EQ(to_text(ensemble::timestamp(1291191960s + 123456789ns)), "2010-12-01 08:26:00.123456");
  EXPECT_EQ(rate_text(0.25), "0.2");
  EXPECT_EQ(rate_text(12345.6), "12,346");
}

TEST(Machine, MeasuresFlushesWhereItMay) {
  const auto rate = measure_flush_rate(testing::TempDir());
  ASSERT_TRUE(rate);
  EXPECT_GT(*rate, 0);
  EXPECT_FALSE(measure_flush_rate("/nowhere"));
  EXPECT_GT(resident_memory(), 1024U * 1024U);
}

} // namespace
} // namespace orders
