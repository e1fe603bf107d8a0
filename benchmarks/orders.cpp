// Orders a second through the whole runtime, and how long each takes: the reference order (five
// events, each recorded before the next), always so many under way. Beside it, in the same run, the
// storage floor at the batch size that was reached, and how often the disk syncs.
//
//   bench_orders [--durability memory|relaxed|durable]... [--mode orchestration|choreography]...
//                [--concurrency N]... [--failures SHARE] [--runs N] [--seconds S] [--dir DIR]
//                [--threads N] [--json FILE]

#include "common/orders_load.hpp"
#include "common/samples.hpp"
#include "common/storage_floor.hpp"
#include "orders/driver/machine.hpp"

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

struct settings {
  std::vector<std::string> durabilities{"memory", "relaxed", "durable"};
  std::vector<std::string> modes{"orchestration", "choreography"};
  std::vector<std::size_t> concurrencies{1, 64, 1000};
  reference::load load{};
  std::size_t runs = 5;
  std::string json{};
};

struct figures {
  samples orders{}, p50{}, p99{}, events{}, batch{}, messages{}, processor{};
  samples floor{}, ratio{}, syncs{}; ///< of durable loads
};

nlohmann::json as_json(const samples& s) {
  return {{"median", s.median()}, {"min", s.least()}, {"max", s.most()}};
}

nlohmann::json measure(const settings& wanted, const reference::load& load) {
  figures f;
  for (std::size_t n = 0; n < wanted.runs; ++n) {
    const auto result = reference::run(load);
    f.orders.add(result.orders_a_second);
    f.p50.add(result.p50_ms);
    f.p99.add(result.p99_ms);
    f.events.add(result.events_a_second);
    f.batch.add(result.events_a_commit);
    f.messages.add(result.messages_an_order);
    f.processor.add(result.processor_us_an_order);
    if (load.durability == "memory") continue;
    const auto batch = static_cast<std::size_t>(std::lround(std::max(1.0, result.events_a_commit)));
    const auto bare = storage_floor::bare_inserts(
        load.directory, batch, load.durability == "durable", load.seconds / 2);
    f.floor.add(bare);
    f.ratio.add(result.events_a_second / bare);
    f.syncs.add(orders::measure_flush_rate(load.directory.string()).value_or(0));
  }
  const auto* mode = load.danced ? "choreography" : "orchestration";
  std::printf("%-11s %-13s %6zu  %8.0f (%.0f to %.0f) orders/s  p50 %8.3f  p99 %8.3f ms  "
              "%6.1f events/commit  %5.1f messages, %4.0f us of processor an order",
              load.durability.c_str(), mode, load.concurrency, f.orders.median(), f.orders.least(),
              f.orders.most(), f.p50.median(), f.p99.median(), f.batch.median(),
              f.messages.median(), f.processor.median());
  nlohmann::json row{{"durability", load.durability},
                     {"mode", mode},
                     {"concurrency", load.concurrency},
                     {"failures", load.failures},
                     {"orders_a_second", as_json(f.orders)},
                     {"p50_ms", as_json(f.p50)},
                     {"p99_ms", as_json(f.p99)},
                     {"events_a_commit", as_json(f.batch)},
                     {"messages_an_order", as_json(f.messages)},
                     {"processor_us_an_order", as_json(f.processor)}};
  if (!f.floor.values.empty()) {
    std::printf("  %3.0f %% of the floor's %.0f events/s; %.0f syncs/s", 100 * f.ratio.median(),
                f.floor.median(), f.syncs.median());
    row["floor_events_a_second"] = as_json(f.floor);
    row["ratio_to_floor"] = as_json(f.ratio);
    row["syncs_a_second"] = as_json(f.syncs);
  }
  std::printf("\n");
  std::fflush(stdout);
  return row;
}

void parse(CLI::App& app, settings& wanted) {
  wanted.load.directory = std::filesystem::temp_directory_path();
  app.add_option("--durability", wanted.durabilities)
      ->check(CLI::IsMember({"memory", "relaxed", "durable"}));
  app.add_option("--mode", wanted.modes)->check(CLI::IsMember({"orchestration", "choreography"}));
  app.add_option("--concurrency", wanted.concurrencies)->check(CLI::PositiveNumber);
  app.add_option("--failures", wanted.load.failures, "share of orders that are compensated")
      ->check(CLI::Range(0.0, 1.0));
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
  try {
    auto rows = nlohmann::json::array();
    for (const auto& durability : wanted.durabilities)
      for (const auto& mode : wanted.modes)
        for (const auto concurrency : wanted.concurrencies) {
          auto load = wanted.load;
          load.durability = durability;
          load.danced = mode == "choreography";
          load.concurrency = concurrency;
          rows.push_back(measure(wanted, load));
        }
    if (!wanted.json.empty()) std::ofstream(wanted.json) << rows.dump(1) << '\n';
    return EXIT_SUCCESS;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return EXIT_FAILURE;
  }
}
