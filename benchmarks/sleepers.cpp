// What instances cost that wait for an outside event: memory, the start, waking one.
//
//   bench_sleepers [--count N] [--dir DIR] [--durability durable|relaxed] [--json FILE]
//
// A first process begins N instances and ends once all sleep; a second one starts on its journal.

#include "common/report.hpp"
#include "common/scratch_journal.hpp"
#include "orders/driver/machine.hpp"

#include <ensemble/ensemble.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

struct place {
  std::string id{};
};
struct placed {
  std::string id{};
};
struct approve {
  std::string id{};
};
struct approved {
  std::string id{};
};
ENSEMBLE_MESSAGE(place, 1, id)
ENSEMBLE_MESSAGE(placed, 1, id)
ENSEMBLE_MESSAGE(approve, 1, id)
ENSEMBLE_MESSAGE(approved, 1, id)

struct waiting {
  std::string id{};
};

struct settings {
  std::uint64_t count = 1'000'000;
  std::filesystem::path directory = std::filesystem::temp_directory_path();
  std::string durability = "durable";
  std::string json{};
};

void set_up(ensemble::runtime& r) {
  r.host(ensemble::service<>("request").on<place>(
             &place::id, [](const place& c) -> ensemble::decision<placed> { return placed{c.id}; }))
      .host(ensemble::service<>("approval")
                .on<approve>(&approve::id,
                             [](const approve& c) -> ensemble::decision<approved> {
                               return approved{c.id};
                             }))
      .orchestrate(ensemble::process<waiting>("waiting", "request")
                       .deadline(30 * 24h)
                       .starts_on<placed>([](waiting& w, const placed& e) { w.id = e.id; })
                       .step("approval")
                       .awaits<approved>(&approved::id, &waiting::id));
}

ensemble::runtime_options options_for(const settings& wanted, const std::string& journal) {
  ensemble::runtime_options options;
  options.journal = journal;
  if (wanted.durability == "relaxed") options.durability = ensemble::durability::relaxed;
  return options;
}

double seconds_since(clock_type::time_point start) {
  return std::chrono::duration<double>(clock_type::now() - start).count();
}

double resident_mebibytes() { return static_cast<double>(orders::resident_memory()) / (1 << 20); }

std::string id_of(std::uint64_t n) { return "request-" + std::to_string(n); }

void wait_until_asleep(const ensemble::runtime& r, std::uint64_t count) {
  while (r.stats().instances_asleep < count) std::this_thread::sleep_for(10ms);
}

void make(const settings& wanted, const std::string& journal) {
  ensemble::runtime r(options_for(wanted, journal));
  set_up(r);
  r.start();
  const double before = resident_mebibytes();
  const auto start = clock_type::now();
  for (std::uint64_t n = 0; n < wanted.count; ++n)
    r.send("request", place{id_of(n)}, {}, [](const ensemble::receipt*, const ensemble::error* e) {
      if (e) throw std::runtime_error(e->what());
    });
  wait_until_asleep(r, wanted.count);
  const double taken = seconds_since(start);
  std::printf("made: %.0f s, %.0f a second; %.0f MiB more resident, %.0f bytes each\n", taken,
              static_cast<double>(wanted.count) / taken, resident_mebibytes() - before,
              (resident_mebibytes() - before) * (1 << 20) / static_cast<double>(wanted.count));
  std::fflush(stdout);
  // Their rows are written with the next checkpoint of the book, once a second.
  const auto commits = r.stats().commits;
  while (r.stats().commits == commits) std::this_thread::sleep_for(10ms);
}

double wake_one(ensemble::runtime& r, std::uint64_t which) {
  const auto before = r.stats().instances_completed;
  const auto start = clock_type::now();
  (void)r.send("approval", approve{id_of(which)}).get();
  while (r.stats().instances_completed == before) {
    if (seconds_since(start) > 30) throw std::runtime_error("it did not wake");
    std::this_thread::yield();
  }
  return seconds_since(start);
}

samples one(double value) {
  samples s;
  s.add(value);
  return s;
}

void start_again(const settings& wanted, const std::string& journal, report& to) {
  const double before = resident_mebibytes();
  const auto start = clock_type::now();
  ensemble::runtime r(options_for(wanted, journal));
  set_up(r);
  r.start();
  const double taken = seconds_since(start);
  const auto name = std::to_string(wanted.count) + " sleeping processes, " + wanted.durability;
  if (r.stats().instances_open != wanted.count) throw std::runtime_error("not all are open");
  to.add(name + ": start", "s", one(taken));
  to.add(name + ": resident", "MiB", one(resident_mebibytes()));
  to.add(name + ": each", "bytes",
         one((resident_mebibytes() - before) * (1 << 20) / static_cast<double>(wanted.count)));
  std::mt19937_64 random(1);
  samples times;
  for (std::uint64_t n = 0; n < 101; ++n) // each another one
    times.add(1000 *
              wake_one(r, wanted.count / 101 * n + random() % (wanted.count / 101)));
  to.add(name + ": waking one, to its end", "ms", times);
}

} // namespace

int main(int argc, char** argv) {
  settings wanted;
  CLI::App app{"What processes cost that wait for an event from outside"};
  app.add_option("--count", wanted.count)->check(CLI::Range(1000U, 100'000'000U));
  app.add_option("--dir", wanted.directory)->check(CLI::ExistingDirectory);
  app.add_option("--durability", wanted.durability)->check(CLI::IsMember({"relaxed", "durable"}));
  app.add_option("--json", wanted.json, "write the figures there");
  CLI11_PARSE(app, argc, argv);
  return run_and_report(wanted.json, [&](report& to) {
    const scratch_journal journal(wanted.directory, "sleepers");
    // A process of its own, so that the second start begins with no memory of the first.
    in_a_process_that_dies([&] { make(wanted, journal.path()); });
    start_again(wanted, journal.path(), to);
  });
}
