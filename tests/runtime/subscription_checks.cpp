#include "runtime/subscription_checks.hpp"

#include <algorithm>

namespace subscription_checks {

namespace {

using entry = record::entry;

class checker {
public:
  explicit checker(const concerned& all) : all_(all) {
    for (const auto& [position, key] : all) of_key_[key].push_back(position);
  }

  void look_at(const entry& e) {
    switch (e.what) {
    case entry::kind::began: began(e); break;
    case entry::kind::handled:
      handled_.insert(e.position);
      at_work_.erase(key_of(e.position));
      break;
    case entry::kind::failed: at_work_.erase(key_of(e.position)); break;
    case entry::kind::crashed: at_work_.clear(); break;
    case entry::kind::checkpoint: checkpoint(e); break;
    }
  }

  void look_at_the_end(const std::vector<ensemble::parked_event>& parked, int attempts) {
    std::map<std::uint64_t, const ensemble::parked_event*> rows;
    for (const auto& row : parked) rows[row.position.value] = &row;
    for (const auto& [position, key] : all_)
      if (!handled_.contains(position) && !rows.contains(position))
        fault("C2", position, "is neither handled nor parked");
    for (const auto& [position, row] : rows) look_at(*row, rows, attempts);
  }

  std::vector<std::string> take() { return std::move(faults_); }

private:
  void fault(const std::string& rule, std::uint64_t position, const std::string& what) {
    faults_.push_back(rule + ": position " + std::to_string(position) + " " + what);
  }
  std::string key_of(std::uint64_t position) const {
    const auto at = all_.find(position);
    return at == all_.end() ? std::string() : at->second;
  }

  void began(const entry& e) {
    if (!all_.contains(e.position)) {
      fault("C2", e.position, "does not concern the subscription");
      return;
    }
    const auto key = key_of(e.position);
    if (!at_work_.insert(key).second)
      fault("C1", e.position, "began while another of its key was at work");
    for (const auto earlier : of_key_[key])
      if (earlier < e.position && !handled_.contains(earlier))
        fault("C1", e.position, "came before " + std::to_string(earlier) + " was handled");
    const auto [known, first] = keys_.try_emplace(e.position, e.key);
    if (!first && known->second != e.key) fault("C2", e.position, "has two idempotency keys");
    if (first && !distinct_keys_.insert(e.key).second)
      fault("C2", e.position, "shares its idempotency key with another");
  }

  void checkpoint(const entry& e) {
    for (const auto& [position, key] : all_)
      if (position <= e.position && !handled_.contains(position) && !e.parked.contains(position))
        fault("C3", position, "is unhandled below the checkpoint " + std::to_string(e.position));
  }

  void look_at(const ensemble::parked_event& row,
               const std::map<std::uint64_t, const ensemble::parked_event*>& rows, int attempts) {
    const auto position = row.position.value;
    if (row.cause.empty()) fault("C4", position, "is parked without a cause");
    if (row.attempts > 0) {
      if (row.attempts < attempts) fault("C4", position, "was parked after too few attempts");
      return;
    }
    const auto of = of_key_.find(key_of(position));
    const bool behind =
        of != of_key_.end() && std::ranges::any_of(of->second, [&](std::uint64_t other) {
          return other < position && rows.contains(other);
        });
    if (!behind) fault("C4", position, "is parked behind none");
  }

  const concerned& all_;
  std::map<std::string, std::vector<std::uint64_t>> of_key_{};
  std::set<std::uint64_t> handled_{};
  std::set<std::string> at_work_{}; ///< order keys
  std::map<std::uint64_t, std::string> keys_{};
  std::set<std::string> distinct_keys_{};
  std::vector<std::string> faults_{};
};

} // namespace

std::vector<std::string> faults(const record& of, const concerned& all,
                                const std::vector<ensemble::parked_event>& parked, int attempts) {
  checker check(all);
  for (const auto& e : of.entries()) check.look_at(e);
  check.look_at_the_end(parked, attempts);
  return check.take();
}

} // namespace subscription_checks
