// How long a start takes after a crash, by how many processes were under way: until the runtime
// takes commands again, and until all that was under way is done.
//
//   bench_recovery [--count N]... [--mode orchestration|choreography]... [--behind N]
//                  [--runs N] [--dir DIR] [--json FILE]
//
// A first process begins them and dies while each has a command outstanding, behind `--behind`
// processes that are done; a second one starts on its journal.

#include "common/report.hpp"
#include "common/scratch_journal.hpp"

#include <ensemble/ensemble.hpp>

#include <CLI/CLI.hpp>

#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

struct begin_job {
  std::string id{};
};
struct job_begun {
  std::string id{};
};
struct do_job {
  std::string id{};
};
struct job_done {
  std::string id{};
};
ENSEMBLE_MESSAGE(begin_job, 1, id)
ENSEMBLE_MESSAGE(job_begun, 1, id)
ENSEMBLE_MESSAGE(do_job, 1, id)
ENSEMBLE_MESSAGE(job_done, 1, id)

struct job {
  std::string id{};
};

struct settings {
  std::vector<std::uint64_t> counts{1000, 10'000, 100'000};
  std::vector<std::string> modes{"orchestration", "choreography"};
  std::uint64_t behind = 100'000;
  std::size_t runs = 3;
  std::filesystem::path directory = std::filesystem::temp_directory_path();
  std::string json{};
};

/// `gate`: what the jobs wait for; none: nothing.
void set_up(ensemble::runtime& r, bool danced, const std::shared_future<void>& gate) {
  r.host(ensemble::service<>("desk").on<begin_job>(
             &begin_job::id, [](const begin_job& c) -> ensemble::decision<job_begun> {
               return job_begun{c.id};
             }))
      .host(ensemble::service<>("work").effect<do_job>(
          &do_job::id,
          [gate](const do_job& c, const ensemble::effect_context&) -> ensemble::decision<job_done> {
            if (gate.valid()) gate.wait();
            return job_done{c.id};
          }));
  auto definition = ensemble::process<job>("job", "desk")
                        .deadline(72h)
                        .starts_on<job_begun>([](job& j, const job_begun& e) { j.id = e.id; })
                        .step("work")
                        .asks("work", [](const job& j) { return do_job{j.id}; })
                        .succeeds_on<job_done>()
                        .pivot();
  if (danced)
    r.choreograph(std::move(definition));
  else
    r.orchestrate(std::move(definition));
}

ensemble::runtime_options options_for(const std::string& journal, std::uint64_t count) {
  ensemble::runtime_options options;
  options.journal = journal;
  options.durability = ensemble::durability::relaxed; // its loss is not what is measured
  options.credits = count + 1000;
  options.recovery_rate = 0;
  return options;
}

void begin_jobs(ensemble::runtime& r, const std::string& name, std::uint64_t count) {
  std::vector<std::future<ensemble::receipt>> sent;
  sent.reserve(count);
  for (std::uint64_t n = 0; n < count; ++n)
    sent.push_back(r.send("desk", begin_job{name + std::to_string(n)}));
  for (auto& s : sent) (void)s.get();
}

void wait_for(const ensemble::runtime& r, std::uint64_t ensemble::runtime_stats::*what,
              std::uint64_t count) {
  const auto start = clock_type::now();
  while (r.stats().*what < count) {
    if (clock_type::now() - start > 10min) throw std::runtime_error("it takes too long");
    std::this_thread::sleep_for(1ms);
  }
}

void make(const settings& wanted, bool danced, const std::string& journal, std::uint64_t count) {
  {
    ensemble::runtime r(options_for(journal, wanted.behind));
    set_up(r, danced, {});
    r.start();
    begin_jobs(r, "done-", wanted.behind);
    wait_for(r, &ensemble::runtime_stats::instances_completed, wanted.behind);
  }
  static std::promise<void> never; // nor is this, which would free the jobs
  // Never destroyed: it dies with the process.
  auto* r = new ensemble::runtime(options_for(journal, count));
  set_up(*r, danced, never.get_future().share());
  r->start();
  begin_jobs(*r, "open-", count);
  wait_for(*r, &ensemble::runtime_stats::instances_started, count);
  std::uint64_t events = 0;
  do { // until nothing is recorded any more: every command is given
    events = r->stats().events_appended;
    std::this_thread::sleep_for(500ms);
  } while (r->stats().events_appended != events);
}

void measure(report& to, const settings& wanted, bool danced, std::uint64_t count) {
  samples starts, ends;
  for (std::size_t n = 0; n < wanted.runs; ++n) {
    const scratch_journal journal(wanted.directory, "recovery");
    in_a_process_that_dies([&] { make(wanted, danced, journal.path(), count); });
    const auto start = clock_type::now();
    const auto seconds = [start] {
      return std::chrono::duration<double>(clock_type::now() - start).count();
    };
    ensemble::runtime r(options_for(journal.path(), count));
    set_up(r, danced, {});
    r.start();
    starts.add(seconds());
    wait_for(r, &ensemble::runtime_stats::instances_completed, count);
    ends.add(seconds());
  }
  const auto name = "recovery, " + std::to_string(count) + (danced ? " danced" : " conducted");
  to.add(name + ": takes commands again", "s", starts);
  to.add(name + ": all done", "s", ends);
}

} // namespace

int main(int argc, char** argv) {
  settings wanted;
  CLI::App app{"How long a start takes after a crash"};
  app.add_option("--count", wanted.counts)->check(CLI::PositiveNumber);
  app.add_option("--mode", wanted.modes)->check(CLI::IsMember({"orchestration", "choreography"}));
  app.add_option("--behind", wanted.behind, "processes that are done already");
  app.add_option("--runs", wanted.runs)->check(CLI::PositiveNumber);
  app.add_option("--dir", wanted.directory)->check(CLI::ExistingDirectory);
  app.add_option("--json", wanted.json, "write the figures there");
  CLI11_PARSE(app, argc, argv);
  return run_and_report(wanted.json, [&](report& to) {
    for (const auto& mode : wanted.modes)
      for (const auto count : wanted.counts) measure(to, wanted, mode == "choreography", count);
  });
}
