// What becomes of three times the orders that can be fulfilled: how many are refused before they
// are accepted, and whether those that are accepted take longer, or more memory, than under half
// the load that can be borne.
//
//   bench_overload [--durability memory|relaxed|durable|speculative]...
//                  [--mode orchestration|choreography]... [--credits N] [--runs N] [--seconds S]
//                  [--dir DIR] [--threads N] [--json FILE]

#include "common/orders_load.hpp"
#include "common/report.hpp"
#include "orders/driver/machine.hpp"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <string>
#include <vector>

namespace {

struct settings {
  std::vector<std::string> durabilities{"memory", "durable"};
  std::vector<std::string> modes{"orchestration", "choreography"};
  reference::load load{};
  std::size_t runs = 5;
  std::string json{};
};

void measure(report& to, const settings& wanted, const reference::load& load) {
  samples borne, calm, accepted, refused, p99, ratio, grown, syncs;
  for (std::size_t n = 0; n < wanted.runs; ++n) {
    auto closed = load;
    closed.credits = 0;
    closed.concurrency = load.credits;
    const double sustainable = reference::run(closed).orders_a_second;
    const auto half = reference::run_offered(load, sustainable / 2);
    const auto over = reference::run_offered(load, 3 * sustainable);
    borne.add(sustainable);
    calm.add(half.p99_ms);
    accepted.add(over.accepted_a_second);
    refused.add(over.refused_a_second);
    p99.add(over.p99_ms);
    ratio.add(over.p99_ms / half.p99_ms);
    grown.add(over.resident_mebibytes - over.resident_mebibytes_before);
    if (load.durability != "memory")
      syncs.add(orders::measure_flush_rate(load.directory.string()).value_or(0));
  }
  const auto name = "overload, " + load.durability + (load.danced ? ", danced" : ", conducted") +
                    ", " + std::to_string(load.credits) + " credits";
  to.add(name + ": what can be borne", "orders/s", borne);
  to.add(name + ": p99 at half of it", "ms", calm);
  to.add(name + ": accepted of three times", "orders/s", accepted);
  to.add(name + ": refused", "orders/s", refused);
  to.add(name + ": p99 of the accepted", "ms", p99);
  to.add(name + ": that, of the calm p99", "times", ratio);
  to.add(name + ": resident meanwhile, more", "MiB", grown);
  if (!syncs.values.empty()) to.add(name + ": the disk", "syncs/s", syncs);
}

} // namespace

int main(int argc, char** argv) {
  settings wanted;
  wanted.load.credits = 64;
  wanted.load.directory = std::filesystem::temp_directory_path();
  CLI::App app{"What becomes of three times the orders that can be fulfilled"};
  app.add_option("--durability", wanted.durabilities)
      ->check(CLI::IsMember({"memory", "relaxed", "durable", "speculative"}));
  app.add_option("--mode", wanted.modes)->check(CLI::IsMember({"orchestration", "choreography"}));
  app.add_option("--credits", wanted.load.credits)->check(CLI::PositiveNumber);
  app.add_option("--runs", wanted.runs)->check(CLI::PositiveNumber);
  app.add_option("--seconds", wanted.load.seconds)->check(CLI::PositiveNumber);
  app.add_option("--dir", wanted.load.directory)->check(CLI::ExistingDirectory);
  app.add_option("--threads", wanted.load.threads,
                 "of the runtime; by default it leaves none of the processors to the sender");
  app.add_option("--json", wanted.json, "write the figures there");
  CLI11_PARSE(app, argc, argv);
  return run_and_report(wanted.json, [&](report& to) {
    for (const auto& durability : wanted.durabilities)
      for (const auto& mode : wanted.modes) {
        auto load = wanted.load;
        load.durability = durability;
        load.danced = mode == "choreography";
        measure(to, wanted, load);
      }
  });
}
