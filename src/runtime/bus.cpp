#include "runtime/bus.hpp"

#include "runtime/messages.hpp"

#include <caf/actor_system.hpp>
#include <caf/group_manager.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace ensemble::internal {

std::string bus_name(const void* owner) {
  std::array<char, 2 * sizeof(std::uintptr_t)> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(),
                                 reinterpret_cast<std::uintptr_t>(owner), 16);
  return "ensemble." + std::string(digits.data(), end.ptr);
}

caf::group journal_group(caf::actor_system& system, const std::string& bus) {
  return system.groups().get_local(bus + ".journal");
}

std::vector<std::string_view> types_of(const std::vector<recorded_event>& events) {
  std::vector<std::string_view> types; // a handful: searched in place
  for (const auto& e : events) {
    const auto at = std::ranges::lower_bound(types, e.body.name());
    if (at == types.end() || *at != e.body.name()) types.insert(at, e.body.name());
  }
  return types;
}

} // namespace ensemble::internal
