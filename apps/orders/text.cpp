#include "orders/text.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace orders {

namespace {

template <class... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, values...);
  return text.data();
}

} // namespace

std::string grouped(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string to_text(std::chrono::nanoseconds span) {
  const auto ns = static_cast<double>(span.count());
  struct unit {
    double size;
    const char* name;
  };
  constexpr std::array units{unit{1e9, "s"}, unit{1e6, "ms"}, unit{1e3, "us"}};
  for (const auto& u : units) {
    if (ns < u.size) continue;
    const auto value = ns / u.size;
    return formatted(value < 9.995   ? "%.2f %s"
                     : value < 99.95 ? "%.1f %s"
                                     : "%.0f %s",
                     value, u.name);
  }
  return std::to_string(span.count()) + " ns";
}

std::string to_text(ensemble::timestamp time) {
  using namespace std::chrono;
  const auto whole = floor<seconds>(time);
  const auto seconds_since_1970 = static_cast<std::time_t>(whole.time_since_epoch().count());
  std::tm parts{};
  ::gmtime_r(&seconds_since_1970, &parts);
  std::array<char, 32> date{};
  std::strftime(date.data(), date.size(), "%F %T", &parts);
  return date.data() + formatted(".%06lld", static_cast<long long>(
                                                duration_cast<microseconds>(time - whole).count()));
}

std::string rate_text(double per_second) {
  return per_second < 10 ? formatted("%.1f", per_second)
                         : grouped(static_cast<std::uint64_t>(per_second + 0.5));
}

} // namespace orders
