#include "orders/driver/summary.hpp"

#include "orders/text.hpp"

#include <algorithm>
#include <ostream>

namespace orders {

bool run_summary::good() const noexcept {
  return report.holds() && report.all_terminal() && !interrupted && failure.empty() && open == 0 &&
         counts.refused == 0 && counts.unknown == 0;
}

namespace {

std::string verdict(const run_summary& s) {
  if (!s.report.holds()) return "BROKEN";
  if (!s.failure.empty()) return "the runtime failed: " + s.failure;
  if (s.stuck != 0) return "all checks hold, but orders are stuck";
  if (!s.report.all_terminal() || s.open != 0)
    return "all checks hold so far, orders are open: run again to go on";
  if (s.interrupted) return "all checks hold so far, interrupted: run again to go on";
  if (!s.good()) return "all checks hold, but not every order was taken";
  return "all checks hold, every order has ended";
}

} // namespace

void print(std::ostream& out, const run_summary& s, const latencies& times) {
  const auto& r = s.report;
  const auto& c = s.counts;
  const auto seconds = std::chrono::duration<double>(s.took).count();
  out << "mode        " << to_string(s.mode) << "\norders      " << grouped(c.placed) << " placed, "
      << grouped(s.before) << " stood in the journal before";
  if (s.resumed != 0) out << ", " << grouped(s.resumed) << " of them in flight";
  if (c.refused != 0) out << ", " << grouped(c.refused) << " refused";
  if (c.unknown != 0) out << ", " << grouped(c.unknown) << " not seen to their end";
  out << "\ncompleted   " << grouped(r.completed) << "\ncompensated " << grouped(r.compensated);
  const char* before = " (";
  for (const auto& [cause, count] : r.cancelled) {
    out << before << grouped(count) << " " << cause;
    before = ", ";
  }
  out << (r.cancelled.empty() ? "" : ")") << "\nstuck       " << grouped(s.stuck)
      << "\nopen        " << grouped(r.open - std::min(r.open, s.stuck)) << '\n';
  if (times.count() != 0)
    out << "latency     p50 " << to_text(times.quantile(0.5)) << ", p95 "
        << to_text(times.quantile(0.95)) << ", p99 " << to_text(times.quantile(0.99)) << '\n';
  out << "rate        " << rate_text(seconds > 0 ? static_cast<double>(s.ended) / seconds : 0)
      << " orders/s over " << to_text(s.took) << "\njournal     ";
  if (s.joined.empty())
    out << grouped(s.stats.events_appended) << " events in " << grouped(s.stats.commits)
        << " commits";
  else
    out << grouped(r.events) << " events, at " << s.joined;
  if (s.flush_rate) out << "; the disk does " << rate_text(*s.flush_rate) << " fdatasync/s";
  out << "\nmemory      " << grouped(s.resident >> 20) << " MiB resident\n";
  if (!c.trouble.empty()) out << "trouble     " << c.trouble << '\n';
  print(out, r);
  out << "verdict     " << verdict(s) << '\n';
}

} // namespace orders
