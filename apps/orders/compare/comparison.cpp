#include "orders/compare/comparison.hpp"

#include "orders/text.hpp"

#include <algorithm>
#include <iomanip>
#include <ostream>
#include <sstream>

namespace orders {

namespace {

using row = std::vector<std::string>;

/// The first row is the head, the first column the names of the others.
void print_table(std::ostream& out, const std::vector<row>& rows, table_format format) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& r : rows)
    for (std::size_t n = 0; n < r.size(); ++n) widths[n] = std::max(widths[n], r[n].size());
  const bool markdown = format == table_format::markdown;
  const auto line = [&](const row& r) {
    for (std::size_t n = 0; n < r.size(); ++n) {
      out << (markdown ? "| " : n == 0 ? "" : "  ");
      out << (n == 0 ? std::left : std::right) << std::setw(static_cast<int>(widths[n])) << r[n]
          << (markdown ? " " : "");
    }
    out << (markdown ? "|\n" : "\n");
  };
  line(rows.front());
  if (markdown) {
    for (std::size_t n = 0; n < widths.size(); ++n)
      out << '|' << std::string(widths[n] + 1, '-') << (n == 0 ? '-' : ':');
    out << "|\n";
  }
  std::for_each(rows.begin() + 1, rows.end(), line);
}

std::string for_each_order(std::uint64_t count, const measured_run& run) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(2)
       << static_cast<double>(count) / static_cast<double>(run.outcomes.size());
  return text.str();
}

std::vector<row> undisturbed(const comparison& c) {
  const auto services = std::to_string(c.services) + " services, ";
  std::vector<row> rows{{"", "orchestration", "choreography"},
                        {"who there is", services + "1 process manager",
                         services + std::to_string(c.services) + " participants"},
                        {"who knows whom",
                         "the manager all " + std::to_string(c.services) + " services",
                         std::to_string(c.danced.reacting_pairs) + " pairs of services"}};
  const auto add = [&](const std::string& what, auto tell) {
    rows.push_back({what, tell(c.conducted), tell(c.danced)});
  };
  add("messages between actors, an order",
      [](const auto& r) { return for_each_order(r.stats.messages, r); });
  add("events recorded, an order",
      [](const auto& r) { return for_each_order(r.stats.events_appended, r); });
  add("events folded into instances, an order",
      [](const auto& r) { return for_each_order(r.stats.events_folded, r); });
  add("commits, an order", [](const auto& r) { return for_each_order(r.stats.commits, r); });
  add("latency p50", [](const auto& r) { return to_text(r.latency(0.5)); });
  add("latency p99", [](const auto& r) { return to_text(r.latency(0.99)); });
  add("orders a second", [](const auto& r) { return rate_text(r.orders_per_second()); });
  return rows;
}

row disturbed(const comparison& c, const measured_run& run) {
  const auto& quiet = c.quiet(run.mode);
  std::size_t other = 0;
  for (std::size_t n = 0; n < run.outcomes.size(); ++n)
    other += run.outcomes[n] != quiet.outcomes[n] ? 1U : 0U;
  return {run.killed.empty() ? "nobody" : run.killed,
          std::string(to_string(run.mode)),
          grouped(run.slower_than(quiet.latency(0.99))),
          grouped(run.lost()),
          grouped(other),
          to_text(run.latency(1)),
          !run.flowing_after                  ? "all had ended"
          : *run.flowing_after == flow_window ? "within " + to_text(flow_window)
                                              : to_text(*run.flowing_after)};
}

} // namespace

std::size_t comparison::equal_outcomes() const {
  std::size_t equal = 0;
  for (std::size_t n = 0; n < conducted.outcomes.size(); ++n)
    equal += !conducted.outcomes[n].empty() && conducted.outcomes[n] == danced.outcomes[n];
  return equal;
}

bool comparison::holds() const {
  const auto good = [&](const measured_run& run) {
    return run.lost() == 0 && run.outcomes == conducted.outcomes && run.found.none();
  };
  return good(conducted) && good(danced) && std::ranges::all_of(killed, good);
}

void print(std::ostream& out, const comparison& c, table_format format) {
  const auto all = c.conducted.outcomes.size();
  const auto confirmed = std::ranges::count_if(
      c.conducted.outcomes, [](const std::string& o) { return o.starts_with("confirmed"); });
  out << c.equal_outcomes() << '/' << all << " equal outcomes (" << confirmed << " confirmed, "
      << all - static_cast<std::size_t>(confirmed) << " cancelled in orchestration)\n\n";
  print_table(out, undisturbed(c), format);
  if (!c.killed.empty()) {
    std::vector<row> rows{{"killed in mid-run", "mode", "delayed", "lost", "other outcome",
                           "slowest", "flowing again"},
                          disturbed(c, c.conducted),
                          disturbed(c, c.danced)};
    for (const auto& run : c.killed) rows.push_back(disturbed(c, run));
    out << '\n';
    print_table(out, rows, format);
    out << "\nDelayed: orders that took longer than the p99 of the mode's undisturbed run, in "
           "which "
           "that is one in a\nhundred. Flowing again: from the kill until in the last "
        << to_text(flow_window) << " orders ended at half the rate of before.\n";
  }
  for (const auto* run : {&c.conducted, &c.danced})
    for (const auto& it : run->found.first()) out << "! " << it.rule << ": " << it.text << '\n';
  for (const auto& run : c.killed)
    for (const auto& it : run.found.first())
      out << "! " << run.killed << ": " << it.rule << ": " << it.text << '\n';
}

} // namespace orders
