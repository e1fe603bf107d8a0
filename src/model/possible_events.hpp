#pragma once

#include "model/instance.hpp"

#include <ensemble/service.hpp>

#include <string>
#include <vector>

namespace ensemble {

/// An event that may come next, and what it means to people.
struct possible_event {
  recorded_event event{};
  std::string told{};
  bool by_operator = false;
};

/// The services that a process asks, as far as they are known.
class known_services {
public:
  explicit known_services(const std::vector<const service_definition*>& services)
      : services_(services) {}
  /// False: nothing is known of any service.
  [[nodiscard]] bool any() const noexcept { return !services_.empty(); }
  [[nodiscard]] const service_definition* find(std::string_view service) const;
  /// The handler of that request, or null.
  [[nodiscard]] const command_handler* handler(const request_definition& request) const;

private:
  const std::vector<const service_definition*>& services_;
};

/// Whether the handler may decide that event; true where nothing is known.
[[nodiscard]] bool may_decide(const command_handler* handler, std::string_view event);

/// Everything that may happen next to an instance of a structural copy. With `reduced`, where
/// assignments commute: as much of it as is enough (see explore_paths).
[[nodiscard]] std::vector<possible_event>
possible_events(const instance& i, const known_services& services, bool reduced);

} // namespace ensemble
