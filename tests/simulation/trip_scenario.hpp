#pragma once

#include <ensemble/simulation.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

// A trip: a card is charged outside, somebody approves, seats are taken on two planes, the ticket
// is printed, and the traveller is written to. Everything that the order process has not: effects
// outside with a ledger, an awaited event, a policy, a subscription that follows whole flows.

namespace scenarios {

ensemble::simulation::scenario trip_scenario(std::uint64_t seed, std::size_t requests);

} // namespace scenarios
