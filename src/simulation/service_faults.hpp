#pragma once

#include <ensemble/simulation.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace ensemble::simulation {

/// What a service's handler does in the place of its own decision.
enum class call_fate { decides, throws, refuses, fails };

/// An answer that a step's command is to get, every time.
struct forced_answer {
  std::string process{};
  std::string step{};
  ensemble::direction direction = ensemble::direction::forward;
  call_fate fate = call_fate::refuses;
  std::string event{}; ///< of a failure
};

/// Services and subscriptions whose handlers sometimes do something else. What happens to a command
/// follows from its text and the seed alone, so that a command that is decided again, as after a
/// crash, has the same fate; but those that throw do so a number of times.
class service_faults {
public:
  service_faults(std::uint64_t seed, std::set<fault> active, std::vector<forced_answer> forced);

  [[nodiscard]] service_definition wrap(service_definition service,
                                        const std::vector<process_definition>& processes);
  /// Tells `saw` of each event that was handled.
  using saw_event = std::function<void(const std::string& subscription, const recorded_event&)>;
  [[nodiscard]] subscription_definition wrap(subscription_definition subscription, saw_event saw);

  /// From now on everything decides for itself.
  void heal() noexcept { healed_ = true; }
  /// Called when a fault happens.
  std::function<void(fault)> on_fault{};

private:
  /// What a handler answers for some steps.
  struct asked {
    std::vector<const message_type*>
        failures{}; ///< that a step declares, and the service may decide
    std::optional<forced_answer> forced{};
    bool of_process = false;
  };
  struct chosen {
    call_fate fate = call_fate::decides;
    const message_type* event{};
  };
  [[nodiscard]] asked find_asked(const std::string& service, const command_handler& handler,
                                 const std::vector<process_definition>& processes) const;
  /// Throws in the place of a handler.
  [[nodiscard]] chosen choose(const asked& by, const std::string& service, const message& command);
  /// The same for an effect, which is told who asks.
  [[nodiscard]] chosen choose_once(const asked& by, const std::string& service,
                                   const message& command, const std::string& idempotency_key);
  void throw_sometimes(const std::string& what, std::uint64_t drawn);
  void happened(fault what) const;

  std::uint64_t seed_;
  std::set<fault> active_;
  std::vector<forced_answer> forced_;
  std::map<std::string, std::uint64_t> thrown_{};
  std::map<std::string, chosen> not_done_{}; ///< effects, by their idempotency keys
  bool healed_ = false;
};

} // namespace ensemble::simulation
