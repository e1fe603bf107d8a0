#pragma once

#include "crash/evidence.hpp"

#include <ensemble/ensemble.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace crash {

/// A run of the shop from a start to a stop of its runtime, on a file that may hold earlier ones.
struct life_options {
  std::string journal{};
  ensemble::process_mode mode = ensemble::process_mode::orchestration;
  ensemble::durability durability = ensemble::durability::durable;
  evidence* shown = nullptr;
  /// How many operations the disk has seen.
  std::function<std::uint64_t()> operations = [] { return std::uint64_t{}; };
};

/// What came of it.
struct life_result {
  /// The runtime refused to start, or failed, for want of its disk: not the shop's fault.
  std::string failed{};
  findings wrong{};
  std::uint64_t ended = 0; ///< orders
};

/// Opens the journal as the shop does: with a short log, so that a short life has checkpoints.
std::unique_ptr<ensemble::journal> open_with_short_log(const ensemble::journal_options& options);

/// Starts the shop, gives it all orders under their idempotency keys (those that it has already are
/// answered from the journal), waits until all have ended and all is handled, and stops it.
life_result live(const life_options& options);

/// Holds the journal of a life that ended all orders against all that must hold then (S, G, C, D).
findings verify_the_end(const life_options& options);

} // namespace crash
