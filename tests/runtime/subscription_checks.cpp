#include "runtime/subscription_checks.hpp"

#include "trace/history/subscription_check.hpp"

namespace subscription_checks {

namespace {

ensemble::subscription_entry entry_of(const record::entry& e) {
  using from = record::entry::kind;
  using to = ensemble::subscription_entry::kind;
  ensemble::subscription_entry made;
  switch (e.what) {
  case from::began: made.what = to::began; break;
  case from::handled: made.what = to::handled; break;
  case from::failed: made.what = to::failed; break;
  case from::crashed: made.what = to::restarted; break;
  case from::checkpoint: made.what = to::checkpoint; break;
  }
  made.at.value = e.position;
  made.idempotency_key = e.key;
  for (const auto position : e.parked) made.parked.push_back({position});
  return made;
}

} // namespace

std::vector<std::string> faults(const record& of, const concerned& all,
                                const std::vector<ensemble::parked_event>& parked, int attempts) {
  ensemble::subscription_history seen;
  seen.attempts = attempts;
  seen.parked = parked;
  for (const auto& e : of.entries()) seen.entries.push_back(entry_of(e));
  ensemble::trace::concerned_events concerns;
  for (const auto& [position, key] : all) concerns[{position}] = key;
  ensemble::history_findings found;
  ensemble::trace::hold_subscription(seen, concerns, true, found);
  std::vector<std::string> told;
  for (const auto& f : found.first()) told.push_back(f.rule + ": " + f.text);
  return told;
}

} // namespace subscription_checks
