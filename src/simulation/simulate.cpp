#include <ensemble/simulation.hpp>

#include "model/dance.hpp"
#include "model/thrown.hpp"
#include "simulation/chance.hpp"
#include "simulation/plan.hpp"

#include <ensemble/error.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace ensemble::simulation {

namespace {

/// Simulated faults would fill the log.
class silence {
public:
  silence() : log_(spdlog::get("ensemble") ? spdlog::get("ensemble") : spdlog::default_logger()) {
    log_->set_level(spdlog::level::off);
  }
  ~silence() { log_->set_level(before_); }
  silence(const silence&) = delete;
  silence& operator=(const silence&) = delete;

private:
  std::shared_ptr<spdlog::logger> log_;
  spdlog::level::level_enum before_ = log_->level();
};

run_result try_run(const plan& what, const scenario_maker& make) {
  try {
    return run(what, make);
  } catch (const error& e) {
    if (e.code() == errc::bad_definition || e.code() == errc::bad_argument) throw;
    run_result failed;
    failed.violations.push_back("the run ended with an exception: " + thrown_text());
    return failed;
  } catch (const std::exception&) {
    run_result failed;
    failed.violations.push_back("the run ended with an exception: " + thrown_text());
    return failed;
  }
}

/// Less of everything, as long as something is violated.
plan shrunk(plan what, const scenario_maker& make) {
  const auto still = [&](const plan& p) { return !try_run(p, make).violations.empty(); };
  for (const auto f : std::set(what.faults)) {
    auto less = what;
    less.faults.erase(f);
    if (still(less)) what = less;
  }
  if (auto less = what; std::exchange(less.may_change_mode, false) && still(less)) what = less;
  for (auto requests = what.requests / 2; requests > 0; requests /= 2) {
    auto less = what;
    less.requests = requests;
    if (still(less)) what = less;
  }
  while (what.requests > 1) {
    auto less = what;
    --less.requests;
    if (!still(less)) break;
    what = less;
  }
  return what;
}

void add(report& all, const report& one) {
  all.runs += one.runs;
  all.calm_runs += one.calm_runs;
  all.danced_runs += one.danced_runs;
  all.requests += one.requests;
  all.instances += one.instances;
  all.events += one.events;
  all.messages += one.messages;
  all.restarts += one.restarts;
  for (const auto& [what, count] : one.faults) all.faults[what] += count;
  all.simulated += one.simulated;
  all.coverage.add(one.coverage);
}

/// Runs plans, of several threads, and counts.
class campaign {
public:
  campaign(const scenario_maker& make, const options& how) : make_(make), how_(how) {}

  void run_one(const plan& what, bool twice) {
    auto result = try_run(what, make_);
    if (twice && try_run(what, make_).hash != result.hash)
      result.violations.emplace_back("the same seed did not do the same again");
    failure failed;
    if (!result.violations.empty()) failed = describe(what, result);
    const std::lock_guard lock(mutex_);
    add(report_, result.counted);
    report_.hash += chance(result.hash).next(); // whichever thread is first
    if (twice) ++report_.repeated;
    if (!result.violations.empty()) report_.failures.push_back(std::move(failed));
  }
  [[nodiscard]] bool over() {
    const std::lock_guard lock(mutex_);
    return report_.failures.size() >= how_.most_failures || (how_.enough && how_.enough());
  }
  [[nodiscard]] report take() { return std::move(report_); }

private:
  failure describe(plan what, const run_result& result) {
    auto violations = result.violations;
    if (how_.shrink && !what.target) {
      what = shrunk(what, make_);
      violations = try_run(what, make_).violations;
      if (violations.empty()) violations = result.violations; // another run, another thread's luck
    }
    return {what.seed,
            what.requests,
            what.faults,
            what.mode,
            violations,
            what.target
                ? "case " + what.target->name()
                : "again: ENSEMBLE_SIMULATION=\"" + to_text(what) + "\" " + how_.replay_command};
  }

  const scenario_maker& make_;
  const options& how_;
  std::mutex mutex_;
  report report_{};
};

void run_in_threads(campaign& all, const options& how) {
  std::atomic<std::size_t> next = 0;
  std::mutex mutex;
  std::exception_ptr thrown;
  const auto work = [&] {
    try {
      for (auto n = next++; n < how.seeds && !all.over(); n = next++)
        all.run_one(draw_plan(how.first_seed + n, how),
                    how.repeat_every > 0 && n % how.repeat_every == 0);
    } catch (...) {
      const std::lock_guard lock(mutex);
      thrown = std::current_exception();
      next = how.seeds;
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t n = 1; n < how.threads; ++n) threads.emplace_back(work);
  work();
  for (auto& t : threads) t.join();
  if (thrown) std::rethrow_exception(thrown);
}

} // namespace

report simulate(const scenario_maker& make, const options& how) {
  if (how.requests == 0 || how.threads == 0)
    throw error(errc::bad_argument, "simulate: requests and threads must be > 0");
  if (const char* named = std::getenv("ENSEMBLE_SIMULATION")) {
    auto as_named = how;
    as_named.shrink = false; // its log is to be read
    campaign one(make, as_named);
    one.run_one(read_plan(named), false);
    return one.take();
  }
  const silence quiet;
  campaign all(make, how);
  run_in_threads(all, how);
  return all.take();
}

namespace {

/// A step whose failure leads to the undo of the other: one behind it that may fail, and comes as
/// late as possible, so that all in between is done.
std::optional<std::size_t> failing_behind(const process_definition& p, std::size_t undone) {
  std::optional<std::size_t> found;
  for (std::size_t n = undone + 1; n < p.steps.size(); ++n)
    if (!p.steps[n].awaits() && !p.steps[n].only_if && !(from_pivot_on(p, n) && !p.steps[n].pivot))
      found = n;
  return found;
}

bool can_happen(const process_definition& p, const step_case& c) {
  const auto step = p.find_step(c.step);
  if (!step || p.steps[*step].awaits()) return false;
  if (c.direction == direction::undo) return failing_behind(p, *step).has_value();
  return true;
}

call_fate fate_of(happening what) {
  switch (what) {
  case happening::failure: return call_fate::fails;
  case happening::rejection: return call_fate::refuses;
  case happening::timeout: return call_fate::throws;
  default: return call_fate::decides;
  }
}

plan plan_for(const process_definition& p, const step_case& c, std::uint64_t seed,
              process_mode mode) {
  plan made;
  made.seed = seed;
  made.mode = mode;
  made.target = c;
  if (c.what == happening::late) made.faults = {fault::pause, fault::delayed_message};
  made.forced.push_back({c.process, c.step, c.direction, fate_of(c.what), c.event});
  if (c.direction == direction::undo) {
    const auto step = p.find_step(c.step);
    const auto& failing = p.steps[*failing_behind(p, *step)];
    made.forced.push_back({c.process, failing.name, direction::forward, call_fate::refuses, {}});
  }
  return made;
}

/// So many seeds are tried before a case counts as one that cannot be made to happen.
constexpr std::uint64_t most_tries = 200;

} // namespace

std::vector<step_case> generate_failure_tests(const process_definition& process) {
  auto all = step_cases(process);
  std::erase_if(all, [&](const step_case& c) { return !can_happen(process, c); });
  return all;
}

report make_happen(const step_case& which, const scenario_maker& make) {
  const silence quiet;
  const options how;
  report all;
  for (const auto mode : {process_mode::orchestration, process_mode::choreography}) {
    for (std::uint64_t seed = 1;; ++seed) {
      const auto world = make(seed, 1);
      const auto at = std::ranges::find(world.processes, which.process, &process_definition::name);
      if (at == world.processes.end() || !can_happen(*at, which))
        throw error(errc::bad_argument,
                    "make_happen: no process of the scenario can have the case " + which.name());
      campaign one(make, how);
      one.run_one(plan_for(*at, which, seed, mode), false);
      auto found = one.take();
      const bool met = found.coverage.met[which] > 0;
      if (!met && seed < most_tries) continue;
      add(all, found);
      all.failures.insert(all.failures.end(), found.failures.begin(), found.failures.end());
      break;
    }
  }
  return all;
}

} // namespace ensemble::simulation
