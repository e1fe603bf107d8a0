// What instances cost that wait for an outside event: memory, the start, waking one.
//
//   bench_sleepers [--count N] [--dir DIR] [--durability durable|relaxed]
//
// A first process begins N instances and ends once all sleep; a second one starts on its journal.

#include "common/disk.hpp"

#include <ensemble/ensemble.hpp>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

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

  [[nodiscard]] std::string journal() const {
    return (directory / "ensemble-sleepers.db").string();
  }
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

ensemble::runtime_options options_for(const settings& wanted) {
  ensemble::runtime_options options;
  options.journal = wanted.journal();
  if (wanted.durability == "relaxed") options.durability = ensemble::durability::relaxed;
  return options;
}

double seconds_since(clock_type::time_point start) {
  return std::chrono::duration<double>(clock_type::now() - start).count();
}

double resident_mebibytes() {
  std::ifstream in("/proc/self/statm");
  double all = 0;
  double resident = 0;
  in >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

std::string id_of(std::uint64_t n) { return "request-" + std::to_string(n); }

void wait_until_asleep(const ensemble::runtime& r, std::uint64_t count) {
  while (r.stats().instances_asleep < count) std::this_thread::sleep_for(10ms);
}

void make(const settings& wanted) {
  ensemble::runtime r(options_for(wanted));
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

void start_again(const settings& wanted) {
  const double before = resident_mebibytes();
  const auto start = clock_type::now();
  ensemble::runtime r(options_for(wanted));
  set_up(r);
  r.start();
  const double taken = seconds_since(start);
  const auto stats = r.stats();
  std::printf("start: %.2f s; %llu open, %llu asleep, %llu folded; %.0f MiB resident, %.0f bytes "
              "each\n",
              taken, static_cast<unsigned long long>(stats.instances_open),
              static_cast<unsigned long long>(stats.instances_asleep),
              static_cast<unsigned long long>(stats.instances_recovered), resident_mebibytes(),
              (resident_mebibytes() - before) * (1 << 20) / static_cast<double>(wanted.count));
  std::mt19937_64 random(1);
  std::vector<double> times;
  for (std::uint64_t n = 0; n < 101; ++n) // each another one
    times.push_back(wake_one(r, wanted.count / 101 * n + random() % (wanted.count / 101)));
  std::ranges::sort(times);
  std::printf("waking one, from the command to its end: median %.2f ms, 95 of 101 within %.2f ms\n",
              times[50] * 1000, times[95] * 1000);
}

settings parse(int argc, char** argv) {
  settings made;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    const std::string value = argv[i + 1];
    if (flag == "--dir")
      made.directory = value;
    else if (flag == "--durability")
      made.durability = value;
    else if (flag == "--count")
      made.count = std::stoull(value);
    else
      throw std::runtime_error("unknown flag " + std::string(flag));
  }
  return made;
}

void remove_journal(const settings& wanted) {
  for (const auto* suffix : {"", "-wal", "-shm", ".lock", ".control"})
    std::filesystem::remove(wanted.journal() + suffix);
}

} // namespace

int main(int argc, char** argv) {
  try {
    const auto wanted = parse(argc, argv);
    remove_journal(wanted);
    std::printf("%llu sleepers, %s; the disk syncs %.0f times a second\n",
                static_cast<unsigned long long>(wanted.count), wanted.durability.c_str(),
                syncs_a_second(wanted.directory));
    std::fflush(stdout);
    // A process of its own, so that the second start begins with no memory of the first.
    const auto child = ::fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child == 0) {
      make(wanted);
      return EXIT_SUCCESS;
    }
    int status = 0;
    if (::waitpid(child, &status, 0) != child || status != 0)
      throw std::runtime_error("making the sleepers failed");
    start_again(wanted);
    remove_journal(wanted);
    return EXIT_SUCCESS;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return EXIT_FAILURE;
  }
}
