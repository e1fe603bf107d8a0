#include "simulation/virtual_stage.hpp"

#include "runtime/messages.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <utility>

namespace ensemble::simulation {

namespace {
using namespace std::chrono_literals;

constexpr duration shortest_wait = 1ms;
constexpr duration longest_wait = 2h;

// When a simulation begins: any time will do, but for 0, which would be no time at all.
constexpr timestamp first_moment{std::chrono::hours(24 * 365 * 50)};
} // namespace

/// Effects wait on the stage until it lets them run.
class virtual_stage::executor final : public internal::effect_executor {
public:
  explicit executor(virtual_stage& on) : on_(on) {}
  ~executor() override { executor::stop(); }
  executor(const executor&) = delete;
  executor& operator=(const executor&) = delete;
  void post(command_id command, std::function<void()> job) override {
    if (stopped_ || on_.ended_) return;
    on_.calls_.push_back({this, command, on_.now() + on_.faults_.until_call(), std::move(job)});
  }
  void discard() override { stop(); }
  void stop() override {
    stopped_ = true;
    std::erase_if(on_.calls_, [this](const call& c) { return c.by == this; });
  }

private:
  virtual_stage& on_;
  bool stopped_ = false;
};

virtual_stage::virtual_stage(std::uint64_t seed, stage_faults& faults)
    : seed_(seed), chance_(seed), faults_(faults) {
  config_.set("scheduler.policy", caf::atom("testing"));
  system_ = std::make_unique<caf::actor_system>(config_);
  scheduler_ = &dynamic_cast<caf::scheduler::test_coordinator&>(system_->scheduler());
}

virtual_stage::~virtual_stage() {
  end_program();
  scheduler_->clock().cancel_all(); // a tick that is left would keep the system from ending
}

timestamp virtual_stage::now() { return first_moment + elapsed() + shift_; }

duration virtual_stage::elapsed() const noexcept {
  return std::chrono::duration_cast<duration>(scheduler_->clock().now().time_since_epoch());
}

std::unique_ptr<ensemble::journal> virtual_stage::open_journal(const journal_options& options) {
  ended_ = false;
  return disk.open(
      options,
      [this](std::span<const append_request> requests) { return faults_.of_commit(requests); },
      [this] { return faults_.of_sync(); });
}

std::unique_ptr<internal::effect_executor> virtual_stage::make_executor() {
  return std::make_unique<executor>(*this);
}

bool virtual_stage::go_on(const std::function<bool()>& until, timestamp limit) {
  while (!until()) {
    if (step()) continue;
    if (now() >= limit) return false;
    wait();
  }
  return true;
}

bool virtual_stage::delivers(std::string_view role, caf::event_based_actor& to,
                             caf::mailbox_element_ptr& message) {
  if (calm || ended_ || handing_over_) return true;
  auto& content = message->content();
  const bool command = content.match_elements<internal::give_command>();
  const bool note = content.match_elements<internal::attempt_failed_note>();
  if (!command && !note && !content.match_elements<internal::committed>()) return true;
  const internal::host_command* given =
      command ? content.get_as<internal::give_command>(0).command.get() : nullptr;
  // A caller's command is given once; between actors of one program nothing is lost unless they
  // die.
  const auto* origin = given && !given->close ? &given->origin : nullptr;
  auto at = chances_.find(role);
  if (at == chances_.end()) {
    trace_hash own;
    own.add(seed_);
    own.add_text(role);
    at = chances_.emplace(role, chance(own.value())).first;
  }
  auto& drawn = at->second;
  const auto fate = faults_.of_message(drawn, note || (given && !given->from_caller), origin);
  if (fate == message_fate::arrives) return true;
  // Nor is a caller's command given twice: one that was told of a full disk must not come again.
  if (fate == message_fate::doubled && given && given->from_caller) return true;
  if (fate == message_fate::lost) return false;
  if (origin && fate == message_fate::doubled) faults_.command_doubled(*origin);
  held_message held{caf::actor_cast<caf::actor>(&to), message->sender,
                    message->copy_content_to_message(), now() + drawn.between(0ms, 3s)};
  const auto order = [](const held_message& m) { return std::pair(m.from, m.to.id()); };
  held_.insert(std::ranges::upper_bound(held_, order(held), {}, order), std::move(held));
  return fate == message_fate::doubled;
}

bool virtual_stage::step() {
  const auto time = now();
  std::vector<std::size_t> messages;
  for (std::size_t n = 0; n < held_.size(); ++n)
    if (held_[n].from <= time) messages.push_back(n);
  const auto calls = ready_calls();
  auto& jobs = scheduler_->jobs;
  const auto all = jobs.size() + calls.size() + messages.size();
  if (all == 0) return false;
  auto which = static_cast<std::size_t>(chance_.below(all));
  trace.add(which);
  pass(chance_.between(200ns, 20us));
  if (which < calls.size()) {
    run_call(calls[which]);
    return true;
  }
  which -= calls.size();
  if (which < messages.size()) {
    deliver_held(messages[which]);
    return true;
  }
  which -= messages.size();
  run_actor(which);
  return true;
}

// By the actors' numbers, since the queue's order follows addresses.
void virtual_stage::run_actor(std::size_t which) {
  auto& jobs = scheduler_->jobs;
  std::vector<std::pair<caf::actor_id, std::ptrdiff_t>> order;
  for (std::size_t n = 0; n < jobs.size(); ++n)
    order.emplace_back(dynamic_cast<caf::local_actor&>(*jobs[n]).id(), n);
  std::ranges::sort(order);
  const auto [id, at] = order[which];
  trace.add(id);
  std::rotate(jobs.begin(), jobs.begin() + at, jobs.end());
  ++messages_;
  scheduler_->run_once();
}

// The first call of each command: those behind it wait for its end.
std::vector<std::size_t> virtual_stage::ready_calls() {
  std::vector<std::size_t> ready;
  std::set<std::pair<executor*, command_id>> seen;
  for (std::size_t n = 0; n < calls_.size(); ++n)
    if (seen.emplace(calls_[n].by, calls_[n].command).second && calls_[n].from <= now())
      ready.push_back(n);
  return ready;
}

void virtual_stage::run_call(std::size_t which) {
  const auto job = std::move(calls_[which].job);
  calls_.erase(calls_.begin() + static_cast<std::ptrdiff_t>(which));
  job();
  if (!calm) faults_.call_happened();
}

void virtual_stage::deliver_held(std::size_t which) {
  const auto one = std::move(held_[which]);
  held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
  handing_over_ = true;
  one.to->enqueue(one.sender, caf::make_message_id(), one.content, nullptr);
  handing_over_ = false;
}

void virtual_stage::wait() {
  const auto before = std::exchange(commits_seen_, disk.commits());
  if (before != commits_seen_ || patience_ == duration{}) patience_ = shortest_wait;
  pass(chance_.between(patience_ / 2, patience_));
  patience_ = std::min(patience_ * 2, longest_wait);
}

void virtual_stage::pass(duration time) {
  scheduler_->advance_time(std::chrono::duration_cast<caf::timespan>(time));
}

void virtual_stage::end_program() {
  ended_ = true;
  disk.pull_plug();
  held_.clear();
  calls_.clear();
  patience_ = {};
}

} // namespace ensemble::simulation
