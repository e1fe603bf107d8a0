#include "orders/commands/commands.hpp"

#include <ensemble/backup.hpp>

#include <iomanip>
#include <ostream>

namespace orders {

namespace {

void print(std::ostream& out, const char* what, const std::string& file,
           const ensemble::journal_digest& content) {
  out << what << file << ": " << content.events << " events, hash " << std::hex << std::setfill('0')
      << std::setw(16) << content.hash << std::dec << '\n';
}

} // namespace

int backup_orders(const copy_options& options, std::ostream& out) {
  print(out, "backed up to ", options.file,
        ensemble::backup_journal(options.journal, options.file));
  return 0;
}

int restore_orders(const copy_options& options, std::ostream& out) {
  print(out, "restored to ", options.journal,
        ensemble::restore_journal(options.file, options.journal));
  return 0;
}

} // namespace orders
