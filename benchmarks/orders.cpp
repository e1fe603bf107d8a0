// Orders a second through the whole runtime, and how long each takes: the reference order (five
// events, each recorded before the next), always so many under way. Beside it, in the same run, the
// storage floor at the batch size that was reached, and how often the disk syncs.
//
//   bench_orders [--durability memory|relaxed|durable|speculative]...
//                [--mode orchestration|choreography]... [--concurrency N]... [--failures SHARE]
//                [--runs N] [--seconds S] [--dir DIR] [--threads N] [--sync-delay MS] [--json FILE]

#include "common/orders_load.hpp"
#include "common/report.hpp"
#include "common/slow_syncs.hpp"
#include "common/storage_floor.hpp"
#include "orders/driver/machine.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

namespace {

struct settings {
  std::vector<std::string> durabilities{"memory", "relaxed", "durable", "speculative"};
  std::vector<std::string> modes{"orchestration", "choreography"};
  std::vector<std::size_t> concurrencies{1, 64, 1000, 10'000};
  reference::load load{};
  double sync_delay = 0; ///< in milliseconds
  std::size_t runs = 5;
  std::string json{};
};

std::string name_of(const reference::load& load, double sync_delay) {
  auto name = "orders, " + load.durability + (load.danced ? ", danced, " : ", conducted, ") +
              std::to_string(load.concurrency) + " at once";
  if (load.failures > 0)
    name += ", " + std::to_string(std::lround(load.failures * 100)) + " % compensated";
  if (sync_delay > 0) name += ", syncs " + std::to_string(std::lround(sync_delay)) + " ms longer";
  return name;
}

struct figures {
  samples orders{}, p50{}, p99{}, batch{}, messages{}, processor{};
  samples floor{}, ratio{}, syncs{}; ///< of durable loads
};

void measure_floor(figures& f, const reference::load& load, const reference::load_result& result) {
  const auto batch = static_cast<std::size_t>(std::lround(std::max(1.0, result.events_a_commit)));
  const auto bare = storage_floor::bare_inserts(
      load.directory, batch, load.durability != "relaxed", load.seconds / 2);
  f.floor.add(bare);
  f.ratio.add(100 * result.events_a_second / bare);
  f.syncs.add(orders::measure_flush_rate(load.directory.string()).value_or(0));
}

void measure(report& to, const settings& wanted, const reference::load& load) {
  figures f;
  for (std::size_t n = 0; n < wanted.runs; ++n) {
    const auto result = reference::run(load);
    f.orders.add(result.orders_a_second);
    f.p50.add(result.p50_ms);
    f.p99.add(result.p99_ms);
    f.batch.add(result.events_a_commit);
    f.messages.add(result.messages_an_order);
    f.processor.add(result.processor_us_an_order);
    if (load.durability != "memory") measure_floor(f, load, result);
  }
  const auto name = name_of(load, wanted.sync_delay);
  to.add(name, "orders/s", f.orders);
  to.add(name + ": p50", "ms", f.p50);
  to.add(name + ": p99", "ms", f.p99);
  to.add(name + ": a commit", "events", f.batch);
  to.add(name + ": an order", "messages", f.messages);
  to.add(name + ": an order's processor time", "us", f.processor);
  if (f.floor.values.empty()) return;
  to.add(name + ": the floor", "events/s", f.floor);
  to.add(name + ": of the floor", "%", f.ratio);
  to.add(name + ": the disk", "syncs/s", f.syncs);
}

void parse(CLI::App& app, settings& wanted) {
  wanted.load.directory = std::filesystem::temp_directory_path();
  app.add_option("--durability", wanted.durabilities)
      ->check(CLI::IsMember({"memory", "relaxed", "durable", "speculative"}));
  app.add_option("--mode", wanted.modes)->check(CLI::IsMember({"orchestration", "choreography"}));
  app.add_option("--concurrency", wanted.concurrencies)->check(CLI::PositiveNumber);
  app.add_option("--failures", wanted.load.failures, "share of orders that are compensated")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--sync-delay", wanted.sync_delay, "makes every sync so many ms longer")
      ->check(CLI::Range(0.0, 1000.0));
  app.add_option("--runs", wanted.runs)->check(CLI::PositiveNumber);
  app.add_option("--seconds", wanted.load.seconds)->check(CLI::PositiveNumber);
  app.add_option("--dir", wanted.load.directory)->check(CLI::ExistingDirectory);
  app.add_option("--threads", wanted.load.threads);
  app.add_option("--json", wanted.json, "write the figures there");
}

} // namespace

int main(int argc, char** argv) {
  settings wanted;
  CLI::App app{"Orders a second through the whole runtime"};
  parse(app, wanted);
  CLI11_PARSE(app, argc, argv);
  return run_and_report(wanted.json, [&](report& to) {
    const slow_syncs slower(
        std::chrono::round<std::chrono::microseconds>(
            std::chrono::duration<double, std::milli>(wanted.sync_delay)));
    for (const auto& durability : wanted.durabilities)
      for (const auto& mode : wanted.modes)
        for (const auto concurrency : wanted.concurrencies) {
          auto load = wanted.load;
          load.durability = durability;
          load.danced = mode == "choreography";
          load.concurrency = concurrency;
          measure(to, wanted, load);
        }
  });
}
