#pragma once

#include "explorer/random_definition.hpp"
#include "model/dance.hpp"

#include <ensemble/process.hpp>
#include <ensemble/service.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

// Random processes over services that are made for them; what happens to an order at each step
// follows from the order alone.

namespace trials {

using namespace ensemble;
using namespace std::chrono_literals;
using explorer::dice;

struct begin_order {
  std::string key{};
};
struct begun {
  std::string key{};
};
/// What every step asks; `seen` follows from what the steps before it came to.
struct work {
  std::string key{};
  int step{};
  int seen{};
};
struct worked {
  int step{};
  int found{};
};
struct broke {
  int step{};
};
struct undo_work {
  std::string key{};
  int step{};
  int found{};
};
struct unworked {
  int step{};
};
/// The answer to an undo that is to be asked again.
struct not_yet {
  int step{};
};
struct finish {
  std::string key{};
  int seen{};
};
struct finished {
  int seen{};
};
struct cancel {
  std::string key{};
};
struct cancelled {};
ENSEMBLE_MESSAGE(begin_order, 1, key)
ENSEMBLE_MESSAGE(begun, 1, key)
ENSEMBLE_MESSAGE(work, 1, key, step, seen)
ENSEMBLE_MESSAGE(worked, 1, step, found)
ENSEMBLE_MESSAGE(broke, 1, step)
ENSEMBLE_MESSAGE(undo_work, 1, key, step, found)
ENSEMBLE_MESSAGE(unworked, 1, step)
ENSEMBLE_MESSAGE(not_yet, 1, step)
ENSEMBLE_MESSAGE(finish, 1, key, seen)
ENSEMBLE_MESSAGE(finished, 1, seen)
ENSEMBLE_MESSAGE(cancel, 1, key)
ENSEMBLE_MESSAGE(cancelled, 1)

/// What the process remembers. It does not depend on the order of parallel branches.
struct memory {
  std::string key{};
  std::map<int, int> found{}; ///< by step
};

/// An order's entity at one service: how often each step was refused there.
struct visits {
  std::map<int, int> broken{};
  std::map<int, int> undo_refused{};
  void apply(const begun&) {}
  void apply(const worked&) {}
  void apply(const broke& e) { ++broken[e.step]; }
  void apply(const unworked&) {}
  void apply(const not_yet& e) { ++undo_refused[e.step]; }
  void apply(const finished&) {}
  void apply(const cancelled&) {}
};

/// How a step's do ends.
enum class fate { works, breaks, is_refused, comes_to_nothing, never_answers };

/// What happens to each order at each step: a function of the order alone.
class plan {
public:
  plan(std::uint64_t seed, std::size_t failures) : seed_(seed), failures_(failures) {}

  fate of(const std::string& key, int step) const {
    auto d = roll(key, step, 1);
    if (d.below(100) >= failures_) return fate::works;
    return static_cast<fate>(1 + d.below(4));
  }
  int found(const std::string& key, int step) const {
    return static_cast<int>(roll(key, step, 2).below(10));
  }
  /// How often an undo, or a step after the pivot, fails before it succeeds.
  int refusals(const std::string& key, int step) const {
    return static_cast<int>(roll(key, step, 3).below(3));
  }
  /// How often a call throws before it is answered.
  int throws(const std::string& key, int step) const {
    auto d = roll(key, step, 4);
    return d.chance(0.1) ? static_cast<int>(1 + d.below(2)) : 0;
  }

private:
  dice roll(const std::string& key, int step, std::uint64_t what) const {
    return dice(seed_ * 1'000'003 + std::hash<std::string>()(key) * 31 +
                static_cast<std::uint64_t>(step) * 7 + what);
  }
  std::uint64_t seed_;
  std::size_t failures_; ///< percent of the steps
};

inline constexpr int attempts = 5; ///< more than what fails first and then succeeds

/// A random process, and what happens to its orders.
struct trial {
  process_definition process{};
  std::vector<std::string> services{};
  std::set<std::string> effects{}; ///< services of effects
  std::vector<std::vector<bool>> before{};
  bool chain = false; ///< nothing runs beside anything else
  bool after_pivot(int step) const {
    const auto n = static_cast<std::size_t>(step);
    return from_pivot_on(process, n) && !process.steps[n].pivot;
  }
};

/// The sum of what the steps before it found.
inline int seen_before(const memory& m, const std::vector<bool>& before) {
  int sum = 0;
  for (const auto& [step, found] : m.found)
    if (before[static_cast<std::size_t>(step)]) sum += found;
  return sum;
}

inline const memory& memory_of(const std::any& state) { return *std::any_cast<memory>(&state); }

inline step_definition random_step(dice& d, const trial& t, std::size_t index) {
  step_definition s;
  const auto n = static_cast<int>(index);
  s.name = "step" + std::to_string(index);
  if (t.chain && index > 0) s.after.push_back(index - 1);
  for (std::size_t b = 0; b < index && !t.chain; ++b)
    if (d.chance(b + 1 == index ? 0.7 : 0.25)) s.after.push_back(b);
  s.ask.service = t.services[d.below(t.services.size())];
  s.ask.command = &type_of<work>();
  s.successes = {{&type_of<worked>(), [](std::any& state, const message& m) {
                    const auto& e = m.as<worked>();
                    std::any_cast<memory>(&state)->found[e.step] = e.found;
                  }}};
  s.failures = {{&type_of<broke>(), {}}};
  if (d.chance(0.85)) {
    s.undo = {s.ask.service, &type_of<undo_work>(), [n](const std::any& state) {
                const auto& m = memory_of(state);
                return message(undo_work{m.key, n, m.found.at(n)});
              }};
    s.undone = {&type_of<unworked>(), {}};
  } else {
    s.needs_no_undo = true;
  }
  if (d.chance(0.1)) s.delay = 5ms;
  s.within = 1h;
  s.retries = {attempts, 60s, 1ms, 2ms};
  return s;
}

inline void add_pivot(dice& d, process_definition& p) {
  for (int tries = 0; tries < 4; ++tries) {
    auto& s = p.steps[d.below(p.steps.size())];
    s.pivot = true;
    try {
      validate(p);
      break;
    } catch (const error&) {
      s.pivot = false;
    }
  }
  for (std::size_t n = 0; n < p.steps.size(); ++n)
    if (from_pivot_on(p, n)) {
      p.steps[n].undo = {};
      p.steps[n].undone = {};
    }
}

inline trial random_trial(std::uint64_t seed) {
  dice d(seed);
  trial t;
  t.chain = d.chance(0.4);
  const auto count = 2 + d.below(4);
  for (std::size_t n = 0; n < count; ++n) t.services.push_back("s" + std::to_string(n));
  for (const auto& name : t.services)
    if (name != "s0" && d.chance(0.3)) t.effects.insert(name);
  auto& p = t.process;
  p.name = "trial";
  p.owner = "s0";
  p.deadline = 1h;
  p.retries = {attempts, 60s, 1ms, 2ms};
  p.initial = [] { return std::any(memory{}); };
  p.start = {&type_of<begun>(), [](std::any& state, const message& m) {
               std::any_cast<memory>(&state)->key = m.as<begun>().key;
             }};
  const auto steps = 2 + d.below(7);
  for (std::size_t n = 0; n < steps; ++n) p.steps.push_back(random_step(d, t, n));
  if (d.chance(0.6)) add_pivot(d, p);
  t.before = steps_before(p);
  for (std::size_t n = 0; n < steps; ++n) {
    const auto step = static_cast<int>(n);
    p.steps[n].ask.make = [step, before = t.before[n]](const std::any& state) {
      return message(work{memory_of(state).key, step, seen_before(memory_of(state), before)});
    };
    // A pivot that is passed over is none, and what comes after it could not be undone.
    if (!p.steps[n].pivot && d.chance(0.2))
      p.steps[n].only_if = [before = t.before[n]](const std::any& state) {
        return seen_before(memory_of(state), before) % 3 != 1;
      };
  }
  p.complete = {"s0", &type_of<finish>(), [](const std::any& state) {
                  const auto& m = memory_of(state);
                  return message(finish{m.key, seen_before(m, std::vector<bool>(100, true))});
                }};
  p.completed = {&type_of<finished>(), {}};
  p.abort = {"s0", &type_of<cancel>(),
             [](const std::any& state) { return message(cancel{memory_of(state).key}); }};
  p.aborted = {&type_of<cancelled>(), {}};
  p.types = {&type_of<begun>(),    &type_of<worked>(),   &type_of<broke>(),
             &type_of<unworked>(), &type_of<finished>(), &type_of<cancelled>()};
  validate(p);
  return t;
}

/// Counts calls, for what must fail a number of times although nothing is recorded.
class call_count {
public:
  int next(const std::string& key, int step, char what) {
    const std::lock_guard lock(mutex_);
    return counts_[{key, step, what}]++;
  }

private:
  std::mutex mutex_;
  std::map<std::tuple<std::string, int, char>, int> counts_;
};

using decided_do = decision<worked, broke>;

/// The answer of that fate. The count of attempts runs out for what never answers.
inline decided_do answer(const plan& all, const trial& t, const work& c, int broken) {
  const auto is = all.of(c.key, c.step);
  if (t.after_pivot(c.step)) {
    if (broken < all.refusals(c.key, c.step)) return broke{c.step};
  } else if (is == fate::never_answers) {
    throw std::runtime_error("out of order");
  } else if (is == fate::breaks) {
    return broke{c.step};
  } else if (is == fate::is_refused) {
    return reject("not for " + c.key);
  } else if (is == fate::comes_to_nothing) {
    return {};
  }
  return worked{c.step, all.found(c.key, c.step)};
}

inline service_definition deciding_service(const std::string& name, const trial& t,
                                           const std::shared_ptr<const plan>& all,
                                           const std::shared_ptr<call_count>& calls) {
  return service<visits>(name)
      .on<begin_order>(&begin_order::key,
                       [](const begin_order& c) -> decision<begun> { return begun{c.key}; })
      .on<work>(&work::key,
                [t, all, calls](const visits& v, const work& c) -> decided_do {
                  if (calls->next(c.key, c.step, 'd') < all->throws(c.key, c.step))
                    throw std::runtime_error("not now");
                  const auto at = v.broken.find(c.step);
                  return answer(*all, t, c, at == v.broken.end() ? 0 : at->second);
                })
      .on<undo_work>(&undo_work::key,
                     [all](const visits& v, const undo_work& c) -> decision<unworked, not_yet> {
                       const auto at = v.undo_refused.find(c.step);
                       const auto refused = at == v.undo_refused.end() ? 0 : at->second;
                       if (refused < all->refusals(c.key, c.step)) return not_yet{c.step};
                       return unworked{c.step};
                     })
      .on<finish>(&finish::key,
                  [](const finish& c) -> decision<finished> { return finished{c.seen}; })
      .on<cancel>(&cancel::key, [](const cancel&) -> decision<cancelled> { return cancelled{}; });
}

/// Effects keep no state, so what fails first and then succeeds throws.
inline service_definition effect_service(const std::string& name, const trial& t,
                                         const std::shared_ptr<const plan>& all,
                                         const std::shared_ptr<call_count>& calls) {
  return service<>(name)
      .effect<work>(&work::key,
                    [t, all, calls](const work& c, const effect_context&) -> decided_do {
                      if (calls->next(c.key, c.step, 'd') < all->throws(c.key, c.step))
                        throw std::runtime_error("not now");
                      return answer(*all, t, c, attempts);
                    })
      .cancels<work>([](const work&, const effect_context&) {})
      .effect<undo_work>(
          &undo_work::key,
          [all, calls](const undo_work& c, const effect_context&) -> decision<unworked> {
            if (calls->next(c.key, c.step, 'u') < all->throws(c.key, c.step))
              throw std::runtime_error("not now");
            return unworked{c.step};
          })
      .cancels<undo_work>([](const undo_work&, const effect_context&) {});
}

} // namespace trials
