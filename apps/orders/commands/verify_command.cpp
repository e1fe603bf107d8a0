#include "orders/commands/commands.hpp"
#include "orders/driver/progress.hpp"
#include "orders/shop.hpp"

#include <unistd.h>

#include <iostream>

namespace orders {

int verify_orders(const read_options& options, std::ostream& out) {
  const auto journal = open_shop_journal(options.journal);
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  progress bar(std::cerr, terminal, "events", journal->head().value);
  const auto report =
      verify_journal(*journal, options.files, true, [&](std::uint64_t done, std::uint64_t) {
        if (terminal) bar.show(done);
      });
  if (terminal) bar.finish(report.events);
  print(out, report);
  const bool good = report.holds() && report.all_terminal();
  out << "verdict     "
      << (!report.holds()         ? "BROKEN"
          : report.all_terminal() ? "all checks hold, every order has ended"
                                  : "all checks hold, but orders are open")
      << '\n';
  return good ? 0 : 1;
}

} // namespace orders
