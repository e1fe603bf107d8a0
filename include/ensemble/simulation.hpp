#pragma once

#include <ensemble/journal.hpp>
#include <ensemble/process.hpp>
#include <ensemble/service.hpp>
#include <ensemble/subscription.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

// Deterministic simulation: the whole runtime, its real actors, in one thread, in virtual time, on
// a simulated disk, with faults; all of it follows from a seed. For the tests of your own
// processes: link `ensemble::simulation`. After FoundationDB's and TigerBeetle's simulators.

namespace ensemble::simulation {

/// What may go wrong.
enum class fault {
  power_cut,         ///< the program ends between any two messages; what was not synced is lost
  cut_before_commit, ///< it ends as a commit begins: nothing of it is recorded
  cut_after_commit,  ///< it ends when the commit is durable, and nobody has been told
  failed_commit,     ///< the disk fails; whether the commit is recorded is unknown
  full_disk,         ///< for a while there is no space
  slow_disk,         ///< commits take 1 to 500 ms
  dead_actor,        ///< one actor dies, with its mailbox
  lost_message,      ///< a command, or the note that an attempt failed, does not arrive
  delayed_message,   ///< these and the bus's batches come later, in another order
  doubled_message,   ///< they come twice
  pause,             ///< the whole program stands still for up to a minute
  clock_jump,        ///< the clock is set, up to ten seconds forth or back
  call_throws,       ///< a service's handler throws, once or several times
  call_refuses,      ///< it refuses the command
  call_fails,        ///< it answers with an event that the step declares as its failure
  slow_call,         ///< an effect takes up to a minute
  lost_answer,       ///< the program ends when an effect has happened, and before its outcome
  operator_word,     ///< an operator aborts or retries an instance, or skips something of it
  new_version,       ///< the program ends, and has the next version of a process when it starts
};
/// The name of a fault, as in `power_cut`; and back, nothing for any other text.
[[nodiscard]] std::string_view to_string(fault what) noexcept;
[[nodiscard]] std::optional<fault> parse_fault(std::string_view name) noexcept;
/// Every fault there is.
[[nodiscard]] const std::set<fault>& all_faults();

/// A client's command. Clients that are not answered, or told that it is unknown, ask again.
struct request {
  std::string service{};
  message command{};
};

/// Tells what does not hold, in a sentence that begins with the invariant's name.
using tell_violation = std::function<void(const std::string& text)>;

/// What is simulated: one world, made anew for each run, so that no state of one run is seen by
/// another. All functions are called in the thread of that run.
struct scenario {
  std::vector<service_definition> services{};
  /// Of a process that is here in several versions, a run with fault::new_version begins with the
  /// lowest, and adds the next at a later start.
  std::vector<process_definition> processes{};
  std::vector<subscription_definition> subscriptions{};
  std::vector<request> requests{};
  /// Whether `check` bears that an operator passes over any step, undo or last word
  /// (fault::operator_word). Aborts and retries it must bear.
  bool may_be_skipped = false;
  /// Holds the journal, once everything has healed and ended, against what your services promise
  /// (money, stock). May be empty.
  std::function<void(journal_reader& journal, const tell_violation& tell)> check{};
};
/// Makes a world; the same one for the same seed and number of requests.
using scenario_maker = std::function<scenario(std::uint64_t seed, std::size_t requests)>;

/// What can happen to a step, or to its undo.
enum class happening {
  success,    ///< its event
  failure,    ///< an event that it declares as its failure
  rejection,  ///< the service refused
  timeout,    ///< no outcome in time, or all attempts failed
  duplicate,  ///< the command was given twice, at once or one after the other
  cut_before, ///< the program ended just before the outcome was durable
  cut_after,  ///< and just after it
  late,       ///< the outcome came when the step had been given up
};
/// The name of a happening, as in `late`.
[[nodiscard]] std::string_view to_string(happening what) noexcept;

/// One thing that can happen: to be met by chance (coverage), or made to happen (failure tests).
struct step_case {
  std::string process{};
  std::string step{};
  ensemble::direction direction = ensemble::direction::forward; ///< or undo
  happening what = happening::success;
  std::string event{}; ///< of a success or failure: which

  /// For people and for the names of tests: letters, digits and `_`.
  [[nodiscard]] std::string name() const;
  friend auto operator<=>(const step_case&, const step_case&) = default;
};

/// Everything that can happen to the steps of a process: what coverage counts.
[[nodiscard]] std::vector<step_case> step_cases(const process_definition& process);

/// How often each case was met.
struct coverage {
  std::map<step_case, std::uint64_t> met{}; ///< all cases, those that were never met with 0

  /// Of all cases, or of those of one direction (undo: the compensation coverage), the share that
  /// was met, in percent; 100 if there are none.
  [[nodiscard]] double percent(std::optional<direction> of = {}) const;
  [[nodiscard]] std::vector<step_case> never_met() const;
  void add(const coverage& other);
};

struct options {
  /// Seeds from here on, one run each.
  std::uint64_t first_seed = 1;
  std::size_t seeds = 1'000;
  /// No further seed begins once this says so; empty: all of them. Called by every thread.
  std::function<bool()> enough{};
  /// How the processes are run. None: each run draws its mode, and may go on in the other one after
  /// a restart.
  std::optional<process_mode> mode{};
  /// Of these each run draws up to `most_faults` kinds; one run in ten is calm.
  std::set<fault> faults = all_faults();
  std::size_t most_faults = 4;
  /// Each run draws how many requests its clients have, from 1 to this.
  std::size_t requests = 12;
  /// Runs that go on at once, each in a thread.
  std::size_t threads = 1;
  /// Of every so many seeds one is run twice, and both runs must be the same. 0: none.
  std::size_t repeat_every = 100;
  /// After so many runs with violations no further one begins.
  std::size_t most_failures = 1;
  /// Fewer faults and requests are tried for a run with violations, as long as one is left.
  bool shrink = true;
  /// What to print in front of the seed for people who want to run it again. See `simulate`.
  std::string replay_command{};
};

/// A run that went wrong, made as small as it could be.
struct failure {
  std::uint64_t seed = 0;
  std::size_t requests = 0;
  std::set<fault> faults{};
  process_mode mode{};
  std::vector<std::string> violations{};
  /// How to run it again.
  std::string replay{};
};

struct report {
  std::uint64_t runs = 0;
  std::uint64_t calm_runs = 0;
  std::uint64_t danced_runs = 0; ///< that began so
  std::uint64_t requests = 0;
  std::uint64_t instances = 0;
  std::uint64_t events = 0;
  std::uint64_t messages = 0;              ///< that actors took
  std::uint64_t restarts = 0;              ///< of the whole program, by whatever fault
  std::map<fault, std::uint64_t> faults{}; ///< how often each happened
  std::chrono::seconds simulated{};        ///< virtual time, of all runs
  std::uint64_t repeated = 0;              ///< runs that were run twice
  std::uint64_t hash = 0; ///< of all runs: the same for the same seeds, options and library
  ensemble::simulation::coverage coverage{};
  std::vector<failure> failures{};

  [[nodiscard]] bool holds() const noexcept { return failures.empty(); }
  /// For people: what was run, what was met and never met, and what went wrong.
  [[nodiscard]] std::string text() const;
};

/// Runs the scenario for every seed, heals every fault at the end of each run, and checks that then
/// every process has ended, that what clients were told, and all that the definitions promise,
/// holds of the journal (verify_history: S1 to S8, G1 to G5, G9 to G11, and in some runs G12), that
/// subscriptions saw all of it in order (C1, C2), that an operator's word under one key is recorded
/// once at most and that a deployed version cannot be replaced (rules 18 and 16), that neither the
/// runtime nor an actor of it failed by a fault of its own, and what `check` of the scenario
/// checks. Violations are values of the report, not exceptions.
///
/// What a run does follows from its seed alone. In place of `options`' seeds the environment
/// variable ENSEMBLE_SIMULATION may name one run, as the failures of a report do:
/// `seed=17 requests=2 mode=choreography faults=power_cut,call_throws`.
///
/// While it runs the library's log is silent, but for a run that the environment names. Throws
/// errc::bad_argument for options out of range or an environment variable that cannot be read, and
/// errc::bad_definition as runtime::start does.
[[nodiscard]] report simulate(const scenario_maker& make, const options& how = {});

/// Makes one case happen, in runs of one request without other faults, in each of `modes`, and
/// checks the same as `simulate`. A case that cannot be made to happen is a violation; see
/// generate_failure_tests for those that can. Parameterised tests are made so:
///
///     class Failures : public testing::TestWithParam<simulation::step_case> {};
///     TEST_P(Failures, EndsAsItShould) {
///       const auto report = simulation::make_happen(GetParam(), scenario);
///       EXPECT_TRUE(report.holds()) << report.text();
///     }
///     INSTANTIATE_TEST_SUITE_P(Orders, Failures,
///         testing::ValuesIn(simulation::generate_failure_tests(order_fulfilment())),
///         [](const auto& test) { return test.param.name(); });
[[nodiscard]] report make_happen(const step_case& which, const scenario_maker& make);

/// The systematic list: of step_cases those that can be made to happen. An undo can where the step
/// may be followed by a failure; a pivot is never undone.
[[nodiscard]] std::vector<step_case> generate_failure_tests(const process_definition& process);

} // namespace ensemble::simulation
