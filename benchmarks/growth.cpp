// Whether orders keep their pace as the journal grows: so many orders in one journal, each tenth by
// itself, and the memory of the process. Right behind them the orders of one tenth go into an empty
// journal: what the last tenth lacks of that is the journal's size, and the rest the machine's.
//
//   bench_growth [--orders N] [--mode orchestration|choreography] [--durability ...]
//                [--concurrency N] [--dir DIR] [--json FILE]

#include "common/orders_load.hpp"
#include "common/report.hpp"

#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

int main(int argc, char** argv) {
  reference::load load;
  load.directory = std::filesystem::temp_directory_path();
  load.durability = "relaxed";
  load.concurrency = 1000;
  std::uint64_t orders = 1'000'000;
  std::string mode = "orchestration";
  std::string json;
  CLI::App app{"Whether orders keep their pace as the journal grows"};
  app.add_option("--orders", orders)->check(CLI::Range(1000U, 1'000'000'000U));
  app.add_option("--mode", mode)->check(CLI::IsMember({"orchestration", "choreography"}));
  app.add_option("--durability", load.durability)
      ->check(CLI::IsMember({"memory", "relaxed", "durable"}));
  app.add_option("--concurrency", load.concurrency)->check(CLI::PositiveNumber);
  app.add_option("--dir", load.directory)->check(CLI::ExistingDirectory);
  app.add_option("--json", json, "write the figures there");
  CLI11_PARSE(app, argc, argv);
  return run_and_report(json, [&](report& to) {
    load.danced = mode == "choreography";
    const auto tenths = reference::run_in_parts(load, orders, 10);
    const auto anew = reference::run_in_parts(load, orders / 10, 1).front();
    const auto name = std::to_string(orders) + " orders, " + load.durability +
                      (load.danced ? ", danced" : ", conducted");
    const auto add = [&](const std::string& what, const char* unit, double value) {
      samples s;
      s.add(value);
      to.add(name + what, unit, s);
    };
    for (std::size_t n = 0; n < tenths.size(); ++n) {
      add(": tenth " + std::to_string(n + 1), "orders/s", tenths[n].orders_a_second);
      add(": tenth " + std::to_string(n + 1) + ", an order's processor time", "us",
          tenths[n].processor_us_an_order);
      add(": tenth " + std::to_string(n + 1) + ", resident", "MiB", tenths[n].resident_mebibytes);
    }
    add(": a tenth into an empty journal, right after", "orders/s", anew.orders_a_second);
    add(": that, an order's processor time", "us", anew.processor_us_an_order);
    add(": the last tenth, of the first", "%",
        100 * tenths.back().orders_a_second / tenths.front().orders_a_second);
    add(": the last tenth, of that into an empty journal", "%",
        100 * tenths.back().orders_a_second / anew.orders_a_second);
  });
}
