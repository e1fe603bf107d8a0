#pragma once

#include "orders/checks/ledger_check.hpp"
#include "orders/checks/order_check.hpp"
#include "orders/checks/saga_check.hpp"

#include <ensemble/history_file.hpp>
#include <ensemble/journal.hpp>

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace orders {

/// What to hold a journal against, beside itself. Empty: nothing.
struct evidence {
  std::string gateway{}; ///< the payment gateway's file
  std::string history{}; ///< what clients asked and were told: see ensemble::history_writer
};

/// What a verification found.
struct verification_report {
  std::uint64_t events = 0;
  std::uint64_t orders = 0;
  std::uint64_t confirmed = 0;
  std::map<std::string, std::uint64_t> cancelled{}; ///< by cause
  std::uint64_t open = 0;                           ///< orders without their last word
  std::vector<std::string> open_examples{};         ///< where the first few stand
  money authorised{};
  money refunded{};
  money confirmed_money{};
  std::int64_t reserved_units = 0;
  std::int64_t shipped_units = 0;
  std::uint64_t instances = 0; ///< of the process, that were begun
  std::uint64_t completed = 0;
  std::uint64_t compensated = 0;
  std::uint64_t prefixes = 0; ///< at which both modes were compared; 0: they were not
  bool with_gateway = false;
  std::uint64_t gateway_operations = 0;
  bool with_history = false;
  std::uint64_t acknowledged = 0; ///< commands
  std::uint64_t unknown = 0;      ///< commands of which clients know no outcome
  std::uint64_t torn = 0;         ///< lines of that file that kills left
  findings found{};

  [[nodiscard]] bool holds() const noexcept { return found.none(); }
  [[nodiscard]] bool all_terminal() const noexcept { return open == 0; }
};

/// Checks a journal's events one by one, in journal order, with memory for what is open. It holds
/// D1 to D4, G2 to G5 and, by ensemble::history_check, S2, S4, S5 and, where there is evidence,
/// what clients were told (S1, S3, S6, S8); and the gateway's ledger.
class verification {
public:
  /// Throws errc::bad_argument when a file of the evidence cannot be read.
  explicit verification(const evidence& files = {});

  void feed(const ensemble::recorded_event& e);
  /// After the last event.
  [[nodiscard]] verification_report finish();
  /// A fault that somebody else found, as in `S4`.
  void add(const std::string& rule, const std::string& text) { found_.add(rule, text); }
  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }

private:
  findings found_{};
  order_check orders_;
  saga_check sagas_;
  std::unique_ptr<ledger_check> ledger_{};
  ensemble::history_file told_{};
  bool with_history_;
  ensemble::history_check history_;
  std::uint64_t events_ = 0;
};

/// Tells how far a long verification is; called now and then.
using verification_progress = std::function<void(std::uint64_t done, std::uint64_t all)>;

/// Verifies a whole journal: its storage first if `storage` says so (S4: the versions of every
/// stream, and all that the journal itself can check), then event by event; with `storage` also
/// G12, both modes held against each other.
[[nodiscard]] verification_report verify_journal(ensemble::journal_reader& journal,
                                                 const evidence& files, bool storage,
                                                 const verification_progress& progress = {});

/// A page for people: the accounts, each rule with its verdict, and what was found.
void print(std::ostream& out, const verification_report& report);

} // namespace orders
