#include "explorer/check_comparison.hpp"
#include "explorer/world.hpp"
#include "model/planted_bug.hpp"
#include "node/racing_owners.hpp"
#include "simulation/program/damaged_files.hpp"
#include "simulation/random_scenario.hpp"
#include "simulation/trip_scenario.hpp"

#include <ensemble/history.hpp>
#include <ensemble/simulation.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// Proof that the tests can fail: bugs that are planted into a copy of the library, each of which
// must be caught. docs/mutants.md lists them; scripts/mutants runs this.

namespace {

using ensemble::planted_bug;
namespace simulation = ensemble::simulation;

/// What is to catch a bug: the explorer of the model, whose checks share nothing with the engine,
/// the simulation of the whole runtime, the history of clients who race for the journal, nodes
/// that race for shards, what `check` says of random definitions, or copies of files, and damage to
/// them.
enum class catcher { explorer, simulation, journal, owners, check, files };

struct mutant {
  std::string name{}; ///< as in ENSEMBLE_PLANTED(name)
  std::string breaks{};
  catcher by = catcher::simulation;
  explorer::faults around{}; ///< a bug in what surrounds the model
};

const std::vector<mutant>& mutants() {
  using enum catcher;
  static const std::vector<mutant> all{
      {"no_closing", "rule 3", explorer, {}},
      {"undo_instead_of_close", "rule 3", explorer, {}},
      {"no_freezing", "rule 4, G5", explorer, {}},
      {"undo_order", "rule 4, G5", explorer, {}},
      {"abort_before_undos", "rule 3, G4", explorer, {}},
      {"completes_early", "rule 6, G2", explorer, {}},
      {"evaluated_anew", "rule 5", explorer, {}},
      {"back_after_pivot", "rule 6, G2", explorer, {}},
      {"refused_undo_is_done", "rule 6, G4", explorer, {}},
      {"rejection_is_success", "rule 6", explorer, {}},
      {"acknowledged_is_success", "rule 6", explorer, {}},
      {"second_outcome_counts", "rule 6, G10", explorer, {}},
      {"same_round", "rule 2", explorer, {}},
      {"deadline_while_finishing", "rule 6", explorer, {}},
      {"no_delay", "G9", explorer, {}},
      {"timer_early", "rule 10, G9", explorer, {}},
      {"no_wake", "G9", explorer, {}},
      {"tries_for_ever", "rule 10, G11", explorer, {}},
      {"no_pause_between_attempts", "rule 10, G11", explorer, {}},
      {"idle_alone", "rule 17", explorer, {}},
      {"fold_by_topic", "rule 8, G12", explorer, {.fold_by_topic = true}},
      {"leave_gaps", "rule 8, G12", explorer, {.leave_gaps = true}},
      {"act_for_another", "rule 9, G12", explorer, {.act_for_another = true}},
      {"abort_after_pivot", "rule 18, G2", explorer, {}},
      {"skip_without_close", "rule 18, G4", explorer, {}},
      {"condition_one_way", "rule 20", check, {}},
      {"check_calls_conditions", "rule 20", check, {}},
      {"reduced_too_far", "rule 20", check, {}},
      {"proven_beyond_budget", "rule 20", check, {}},
      {"ack_before_commit", "S1, G6", simulation, {}},
      {"no_sync", "S1", simulation, {}},
      {"leaves_before_durable", "rule 19, G6", simulation, {}},
      {"sync_left_out", "rule 19, G6", simulation, {}},
      {"goes_on_after_failed_sync", "S10", simulation, {}},
      {"full_disk_loses_accepted", "S10, N4", simulation, {}},
      {"half_a_request", "rule 12, S2", journal, {}},
      {"repeat_not_found", "rule 11, S8", journal, {}},
      {"expected_row_ignored", "G7", owners, {}},
      {"expected_version_ignored", "rule 12, S7", journal, {}},
      {"refused_append_recorded", "S3", journal, {}},
      {"version_twice", "S4", journal, {}},
      {"checksum_not_compared", "S9", files, {}},
      {"backup_without_log", "S11", files, {}},
      {"idempotency_key_forgotten", "rule 11, S8, D4", simulation, {}},
      {"event_id_not_unique", "rule 1, G3", simulation, {}},
      {"refusal_before_durable", "rule 13, S8", simulation, {}},
      {"no_look_up", "rule 11, S8", simulation, {}},
      {"void_not_remembered", "rule 3, G4", simulation, {}},
      {"close_without_cancel", "rule 14, G4", simulation, {}},
      {"cancel_by_another_key", "rule 14, G4", simulation, {}},
      {"fresh_effect_key", "rule 14, G3", simulation, {}},
      {"gap_not_read", "rule 8, G1", simulation, {}},
      {"undo_needs_credit", "rule 17, N4", simulation, {}},
      {"nothing_resumed", "rule 15, G1", simulation, {}},
      {"tail_of_book_forgotten", "rule 15, G1", simulation, {}},
      {"stuck_unseen", "G1", simulation, {}},
      {"early_event_dropped", "rule 7", simulation, {}},
      {"callers_forgotten", "D4", simulation, {}},
      {"clock_set_back", "G9", simulation, {}},
      {"checkpoint_before_effect", "C3", simulation, {}},
      {"order_key_ignored", "C1", simulation, {}},
      {"poison_dropped", "C2, C4", simulation, {}},
      {"loaded_on_top", "S11", simulation, {}},
      {"newest_version_for_all", "rule 16", simulation, {}},
      {"deployment_not_recorded", "rule 16", simulation, {}},
      {"structure_not_compared", "rule 16", simulation, {}},
      {"word_key_forgotten", "rule 18, S8", simulation, {}},
      {"policy_id_not_derived", "C2", simulation, {}},
  };
  return all;
}

simulation::scenario either(std::uint64_t seed, std::size_t requests) {
  return seed % 2 == 0 ? scenarios::trip_scenario(seed, requests)
                       : scenarios::random_scenario(seed, requests);
}

struct caught {
  bool at_all = false;
  std::uint64_t seeds = 0; ///< so many were tried
  std::string how{};
};

/// What tells a participant that alone has the bug from the conductor, on an honest journal.
std::string differ(const mutant& m, std::uint64_t seed) {
  auto around = m.around;
  around.bug_of_one = std::exchange(planted_bug, {});
  explorer::world w(seed, explorer::mode::danced);
  w.run();
  w.violations.clear();
  (void)explorer::compare_every_prefix(w, seed, around);
  planted_bug = around.bug_of_one;
  return w.violations.empty() ? std::string() : w.violations.front();
}

caught explore(const mutant& m, std::uint64_t most) {
  for (std::uint64_t seed = 1; seed <= most; ++seed) {
    for (const auto mode : {explorer::mode::conducted, explorer::mode::danced}) {
      const auto found = explorer::explore(seed, mode, m.around);
      if (!found.empty()) return {true, seed, found.front()};
    }
    if (auto found = differ(m, seed); !found.empty()) return {true, seed, found};
  }
  return {false, most, {}};
}

/// Operators and new versions only for the bugs that they are for: the fewer kinds of faults, the
/// oftener does a run have the two that a bug needs.
std::set<simulation::fault> faults_for(const mutant& m) {
  auto kinds = simulation::all_faults();
  if (m.name.empty() || m.breaks.starts_with("rule 16") || m.breaks.starts_with("rule 18"))
    return kinds;
  kinds.erase(simulation::fault::operator_word);
  kinds.erase(simulation::fault::new_version);
  return kinds;
}

caught simulate(const mutant& m, std::uint64_t first, std::uint64_t most, std::size_t threads) {
  simulation::options how;
  how.faults = faults_for(m);
  how.first_seed = first;
  how.seeds = most;
  how.threads = threads;
  how.repeat_every = 0;
  how.shrink = false;
  const auto report = simulation::simulate(either, how);
  if (report.holds()) return {false, report.runs, {}};
  const auto& failed = report.failures.front();
  return {true, report.runs, failed.violations.front()};
}

/// Clients who know of the streams what they were told last, and so are sometimes late; and who
/// sometimes ask for the same thing again.
class racing_clients {
public:
  explicit racing_clients(std::uint64_t seed) : seed_(seed), dice_(seed) {}

  /// What their history does not allow; empty: nothing.
  std::string run() {
    try {
      while (now_ < 120) ask();
    } catch (const ensemble::error& e) {
      return e.what();
    }
    const auto report = ensemble::verify_history(*journal_->open_reader(), told_);
    if (report.holds()) return {};
    const auto& first = report.found.first().front();
    return first.rule + ": " + first.text;
  }

private:
  void ask() {
    const auto client = dice_.below(3);
    ensemble::asked_append one;
    one.request = !told_.appends.empty() && dice_.chance(0.2)
                      ? told_.appends[dice_.below(told_.appends.size())].request
                      : new_request(client);
    one.asked = ++now_;
    one.result = journal_->commit({&one.request, 1}, ensemble::timestamp{}).front();
    one.answer = ensemble::told(one.result.state);
    one.answered = ++now_;
    for (std::size_t n = 0; n < one.result.lengths.size(); ++n)
      known_[{client, one.request.streams[n].stream}] = one.result.lengths[n];
    told_.appends.push_back(std::move(one));
  }

  ensemble::append_request new_request(std::size_t client) {
    ensemble::append_request request;
    const auto id = ensemble::command_id::of(1, seed_ * 1'000 + now_ * 4);
    const auto streams = 1 + dice_.below(2);
    for (std::uint32_t n = 0; n < streams; ++n) {
      const auto name = "s-" + std::to_string((now_ / 2 + n) % 3);
      ensemble::new_event e;
      e.id = ensemble::make_event_id(id, n);
      e.index = n;
      e.last = n + 1 == streams;
      e.body = trials::begun{name};
      const auto expected = dice_.chance(0.3)
                                ? ensemble::expected_version::any()
                                : ensemble::expected_version::exactly(known_[{client, name}]);
      request.streams.push_back({name, expected, {e}});
    }
    return request;
  }

  std::uint64_t seed_;
  explorer::dice dice_;
  std::unique_ptr<ensemble::journal> journal_ = ensemble::open_journal({});
  ensemble::history told_{};
  ensemble::history_moment now_ = 0;
  std::map<std::pair<std::size_t, std::string>, std::uint64_t> known_{};
};

caught each_seed(std::uint64_t most, const std::function<std::string(std::uint64_t)>& attempt) {
  for (std::uint64_t seed = 1; seed <= most; ++seed)
    if (auto found = attempt(seed); !found.empty()) return {true, seed, found};
  return {false, most, {}};
}

caught race(std::uint64_t most) {
  return each_seed(most, [](std::uint64_t seed) { return racing_clients(seed).run(); });
}

caught race_owners(std::uint64_t most) {
  return each_seed(most, [](std::uint64_t seed) {
    const auto journal = ensemble::open_journal({});
    node_tests::racing_owners race(seed);
    race.go_on(*journal);
    return race.violation(*journal->open_reader());
  });
}

caught check_definitions(std::uint64_t most) {
  explorer::check_comparison all;
  return each_seed(most, [&](std::uint64_t seed) { return explorer::compare_check(seed, all); });
}

const char* name_of(catcher by) {
  switch (by) {
  case catcher::explorer: return "explorer";
  case catcher::simulation: return "simulation";
  case catcher::journal: return "journal";
  case catcher::owners: return "owners";
  case catcher::check: return "check";
  case catcher::files: return "files";
  }
  return "";
}

caught look_for(const mutant& m, std::uint64_t first, std::uint64_t most, std::size_t threads) {
  switch (m.by) {
  case catcher::explorer: return explore(m, most);
  case catcher::simulation: return simulate(m, first, most, threads);
  case catcher::journal: return race(most);
  case catcher::owners: return race_owners(most);
  case catcher::check: return check_definitions(most);
  case catcher::files: return each_seed(most, try_files);
  }
  return {};
}

caught try_out(const mutant& m, std::uint64_t first, std::uint64_t most, std::size_t threads) {
  planted_bug = m.name;
  auto found = look_for(m, first, most, threads);
  planted_bug.clear();
  return found;
}

} // namespace

int main(int argc, char** argv) {
  CLI::App app("Plants bugs into the library, and sees each one caught");
  std::uint64_t first = 1;
  std::uint64_t most = 20'000; // the rarest is met once in some thousands
  std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
  bool list = false;
  std::vector<std::string> names;
  app.add_option("--seed", first, "the first seed")->capture_default_str();
  app.add_option("--seeds", most, "of each bug, at most")->capture_default_str();
  app.add_option("--threads", threads)->capture_default_str();
  app.add_flag("--list", list, "only the names");
  app.add_option("names", names, "only these");
  CLI11_PARSE(app, argc, argv);

  std::size_t tried = 0;
  std::size_t missed = 0;
  if (!list && names.empty()) { // the nets catch nothing where there is nothing
    const auto clean = std::vector{
        explore({}, 200),       simulate({}, first, 200, threads), race(200), race_owners(200),
        check_definitions(100), each_seed(50, try_files)};
    for (const auto& c : clean)
      if (c.at_all) {
        std::printf("without a bug: %s\n", c.how.c_str());
        return 1;
      }
  }
  for (const auto& m : mutants()) {
    if (!names.empty() && std::ranges::find(names, m.name) == names.end()) continue;
    if (list) {
      std::printf("%s\n", m.name.c_str());
      continue;
    }
    const auto got = try_out(m, first, most, threads);
    ++tried;
    missed += got.at_all ? 0 : 1;
    std::printf("%-26s %-16s %-10s %s %5llu seeds  %.120s\n", m.name.c_str(), m.breaks.c_str(),
                name_of(m.by), got.at_all ? "caught in" : "MISSED in",
                static_cast<unsigned long long>(got.seeds), got.how.c_str());
    std::fflush(stdout);
  }
  if (!list) std::printf("%zu of %zu planted bugs caught\n", tried - missed, tried);
  return missed == 0 ? 0 : 1;
}
