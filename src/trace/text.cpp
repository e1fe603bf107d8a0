#include "trace/text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>

namespace ensemble::trace {

namespace {

template <class... Values>
std::string formatted(const char* format, Values... values) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), format, values...);
  return text.data();
}

} // namespace

std::string span_text(duration span) {
  const auto ns = static_cast<double>(span.count());
  struct unit {
    double size;
    const char* name;
  };
  constexpr std::array units{unit{3600e9, "h"}, unit{60e9, "min"}, unit{1e9, "s"}, unit{1e6, "ms"},
                             unit{1e3, "us"}};
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

std::string time_text(timestamp time) {
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

std::string asked_text(std::string_view step, direction d, std::uint32_t round) {
  if (d == direction::none) return std::string(step);
  auto text = std::string(to_string(d));
  if (!step.empty()) text.append(" ").append(step);
  if (round != 0) text += ", round " + std::to_string(round);
  return text;
}

std::string mermaid_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view(" _.,:+()-").find(c) != std::string_view::npos ||
                       byte >= 0x80;
    if (plain)
      out.push_back(c);
    else
      out += "#" + std::to_string(byte) + ";";
  }
  return out;
}

std::string graphviz_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (c == '\n')
      out += "\\n";
    else
      out.push_back(c);
  }
  return out + "\"";
}

std::string text_table::text() const {
  std::vector<std::size_t> widths;
  for (const auto& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t n = 0; n < row.size(); ++n) widths[n] = std::max(widths[n], row[n].size());
  }
  std::string out;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t n = 0; n < row.size(); ++n) {
      const std::string blanks(widths[n] - row[n].size(), ' ');
      const bool right = std::ranges::find(right_, n) != right_.end();
      line += (n == 0 ? "" : "  ") + (right ? blanks + row[n] : row[n] + blanks);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

} // namespace ensemble::trace
