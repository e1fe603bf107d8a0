#pragma once

#include <ensemble/history.hpp>

#include <map>
#include <string>

namespace ensemble::trace {

/// Every event that concerns a subscription, with its order key.
using concerned_events = std::map<position, std::string>;

/// Holds what a subscription saw against what concerned it: in order along its order key (C1);
/// handled or parked in the end, under one idempotency key (C2); no checkpoint past an unhandled
/// event (C3); parked with a cause, after all attempts or behind another of its key (C4).
void hold_subscription(const subscription_history& seen, const concerned_events& all, bool quiet,
                       history_findings& found);

} // namespace ensemble::trace
