#include "crash/kills.hpp"

#include "crash/journal_life.hpp"
#include "journal/sqlite_layer.hpp"

#include <atomic>
#include <csignal>
#include <exception>
#include <functional>
#include <iostream>
#include <random>
#include <stdexcept>
#include <string>

#include <sys/wait.h>
#include <unistd.h>

namespace crash {

using namespace ensemble;
using journal_tests::layer_file;

namespace {

// The layer below SQLite that strikes at the nth operation that changes the disk.
class striking_layer final : public journal_tests::vfs_layer {
public:
  striking_layer(strike what, std::uint64_t nth) : what_(what), nth_(nth) {}

  [[nodiscard]] std::uint64_t operations() const { return operations_; }
  [[nodiscard]] bool struck() const { return operations_ >= nth_; }
  /// The first that failed.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  /// What was written to the log behind a failure: nothing may be.
  [[nodiscard]] std::uint64_t written_since() const { return written_since_; }

private:
  int write(layer_file& f, const void* from, int size, std::int64_t to) override {
    if (f.what == layer_file::kind::other) return vfs_layer::write(f, from, size, to);
    if (f.what == layer_file::kind::log && failed_) ++written_since_;
    return operate(
        "write to " + f.name,
        [&](int n) { return n > 0 ? vfs_layer::write(f, from, n, to) : SQLITE_OK; }, size,
        SQLITE_IOERR_WRITE);
  }
  int truncate(layer_file& f, std::int64_t size) override {
    return operate(
        "truncation of " + f.name,
        [&](int n) { return n > 0 ? vfs_layer::truncate(f, size) : SQLITE_OK; }, 1,
        SQLITE_IOERR_TRUNCATE);
  }
  // Nothing is cut off from its power here, so nothing is really synced.
  int sync(layer_file& f, int) override {
    return operate(
        "sync of " + f.name, [](int) { return SQLITE_OK; }, 1, SQLITE_IOERR_FSYNC);
  }
  int remove(const char* path, bool sync_directory) override {
    return operate(
        std::string("removal of ") + path,
        [&](int n) { return n > 0 ? vfs_layer::remove(path, sync_directory) : SQLITE_OK; }, 1,
        SQLITE_IOERR_DELETE);
  }

  // `act` does the first n units of the operation.
  template <class Act>
  int operate(const std::string& what, Act act, int size, int error) {
    const auto n = ++operations_;
    if (n < nth_ || (n > nth_ && what_ != strike::fail_for_ever)) return act(size);
    if (what_ != strike::kill) {
      if (!failed_.exchange(true)) failure_ = what;
      return error;
    }
    const auto way = nth_ % 3;
    if (way > 0) (void)act(way == 1 ? size / 2 : size);
    ::kill(::getpid(), SIGKILL);
    ::pause();
    return error;
  }

  strike what_;
  std::uint64_t nth_;
  std::atomic<std::uint64_t> operations_ = 0;
  std::atomic<bool> failed_ = false;
  std::string failure_;
  std::atomic<std::uint64_t> written_since_ = 0;
};

enum exit_code : int { all_well = 0, was_wrong = 1, was_not_struck = 2 };
constexpr int was_killed = -1;

// Runs a function in a child of its own; its exit code, or that it was killed.
int in_a_child(const std::function<exit_code()>& what) {
  std::cout.flush();
  const auto child = ::fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) {
    int code = was_wrong;
    try {
      code = what();
    } catch (const std::exception& why) {
      std::cout << "  a child threw: " << why.what() << '\n';
    }
    std::cout.flush();
    ::_exit(code);
  }
  int ended = 0;
  while (::waitpid(child, &ended, 0) < 0) {
  }
  if (WIFEXITED(ended)) return WEXITSTATUS(ended);
  return WIFSIGNALED(ended) && WTERMSIG(ended) == SIGKILL ? was_killed : was_wrong;
}

exit_code tell(const findings& wrong) {
  for (const auto& one : wrong) std::cout << "  " << one << '\n';
  return wrong.empty() ? all_well : was_wrong;
}

class strikes {
public:
  explicit strikes(const kill_options& options) : options_(options), random_(options.seed) {
    std::filesystem::create_directories(options.directory);
    life_.journal = (options.directory / "journal.db").string();
    life_.durability = options.durability;
    life_.mode = options.mode.value_or(process_mode::orchestration);
    life_.shown = &evidence::make();
  }

  kill_tally run() {
    auto nth = options_.first;
    for (std::uint64_t n = 0; n < options_.most && tally_.violations == 0; ++n) {
      if (!one(nth)) break;
      nth += options_.every;
    }
    return tally_;
  }

private:
  // False: the workload has no such operation.
  bool one(std::uint64_t nth) {
    forget();
    const auto ended = in_a_child([&] { return struck_life(options_.what, nth, false); });
    if (ended == was_not_struck) return false;
    if (options_.what == strike::kill) {
      if (ended != was_killed) return wrong(nth, "it was not killed");
      ++tally_.kills;
      kill_the_recovery();
    } else {
      ++tally_.faults;
      if (ended != all_well) return wrong(nth, "it did not bear the fault");
    }
    if (in_a_child([&] { return last_life(); }) != all_well) return wrong(nth, "see above");
    return true;
  }

  // Every second time, once or twice.
  void kill_the_recovery() {
    while (random_() % 2 == 0) {
      const auto nth = 1 + random_() % (options_.mode ? 120 : 30);
      const auto ended = in_a_child([&] { return struck_life(strike::kill, nth, true); });
      if (ended != was_killed) return;
      ++tally_.kills;
      ++tally_.again;
    }
  }

  exit_code struck_life(strike what, std::uint64_t nth, bool recovery) {
    striking_layer disk(what, nth);
    auto life = life_;
    life.operations = [&] { return disk.operations(); };
    const auto result = run_workload(life, recovery);
    if (const auto code = tell(result.wrong); code != all_well) return code;
    // The journal's own workload opens it again in the same life, which is a restart.
    // One that syncs behind its commits may be in the middle of the next when a sync fails.
    const bool stops_at_once = options_.durability != durability::speculative;
    if (options_.mode && stops_at_once && disk.written_since() > 0)
      return tell({"the log was written to behind a failure: " + disk.failure()});
    return disk.struck() ? all_well : was_not_struck;
  }

  [[nodiscard]] life_result run_workload(const life_options& life, bool recovery) const {
    if (options_.mode) return live(life);
    if (!recovery) return live_as_journal(life, options_.seed);
    (void)open_with_short_log(opening()); // and close it again
    return {};
  }

  [[nodiscard]] journal_options opening() const {
    journal_options made;
    made.path = life_.journal;
    made.durability = life_.durability;
    made.headroom = 0;
    return made;
  }

  // Nothing strikes any more.
  exit_code last_life() {
    {
      const auto own = open_with_short_log(opening());
      const auto reader = own->open_reader();
      auto found = verify_shown(*reader, *life_.shown, ~std::uint64_t{});
      if (!options_.mode)
        for (auto& one : verify_count(*reader)) found.push_back(std::move(one));
      if (!found.empty() || !options_.mode) return tell(found);
    }
    auto result = live(life_);
    if (!result.failed.empty()) result.wrong.push_back(result.failed);
    if (result.wrong.empty()) result.wrong = verify_the_end(life_);
    return tell(result.wrong);
  }

  bool wrong(std::uint64_t nth, const std::string& what) {
    ++tally_.violations;
    std::cout << "VIOLATION, operation " << nth << ": " << what
              << "; the files: " << options_.directory.string() << std::endl;
    return false;
  }

  void forget() const {
    static const evidence nothing{};
    life_.shown->become(nothing, 0);
    for (const char* suffix : {"", "-wal", "-shm", "-journal"})
      std::filesystem::remove(life_.journal + suffix);
  }

  kill_options options_;
  std::mt19937_64 random_;
  life_options life_;
  kill_tally tally_;
};

} // namespace

kill_tally strike_everywhere(const kill_options& options) { return strikes(options).run(); }

} // namespace crash
