#include "simulation/order_scenario.hpp"
#include "simulation/random_scenario.hpp"
#include "simulation/trip_scenario.hpp"

#include <CLI/CLI.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

// Simulations by the thousand, of the order process, of the trip, and of random ones. For
// scripts/torture; what CI runs of it: *_simulation_test.cpp.

namespace {

using namespace ensemble::simulation;

scenario any(std::uint64_t seed, std::size_t requests) {
  switch (seed % 4) {
  case 0: return scenarios::trip_scenario(seed, requests);
  case 1: return scenarios::order_scenario(seed, requests);
  default: return scenarios::random_scenario(seed, requests);
  }
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app("Simulates the runtime from many seeds");
  options how;
  how.threads = std::max(1U, std::thread::hardware_concurrency());
  double minutes = 0;
  app.add_option("--seed", how.first_seed, "the first seed")->capture_default_str();
  app.add_option("--seeds", how.seeds, "how many")->capture_default_str();
  app.add_option("--minutes", minutes, "no further seed after so many; 0: no limit");
  app.add_option("--requests", how.requests, "of a run at most")->capture_default_str();
  app.add_option("--threads", how.threads)->capture_default_str();
  app.add_option("--failures", how.most_failures, "stop after so many")->capture_default_str();
  app.add_option("--repeat-every", how.repeat_every)->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const auto began = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  if (minutes > 0) how.enough = [&] { return seconds() > minutes * 60; };
  how.replay_command = argv[0];
  const auto report = simulate(any, how);
  std::printf("%s%.0f s, %.1f seeds/s\n", report.text().c_str(), seconds(),
              static_cast<double>(report.runs) / seconds());
  return report.holds() ? 0 : 1;
}
