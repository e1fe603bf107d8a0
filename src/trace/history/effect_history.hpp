#pragma once

#include "trace/known_processes.hpp"

#include <ensemble/history.hpp>

#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

namespace ensemble::trace {

/// Holds the books that services keep of their effects against the journal: at most one effect a
/// key, and exactly one for a step that is done (G3); one undo for each step that is undone, none
/// for what failed, nothing left of what was voided (G4).
class effect_history {
public:
  effect_history(const std::vector<effect_ledger>& ledgers,
                 const std::vector<process_definition>& processes,
                 const std::vector<const service_definition*>& services, history_findings& found);

  void take(const recorded_event& e);
  void finish(bool quiet);
  [[nodiscard]] std::uint64_t entries() const noexcept { return entries_; }

private:
  struct account {
    std::string what{};
    std::uint64_t effects = 0;
    bool cancelled = false;
    bool settled = false; ///< the journal has its outcome
  };
  using accounts = std::unordered_map<std::string, account>; ///< by key

  void enter(const std::string& service, accounts& book, const effect_entry& entry);
  void hold(accounts& book, const process_definition& process, const recorded_event& e,
            const command_handler* handler);
  [[nodiscard]] const command_handler* handler_of(std::string_view service,
                                                  const request_definition& request) const;

  const std::vector<process_definition>& processes_;
  const std::vector<const service_definition*>& services_;
  history_findings& found_;
  std::map<std::string, accounts, std::less<>> books_{}; ///< by service
  std::uint64_t entries_ = 0;
};

} // namespace ensemble::trace
