#include "trace/history/subscription_check.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace ensemble::trace {

namespace {

using kind = subscription_entry::kind;

class subscription_replay {
public:
  subscription_replay(const subscription_history& seen, const concerned_events& all,
                      history_findings& found)
      : seen_(seen), all_(all), found_(found) {
    for (const auto& [at, key] : all) of_key_[key].push_back(at);
    for (const auto& row : seen.parked) rows_[row.position] = &row;
  }

  void take(const subscription_entry& e) {
    switch (e.what) {
    case kind::began: began(e); break;
    case kind::handled:
      handled_.insert(e.at);
      unhandled_.erase(e.at);
      at_work_.erase(key_of(e.at));
      break;
    case kind::failed: at_work_.erase(key_of(e.at)); break;
    case kind::restarted: at_work_.clear(); break;
    case kind::checkpoint: checkpoint(e); break;
    }
  }

  void finish() {
    for (const auto& [at, key] : all_)
      if (!handled_.contains(at) && !rows_.contains(at))
        fault("C2", at, "is neither handled nor parked");
  }
  void hold_parked() {
    for (const auto& [at, row] : rows_) hold(*row);
  }
  void expect_handled() { unhandled_ = {all_.begin(), all_.end()}; }

private:
  void fault(const char* rule, position at, const std::string& what) {
    const auto whose = seen_.name.empty() ? "" : "subscription '" + seen_.name + "': ";
    found_.add(rule, whose + "position " + std::to_string(at.value) + " " + what, at);
  }
  [[nodiscard]] std::string key_of(position at) const {
    const auto known = all_.find(at);
    return known == all_.end() ? std::string() : known->second;
  }

  void began(const subscription_entry& e) {
    if (!all_.contains(e.at)) {
      fault("C2", e.at, "does not concern it");
      return;
    }
    const auto key = key_of(e.at);
    if (!at_work_.insert(key).second)
      fault("C1", e.at, "began while another of its key was at work");
    // All before the first that is not handled are; from one entry to the next it only moves on.
    auto& line = of_key_[key];
    auto& done = done_[key];
    while (done < line.size() && handled_.contains(line[done])) ++done;
    if (done < line.size() && line[done] < e.at)
      fault("C1", e.at, "came before " + std::to_string(line[done].value) + " was handled");
    const auto [known, first] = keys_.try_emplace(e.at, e.idempotency_key);
    if (!first && known->second != e.idempotency_key) fault("C2", e.at, "has two idempotency keys");
    if (first && !distinct_keys_.insert(e.idempotency_key).second)
      fault("C2", e.at, "shares its idempotency key with another");
  }

  void checkpoint(const subscription_entry& e) {
    for (auto open = unhandled_.begin(); open != unhandled_.end() && open->first <= e.at; ++open)
      if (std::ranges::find(e.parked, open->first) == e.parked.end())
        fault("C3", open->first, "is unhandled below the checkpoint " + std::to_string(e.at.value));
  }

  void hold(const parked_event& row) {
    if (row.cause.empty()) fault("C4", row.position, "is parked without a cause");
    if (row.attempts > 0) {
      if (row.attempts < seen_.attempts)
        fault("C4", row.position, "was parked after too few attempts");
      return;
    }
    const auto line = of_key_.find(key_of(row.position));
    const bool behind =
        line != of_key_.end() && std::ranges::any_of(line->second, [&](position other) {
          return other < row.position && rows_.contains(other);
        });
    if (!behind) fault("C4", row.position, "is parked behind none");
  }

  const subscription_history& seen_;
  const concerned_events& all_;
  history_findings& found_;
  std::map<std::string, std::vector<position>> of_key_{};
  std::map<std::string, std::size_t> done_{}; ///< of each key: so many are handled
  std::set<position> handled_{};
  std::map<position, std::string> unhandled_{};
  std::set<std::string> at_work_{}; ///< order keys
  std::map<position, std::string> keys_{};
  std::set<std::string> distinct_keys_{};
  std::map<position, const parked_event*> rows_{};
};

} // namespace

void hold_subscription(const subscription_history& seen, const concerned_events& all, bool quiet,
                       history_findings& found) {
  subscription_replay replay(seen, all, found);
  replay.expect_handled();
  for (const auto& e : seen.entries) replay.take(e);
  if (quiet) replay.finish();
  replay.hold_parked();
}

} // namespace ensemble::trace
