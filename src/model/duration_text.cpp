#include "model/duration_text.hpp"

#include <array>
#include <utility>

namespace ensemble {

std::string told(duration d) {
  using namespace std::chrono;
  constexpr std::array<std::pair<duration, const char*>, 5> units{{{hours(1), "h"},
                                                                   {minutes(1), "min"},
                                                                   {seconds(1), "s"},
                                                                   {milliseconds(1), "ms"},
                                                                   {microseconds(1), "us"}}};
  for (const auto& [unit, name] : units)
    if (d % unit == duration{}) return std::to_string(d / unit) + name;
  return std::to_string(d.count()) + "ns";
}

} // namespace ensemble
