#include "simulation/world.hpp"

#include "runtime/messages.hpp"
#include "runtime/runtime_access.hpp"

#include <algorithm>
#include <limits>

// A run from its beginning until all has healed. What is looked at then: world_checks.cpp.

namespace ensemble::simulation {

namespace {

using namespace std::chrono_literals;

/// So many messages without an end of everything that was begun: it never will.
constexpr std::uint64_t longest_healing = 100'000;
/// What was settled so often in a row when there was nothing to do stays so.
constexpr int often_enough = 15;
/// So often the program ends by a fault.
constexpr std::uint64_t most_restarts = 8;

bool is_speculative(std::uint64_t seed) { return seed % 3 == 0; }

runtime_options draw_options(chance& c, std::uint64_t seed) {
  runtime_options o;
  if (is_speculative(seed)) o.durability = durability::speculative;
  o.credits = c.in_thousand(300) ? 1 + c.below(4) : 10'000;
  o.cached_entities = c.in_thousand(300) ? c.below(3) : 10'000;
  o.recovery_rate = c.in_thousand(300) ? 200 : 20'000;
  o.deaths_borne = 1'000'000; // how often actors die is the fault's own choice
  return o;
}

} // namespace

world::world(const plan& what, const scenario_maker& make)
    : plan_(what),
      scenario_(make(what.seed, what.requests)),
      chance_(what.seed * 3 + 1),
      calls_(what.seed, what.faults, what.forced),
      stage_(what.seed * 3 + 2, *this),
      clients_(what.seed * 3 + 3, std::move(scenario_.requests)),
      operators_(what.seed * 3 + 4, scenario_),
      versions_(what.faults.contains(fault::new_version) ? 1 : std::numeric_limits<int>::max()) {
  result_.counted.danced_runs = what.mode == process_mode::choreography ? 1 : 0;
  calls_.on_fault = [this](fault f) { ++result_.counted.faults[f]; };
  for (auto& s : scenario_.services) {
    roles_.push_back(s.name);
    roles_.push_back("participant of " + s.name);
    for (const auto& p : s.policies)
      followers_.push_back(s.name + ":" + std::string(p.event->name));
    services_.push_back(calls_.wrap(std::move(s), scenario_.processes));
  }
  for (auto& s : scenario_.subscriptions) {
    followers_.push_back(s.name);
    subscriptions_.push_back(
        calls_.wrap(std::move(s), [this](const std::string& name, const recorded_event& e) {
          seen_[name].push_back(e);
        }));
  }
  for (const auto& name : followers_) roles_.push_back("subscriber " + name);
  for (const auto* role : {"saga", "process manager", "journal writer", "journal reader",
                           "caller gateway", "operator desk", "topic publisher", "flow watcher"})
    roles_.emplace_back(role);
  if (is_speculative(plan_.seed))
    for (const auto role : {internal::syncer_role, internal::outlet_role})
      roles_.emplace_back(role);
}

world::~world() { end_program(); }

run_result world::run() {
  start_program();
  break_down();
  heal();
  end_program();
  try_changed_structure();
  look();
  auto& counted = result_.counted;
  counted.runs = 1;
  counted.calm_runs = plan_.faults.empty() ? 1 : 0;
  counted.requests = plan_.requests;
  counted.messages = stage_.messages();
  counted.simulated = std::chrono::duration_cast<std::chrono::seconds>(stage_.elapsed());
  result_.hash = stage_.trace.value();
  return std::move(result_);
}

void world::violated(std::string text) { result_.violations.push_back(std::move(text)); }

// --- the program ---

void world::set_up() {
  runtime_ = std::make_unique<runtime>(draw_options(chance_, plan_.seed));
  runtime_access::set_stage(*runtime_, stage_);
  runtime_->on_failure([this](const error& why) {
    // Of the disk's failures the plan knows; nothing else may end a program.
    if (!failed_ && why.code() != errc::journal_failed)
      violated(std::string("the runtime failed by itself: ") + why.what());
    failed_ = true;
  });
  for (const auto& s : services_) runtime_->host(s);
  for (const auto& p : scenario_.processes)
    if (versions_before(p) >= versions_)
      continue; // comes later
    else if (plan_.mode == process_mode::choreography)
      runtime_->choreograph(p);
    else
      runtime_->orchestrate(p);
  for (const auto& s : subscriptions_) runtime_->subscribe(s);
}

int world::versions_before(const process_definition& p) const {
  return static_cast<int>(std::ranges::count_if(scenario_.processes, [&](const auto& other) {
    return other.name == p.name && other.version < p.version;
  }));
}

int world::newest_version_of(std::string_view process) const {
  int newest = 0;
  for (const auto& p : scenario_.processes)
    if (p.name == process && versions_before(p) < versions_) newest = std::max(newest, p.version);
  return newest;
}

bool world::has_newer_versions() const {
  return std::ranges::any_of(scenario_.processes,
                             [this](const auto& p) { return versions_before(p) >= versions_; });
}

// A program that is broken off while it starts is started again.
void world::start_program() {
  for (;;) {
    failed_ = false;
    set_up();
    try {
      runtime_->start();
      return;
    } catch (const error& e) {
      const bool by_a_fault =
          failed_ || e.code() == errc::journal_failed || e.code() == errc::journal_full;
      if (!by_a_fault) throw;
      restart();
    }
  }
}

// Rule 16: what was deployed last is not replaced by another structure of the same version.
void world::try_changed_structure() {
  if (!plan_.faults.contains(fault::new_version) || !result_.violations.empty()) return;
  const auto own = scenario_.processes;
  const auto is_second = [this](const auto& p) { return versions_before(p) == 1; };
  const auto second = std::ranges::find_if(own, is_second);
  if (second == own.end()) return;
  const auto first = std::ranges::find_if(
      own, [&](const auto& p) { return p.name == second->name && versions_before(p) == 0; });
  auto changed = versions_ == 1 ? *second : *first;
  changed.version = newest_version_of(second->name);
  scenario_.processes = {std::move(changed)};
  failed_ = false;
  set_up();
  scenario_.processes = own;
  try {
    runtime_->start();
    violated("rule 16: a program starts with another structure under a version that was deployed");
  } catch (const error& e) {
    if (e.code() != errc::bad_definition) throw;
  }
  end_program();
}

void world::end_program() {
  if (!runtime_) return;
  if (runtime_->stats().actors_respawned > std::exchange(killed_, 0))
    violated("an actor died that nobody had killed");
  const bool was_calm = std::exchange(stage_.calm, true);
  stage_.end_program();
  runtime_.reset();
  stage_.calm = was_calm;
}

void world::restart() {
  end_program();
  stage_.disk.recover([this](std::size_t unsynced) { return chance_.below(unsynced + 1); });
  ++result_.counted.restarts;
  stage_.trace.add(result_.counted.restarts);
  if (plan_.may_change_mode && chance_.in_thousand(200))
    plan_.mode = plan_.mode == process_mode::choreography ? process_mode::orchestration
                                                          : process_mode::choreography;
}

bool world::one_step() {
  if (failed_) {
    restart();
    start_program();
    return true;
  }
  clients_.act(*runtime_, stage_.now(), healing_);
  if (stage_.step()) return true;
  stage_.wait();
  return false;
}

void world::break_down() {
  const auto last =
      stage_.messages() +
      (plan_.forced.empty() && !plan_.target ? 200 + chance_.below(4'000) : longest_healing);
  while (stage_.messages() < last && !(settled() && !stage_.busy())) {
    break_something();
    one_step();
    // What is stuck, or can do no more by itself, waits for the healing.
    if (plan_.target && stage_.elapsed() > 24h * 30) return;
  }
}

void world::heal() {
  healing_ = true;
  stage_.calm = true;
  calls_.heal();
  const auto last = stage_.messages() + longest_healing;
  std::uint64_t waits = 0;
  // Once is not enough: a holder that is being replaced has not told yet what is open.
  int settled_waits = 0;
  while (settled_waits < often_enough) {
    if (stage_.messages() > last || waits > longest_healing) {
      const auto s = runtime_->stats();
      violated("G1: all is healed, but not all that was begun has ended: " +
               std::to_string(s.instances_open) + " instances are open, " +
               std::to_string(s.instances_stuck) +
               " stuck, all requests answered: " + (clients_.all_answered() ? "yes" : "no"));
      return;
    }
    if (one_step()) continue;
    settled_waits = settled() ? settled_waits + 1 : 0;
    if (++waits % 20 == 0) help_the_stuck();
  }
}

void world::help_the_stuck() {
  if (failed_) return;
  runtime_->stuck(1'000, {}, [this](const stuck_instances* found, const error*) {
    if (!found) return; // asked again
    for (const auto& i : found->instances) {
      operator_word word;
      word.instance = i.instance;
      word.reason = "the simulation heals";
      word.idempotency_key = "word-" + std::to_string(++words_);
      runtime_->operate(std::move(word), [](const operator_answer*, const error*) {});
    }
  });
  for (const auto& name : followers_)
    runtime_->redrive(name, {}, [](const redrive_report*, const error*) {});
}

bool world::settled() {
  if (failed_ || !clients_.all_answered()) return false;
  if (runtime_->stats().instances_open > 0) return false;
  return std::ranges::all_of(followers_, [this](const auto& name) {
    const auto stats = runtime_->stats(name);
    return stats.behind == 0 && stats.parked == 0;
  });
}

// --- what goes wrong ---

bool world::strikes(fault what, std::uint64_t cases_in_thousand) {
  return strikes(what, cases_in_thousand, chance_);
}

bool world::strikes(fault what, std::uint64_t cases_in_thousand, chance& drawn) {
  if (!plan_.faults.contains(what) || !drawn.in_thousand(cases_in_thousand)) return false;
  ++result_.counted.faults[what];
  return true;
}

void world::cut(fault what) {
  stage_.trace.add(static_cast<std::uint64_t>(what));
  failed_ = true;
}

void world::break_something() {
  if (failed_) return;
  if (result_.counted.restarts < most_restarts && strikes(fault::power_cut, 2))
    cut(fault::power_cut);
  else if (strikes(fault::dead_actor, 4))
    kill_an_actor();
  else if (strikes(fault::pause, 3))
    stage_.pass(chance_.between(100ms, 60s));
  else if (strikes(fault::clock_jump, 3))
    stage_.shift_clock(chance_.between(-10s, 10s));
  else if (operators_.has_noticed_any() && strikes(fault::operator_word, 5))
    operators_.act(*runtime_);
  else if (has_newer_versions() && strikes(fault::new_version, 5)) {
    ++versions_;
    cut(fault::new_version);
  }
}

void world::kill_an_actor() {
  const auto& role = roles_[chance_.below(roles_.size())];
  stage_.trace.add_text(role);
  try {
    runtime_access::kill(*runtime_, role);
    ++killed_;
  } catch (const error&) {
    --result_.counted.faults[fault::dead_actor]; // this mode has none of it
  }
}

message_fate world::of_message(chance& drawn, bool may_be_lost, const event_origin* origin) {
  if (origin && is_target(happening::duplicate, *origin)) {
    target_met_ = true;
    return message_fate::doubled;
  }
  if (may_be_lost && strikes(fault::lost_message, 30, drawn)) return message_fate::lost;
  if (strikes(fault::delayed_message, 40, drawn)) return message_fate::delayed;
  if (strikes(fault::doubled_message, 40, drawn)) return message_fate::doubled;
  return message_fate::arrives;
}

duration world::until_call() {
  if (healing_ || !strikes(fault::slow_call, 200)) return chance_.between(0ms, 20ms);
  return chance_.between(100ms, 60s);
}

void world::call_happened() {
  if (result_.counted.restarts < most_restarts && strikes(fault::lost_answer, 60))
    cut(fault::lost_answer);
}

commit_fate world::of_commit(std::span<const append_request> requests) {
  ++commits_;
  for (const auto& request : requests)
    for (const auto& stream : request.streams)
      for (const auto& event : stream.events) operators_.noticed(event.origin.instance);
  if (healing_ || failed_) return failed_ ? commit_fate::cut_before : commit_fate::recorded;
  if (strikes(fault::slow_disk, 300)) stage_.pass(chance_.between(1ms, 500ms));
  if (strikes(fault::full_disk, 20)) {
    full_until_ = commits_ + 1 + chance_.below(20);
    quite_full_ = chance_.in_thousand(500);
  }
  if (commits_ < full_until_) return quite_full_ ? commit_fate::no_space : commit_fate::scarce;
  for (const auto& [what, fate] : {std::pair{happening::cut_before, commit_fate::cut_before},
                                   std::pair{happening::cut_after, commit_fate::cut_after}}) {
    const auto which =
        what == happening::cut_before ? fault::cut_before_commit : fault::cut_after_commit;
    bool now = result_.counted.restarts < most_restarts && strikes(which, 15);
    for (const auto& request : requests)
      for (const auto& stream : request.streams)
        for (const auto& event : stream.events)
          if (is_target(what, event.origin)) now = target_met_ = true;
    if (!now) continue;
    note_cut(what, requests);
    cut(which);
    return fate;
  }
  if (result_.counted.restarts < most_restarts && strikes(fault::failed_commit, 8))
    return chance_.in_thousand(500) ? commit_fate::fails : commit_fate::fails_recorded;
  return commit_fate::recorded;
}

// The faults of commits strike here, too.
sync_fate world::of_sync() {
  if (healing_ || failed_) return failed_ ? sync_fate::cut_before : sync_fate::synced;
  if (strikes(fault::slow_disk, 300)) stage_.pass(chance_.between(1ms, 500ms));
  if (result_.counted.restarts >= most_restarts) return sync_fate::synced;
  for (const auto& [which, fate] :
       {std::pair{fault::cut_before_commit, sync_fate::cut_before},
        std::pair{fault::cut_after_commit, sync_fate::cut_after}}) {
    if (!strikes(which, 15)) continue;
    cut(which);
    return fate;
  }
  return strikes(fault::failed_commit, 8) ? sync_fate::fails : sync_fate::synced;
}

void world::note_cut(happening what, std::span<const append_request> requests) {
  for (const auto& request : requests)
    for (const auto& stream : request.streams)
      for (const auto& event : stream.events)
        if (event.origin.instance && !event.origin.step.empty())
          happenings_.emplace_back(what, event.origin);
}

void world::command_doubled(const event_origin& origin) {
  if (origin.instance) happenings_.emplace_back(happening::duplicate, origin);
}

bool world::is_target(happening what, const event_origin& origin) const {
  return plan_.target && !target_met_ && plan_.target->what == what &&
         plan_.target->step == origin.step && plan_.target->direction == origin.direction;
}

run_result run(const plan& what, const scenario_maker& make) { return world(what, make).run(); }

} // namespace ensemble::simulation
