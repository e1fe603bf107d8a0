#pragma once

#include "runtime/random_trial.hpp"

#include <ensemble/simulation.hpp>

// Random processes of up to eight steps, over services and effects made for them.

namespace scenarios {

inline ensemble::simulation::scenario random_scenario(std::uint64_t seed, std::size_t requests) {
  const auto t = trials::random_trial(seed);
  const auto all = std::make_shared<const trials::plan>(seed, seed % 4 * 10);
  const auto calls = std::make_shared<trials::call_count>();
  ensemble::simulation::scenario s;
  for (const auto& name : t.services)
    s.services.push_back(t.effects.contains(name) ? trials::effect_service(name, t, all, calls)
                                                  : trials::deciding_service(name, t, all, calls));
  s.processes.push_back(t.process);
  s.may_be_skipped = true;
  for (std::size_t n = 0; n < requests; ++n)
    s.requests.push_back({"s0", trials::begin_order{"o" + std::to_string(n)}});
  return s;
}

} // namespace scenarios
