#include "explorer/equality.hpp"
#include "explorer/messages.hpp"
#include "explorer/random_definition.hpp"
#include "fuzz/fuzz.hpp"
#include "model/engine_messages.hpp"
#include "model/executor.hpp"

#include <map>
#include <set>

namespace fuzz {

namespace {

using namespace ensemble;
using explorer::dice;

message body_of(dice& d, const timestamp& now) {
  const auto step = static_cast<int>(d.below(6));
  switch (d.below(18)) {
  case 0: return explorer::worked{step};
  case 1: return explorer::worked_otherwise{step};
  case 2: return explorer::broke{step};
  case 3: return explorer::unworked{step};
  case 4: return explorer::finished{};
  case 5: return explorer::cancelled{};
  case 6: return explorer::remarked{};
  case 7: return engine::command_acknowledged{};
  case 8: return engine::command_rejected{"no"};
  case 9: return engine::command_voided{};
  case 10: return engine::close_refused{"no"};
  case 11:
    return engine::attempt_failed{static_cast<int>(d.below(5)) - 1,
                                  now + std::chrono::milliseconds(d.below(20)), "late"};
  case 12: return engine::step_timed_out{};
  case 13: return engine::process_timed_out{};
  case 14: return engine::retry_requested{"try"};
  case 15: {
    constexpr std::string_view names[] = {"", "worked", "approved", "unknown"};
    constexpr std::string_view texts[] = {"", "{}", R"({"step":1})", "[", R"({"key":7})"};
    return engine::skip_requested{"skip", std::string(names[d.below(4)]),
                                  static_cast<int>(d.below(3)), std::string(texts[d.below(5)])};
  }
  case 16: return engine::abort_requested{"abort"};
  default:
    return engine::event_received{d.chance(0.5) ? "approved" : "denied", 1,
                                  d.chance(0.8) ? R"({"key":"k1"})" : "{", 1};
  }
}

/// An event of the instance, of one of its commands, or of nobody's.
recorded_event next_event(dice& d, const instance& i, const recorded_event& before) {
  recorded_event e;
  e.position = {before.position.value + d.below(3)};
  e.time = before.time + std::chrono::milliseconds(d.below(50));
  const auto commands = due(i);
  auto known = deadlines(i);
  if (!known.empty() && d.chance(0.1)) {
    auto& fires = known[d.below(known.size())];
    e.id = fires.event.id;
    e.origin = fires.event.origin;
    e.body = fires.event.body;
    return e;
  }
  e.body = body_of(d, e.time);
  e.origin.instance = d.chance(0.95) ? i.id : instance_id::of(3, 4);
  const auto round = static_cast<std::uint32_t>(d.below(3));
  if (!commands.empty() && d.chance(0.8)) {
    const auto& c = commands[d.below(commands.size())];
    e.origin.step = c.step;
    e.origin.direction = d.chance(0.9) ? c.target_direction : c.direction;
    e.origin.round = d.chance(0.9) ? c.round : round;
    e.id = make_event_id(d.chance(0.9) ? c.target : c.id, 0);
  } else {
    e.origin.step = d.chance(0.8) ? "step" + std::to_string(d.below(6)) : "";
    e.origin.direction = static_cast<direction>(d.below(8));
    e.origin.round = round;
    e.id =
        make_event_id(make_command_id(i.id, e.origin.step, e.origin.direction, e.origin.round), 0);
  }
  return e;
}

class fold_check {
public:
  explicit fold_check(dice& d)
      : dice_(d), definition_(explorer::random_definition(d, 4)), last_(start()) {
    folded_ = begin_instance(definition_, last_);
    events_.push_back(last_);
  }

  void run() {
    const auto most = dice_.below(24) + 1;
    for (std::size_t n = 0; n < most; ++n) {
      const bool ended = folded_.terminal();
      const auto phase = folded_.phase;
      last_ = next_event(dice_, folded_, last_);
      events_.push_back(last_);
      evolve(folded_, last_);
      if (ended) claim(folded_.phase == phase && due(folded_).empty(), "an end is the end");
      hold_due();
    }
    auto again = begin_instance(definition_, events_.front());
    for (const auto& e : events_) {
      evolve(again, e);
      evolve(again, e); // an event counts once
    }
    claim(explorer::difference(again, folded_).empty(), "the same events give the same fold");
  }

private:
  recorded_event start() {
    recorded_event e;
    e.position = {1 + dice_.below(100)};
    e.id = event_id::of(1, 1);
    e.body = explorer::begun{};
    e.time = timestamp(std::chrono::hours(24 * 365 * 40));
    return e;
  }

  /// Rules 2 and 5: ids are apart, and one never carries two commands.
  void hold_due() {
    std::set<command_id> ids;
    for (const auto& c : due(folded_)) {
      claim(ids.insert(c.id).second, "no two commands that are due have one id");
      const auto [known, fresh] = carried_.emplace(c.id, c.body);
      claim(fresh || explorer::equal(known->second, c.body), "one id carries one command");
      claim(!c.service.empty(), "a command has a service");
    }
    for (const auto& d : deadlines(folded_)) claim(d.at >= d.runs_from, "deadlines lie ahead");
    for (const auto& w : awaited(folded_)) claim(w.event != nullptr, "what is awaited is known");
    executor_role all;
    executor acting(all, std::nullopt);
    (void)acting.act(folded_, last_.time);
  }

  dice& dice_;
  std::shared_ptr<const process_definition> definition_;
  recorded_event last_;
  instance folded_{};
  std::vector<recorded_event> events_{};
  std::map<command_id, message> carried_{};
};

} // namespace

/// The fold of a process over any events, possible ones and others.
void folds(input in) {
  dice d(in.rest_bytes());
  fold_check(d).run();
}

} // namespace fuzz
