#pragma once

#include "simulation/chance.hpp"

#include <ensemble/history.hpp>
#include <ensemble/runtime.hpp>
#include <ensemble/simulation.hpp>

#include <functional>
#include <string>
#include <vector>

namespace ensemble::simulation {

/// The clients of a run: they send its requests, each under an idempotency key, again and again
/// until they have an answer; now and then once more, though they have one. What they were told is
/// kept.
class clients {
public:
  clients(std::uint64_t seed, std::vector<request> requests);

  /// Sends what is to be sent now. With `eager` all of it, else some.
  void act(runtime& to, timestamp now, bool eager);
  [[nodiscard]] bool all_answered() const noexcept { return answered_ == all_.size(); }
  /// What they asked and were told, in their order.
  [[nodiscard]] const std::vector<asked_command>& asked() const noexcept { return asked_; }
  [[nodiscard]] const std::vector<std::string>& violations() const noexcept { return violations_; }

private:
  enum class state { to_send, sent, answered };
  struct client {
    request what{};
    std::string key{};
    correlation_id correlation{};
    state is = state::to_send;
    timestamp not_before{};
  };
  void send(client& c, runtime& to, timestamp now);
  void told(client& c, std::size_t number, timestamp now, const receipt* got, const error* failure);

  chance chance_;
  std::vector<client> all_;
  std::size_t answered_ = 0;
  std::vector<asked_command> asked_{};
  history_moment moment_ = 0;
  std::vector<std::string> violations_{};
};

} // namespace ensemble::simulation
