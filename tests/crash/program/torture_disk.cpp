// The crash matrix: power cuts, kills and I/O errors at every operation on the disk, in workloads
// of the runtime in both modes and of the journal alone.

#include "crash/kills.hpp"
#include "crash/power_cuts.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <deque>
#include <functional>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace crash;
using ensemble::process_mode;

constexpr std::string_view usage =
    R"(torture_disk [--images N] [--kills N] [--faults N] [--seed S] [--minutes M]
             [--synchronous full|normal|behind] [--jobs J] [--only WHAT]
  --images N   at least so many power cuts (default 60000)
  --kills N    at least so many killed processes (default 5000)
  --faults N   at least so many failed operations (default 1000)
  --seed S     from which cuts are drawn (default 1)
  --minutes M  begin nothing new after that (default: no limit)
  --synchronous normal  power cuts only, of a journal that does not sync its commits:
               they must find lost events; what else must hold still must
  --synchronous behind  of journals under speculative durability, which sync behind the commit
  --jobs J     processes at once (default: twice the processors)
  --only WHAT  only power, kill, fault; or one task by its full name, as it is printed
Every operation of each workload is cut, killed and failed; rounds with further seeds follow until
there are enough. Prints one line with the counts at the end; status 1 if anything was wrong.
)";

struct settings {
  std::uint64_t images = 60'000;
  std::uint64_t kills = 5'000;
  std::uint64_t faults = 1'000;
  std::uint64_t seed = 1;
  std::uint64_t minutes = 0;
  std::uint64_t jobs = 2 * std::max(1U, std::thread::hardware_concurrency());
  ensemble::durability durability = ensemble::durability::durable;
  std::string only{};
};

/// What all tasks together, or one of them, came to. Sent through a pipe.
struct counts {
  cut_tally cuts{};
  kill_tally kills{};
  void add(const counts& other) {
    cuts.operations += other.cuts.operations;
    cuts.images += other.cuts.images;
    cuts.lost += other.cuts.lost;
    cuts.resumed += other.cuts.resumed;
    cuts.recoveries += other.cuts.recoveries;
    cuts.violations += other.cuts.violations;
    kills.kills += other.kills.kills;
    kills.again += other.kills.again;
    kills.faults += other.kills.faults;
    kills.violations += other.kills.violations;
  }
  [[nodiscard]] std::uint64_t violations() const { return cuts.violations + kills.violations; }
};

struct task {
  std::string name{};
  std::function<counts(const std::filesystem::path&)> run{};
};

const std::vector<std::pair<std::string, std::optional<process_mode>>>& workloads() {
  static const std::vector<std::pair<std::string, std::optional<process_mode>>> all{
      {"orchestration", process_mode::orchestration},
      {"choreography", process_mode::choreography},
      {"journal", std::nullopt}};
  return all;
}

task power_task(const settings& s, const std::string& name, std::optional<process_mode> mode,
                std::uint64_t seed) {
  return {"power-" + name + "-" + std::to_string(seed), [=](const std::filesystem::path& where) {
            cut_options options;
            options.directory = where;
            options.seed = seed;
            options.mode = mode;
            options.durability = s.durability;
            counts made;
            made.cuts = cut_the_power(options);
            return made;
          }};
}

// One of `lanes` tasks that share the operations of a workload.
task strike_task(const settings& s, const std::string& name, std::optional<process_mode> mode,
                 strike what, std::uint64_t seed, std::uint64_t lane, std::uint64_t lanes) {
  const std::string kind = what == strike::kill        ? "kill-"
                           : what == strike::fail_once ? "fault-once-"
                                                       : "fault-ever-";
  return {kind + name + "-" + std::to_string(seed) + "-" + std::to_string(lane) + "of" +
              std::to_string(lanes),
          [=](const std::filesystem::path& where) {
            kill_options options;
            options.directory = where;
            options.seed = seed;
            options.mode = mode;
            options.durability = s.durability;
            options.what = what;
            options.first = 1 + lane;
            options.every = lanes;
            counts made;
            made.kills = strike_everywhere(options);
            return made;
          }};
}

/// Runs tasks in children, several at once.
class crew {
public:
  explicit crew(std::uint64_t jobs) : jobs_(jobs), place_(make_place()) {}
  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;
  ~crew() {
    std::error_code ignored;
    if (total_.violations() == 0) std::filesystem::remove_all(place_, ignored);
  }

  void begin(const task& what) {
    while (running_.size() >= jobs_) wait_for_one();
    int ends[2];
    if (::pipe(ends) != 0) throw std::runtime_error("cannot make a pipe");
    std::cout.flush();
    const auto child = ::fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child == 0) {
      counts made;
      try {
        made = what.run(place_ / what.name);
      } catch (const std::exception& why) {
        std::cout << what.name << " threw: " << why.what() << std::endl;
        made.cuts.violations = 1;
      }
      if (made.violations() > 0)
        std::cout << "again: torture_disk --only " << what.name << std::endl;
      std::cout.flush();
      (void)!::write(ends[1], &made, sizeof made);
      ::_exit(0);
    }
    ::close(ends[1]);
    running_[child] = {what.name, ends[0]};
  }
  void finish() {
    while (!running_.empty()) wait_for_one();
  }
  [[nodiscard]] const counts& total() const { return total_; }

private:
  struct work {
    std::string name{};
    int answer = -1;
  };

  static std::filesystem::path make_place() {
    const auto* quick = "/dev/shm";
    auto name = (std::filesystem::is_directory(quick) ? std::filesystem::path(quick)
                                                      : std::filesystem::temp_directory_path()) /
                "torture-XXXXXX";
    auto text = name.string();
    if (::mkdtemp(text.data()) == nullptr) throw std::runtime_error("cannot make " + text);
    return text;
  }

  void wait_for_one() {
    int status = 0;
    const auto child = ::waitpid(-1, &status, 0);
    const auto at = running_.find(child);
    if (at == running_.end()) return;
    counts made;
    if (::read(at->second.answer, &made, sizeof made) != sizeof made) {
      std::cout << at->second.name << " died" << std::endl;
      made = {};
      made.cuts.violations = 1;
    }
    ::close(at->second.answer);
    std::cout << at->second.name << ": " << made.cuts.images << " images, " << made.kills.kills
              << " kills, " << made.kills.faults << " faults" << std::endl;
    total_.add(made);
    running_.erase(at);
  }

  std::uint64_t jobs_;
  std::filesystem::path place_;
  std::map<pid_t, work> running_;
  counts total_;
};

class campaign {
public:
  explicit campaign(const settings& s) : settings_(s), crew_(s.jobs) {}

  counts run() {
    const bool cuts_only = settings_.durability == ensemble::durability::relaxed;
    // Each round begins with what takes longest.
    for (auto seed = settings_.seed; !over(); ++seed) {
      const auto before = begun_;
      if (wants("power") && crew_.total().cuts.images < settings_.images) cut(seed);
      if (!cuts_only && crew_.total().kills.kills < settings_.kills) strike_all(strike::kill, seed);
      if (!cuts_only && crew_.total().kills.faults < settings_.faults) {
        strike_all(strike::fail_once, seed);
        strike_all(strike::fail_for_ever, seed);
      }
      crew_.finish();
      if (begun_ == before) break;
    }
    return crew_.total();
  }

private:
  [[nodiscard]] bool wants(std::string_view kind) const {
    return settings_.only.empty() || settings_.only.starts_with(kind);
  }
  [[nodiscard]] bool over() const {
    return crew_.total().violations() > 0 ||
           (settings_.minutes > 0 &&
            std::chrono::steady_clock::now() - began_ > std::chrono::minutes(settings_.minutes));
  }
  void begin(const task& one) {
    const bool whole_name = settings_.only.find('-') != std::string::npos;
    if (over() || (whole_name && one.name != settings_.only)) return;
    ++begun_;
    crew_.begin(one);
  }
  void cut(std::uint64_t seed) {
    for (const auto& [name, mode] : workloads()) begin(power_task(settings_, name, mode, seed));
  }
  void strike_all(strike what, std::uint64_t seed) {
    if (!wants(what == strike::kill ? "kill" : "fault")) return;
    constexpr std::uint64_t lanes = 8;
    for (const auto& [name, mode] : workloads())
      for (std::uint64_t lane = 0; lane < lanes; ++lane)
        begin(strike_task(settings_, name, mode, what, seed, lane, lanes));
  }

  settings settings_;
  crew crew_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::uint64_t begun_ = 0;
};

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size())
    throw std::invalid_argument("not a number: " + std::string(text));
  return value;
}

std::string_view text_of(ensemble::durability synchronous) {
  switch (synchronous) {
  case ensemble::durability::relaxed: return "normal";
  case ensemble::durability::speculative: return "behind";
  case ensemble::durability::durable: break;
  }
  return "full";
}

std::optional<ensemble::durability> durability_of(std::string_view synchronous) {
  using enum ensemble::durability;
  for (const auto degree : {durable, relaxed, speculative})
    if (text_of(degree) == synchronous) return degree;
  return std::nullopt;
}

settings read(const std::vector<std::string>& words) {
  settings s;
  const std::map<std::string, std::uint64_t*> numbers{
      {"--images", &s.images}, {"--kills", &s.kills},     {"--faults", &s.faults},
      {"--seed", &s.seed},     {"--minutes", &s.minutes}, {"--jobs", &s.jobs}};
  for (std::size_t n = 0; n < words.size(); n += 2) {
    if (n + 1 == words.size()) throw std::invalid_argument("what is " + words[n] + "?");
    const auto& value = words[n + 1];
    if (const auto at = numbers.find(words[n]); at != numbers.end())
      *at->second = number(value);
    else if (const auto degree = durability_of(value); words[n] == "--synchronous" && degree)
      s.durability = *degree;
    else if (words[n] == "--only")
      s.only = value;
    else
      throw std::invalid_argument("what is " + words[n] + " " + value + "?");
  }
  return s;
}

int report(const settings& s, const counts& all, std::chrono::steady_clock::duration time) {
  const bool relaxed = s.durability == ensemble::durability::relaxed;
  const bool blind = relaxed && all.cuts.lost == 0;
  const bool good = all.violations() == 0 && !blind;
  std::cout << "torture_disk: " << (good ? "passed" : "FAILED") << ": synchronous "
            << text_of(s.durability) << ", " << all.cuts.images << " power-cut images of "
            << all.cuts.operations << " operations (" << all.cuts.lost << " lost shown events, "
            << all.cuts.resumed << " resumed to the end, " << all.cuts.recoveries
            << " recoveries cut at every operation), " << all.kills.kills << " kills ("
            << all.kills.again << " in a recovery), " << all.kills.faults << " failed operations, "
            << all.violations() << " violations, seed " << s.seed << ", "
            << std::chrono::duration_cast<std::chrono::seconds>(time).count() << " s" << std::endl;
  if (blind) std::cout << "no lost events were found where there must be some" << std::endl;
  return good ? 0 : 1;
}

} // namespace

int main(int count, char** words) {
  try {
    const auto s = read({words + 1, words + count});
    spdlog::set_level(spdlog::level::off); // what fails here fails on purpose
    const auto began = std::chrono::steady_clock::now();
    const auto all = campaign(s).run();
    return report(s, all, std::chrono::steady_clock::now() - began);
  } catch (const std::invalid_argument& why) {
    std::cerr << why.what() << '\n' << usage;
    return 2;
  } catch (const std::exception& why) {
    std::cerr << "torture_disk: " << why.what() << '\n';
    return 1;
  }
}
