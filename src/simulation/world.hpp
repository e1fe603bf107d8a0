#pragma once

#include "simulation/clients.hpp"
#include "simulation/operators.hpp"
#include "simulation/plan.hpp"
#include "simulation/virtual_stage.hpp"

#include <ensemble/runtime.hpp>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ensemble::simulation {

/// One run: a program that is started, used, broken, started again, healed, and looked at.
class world final : private stage_faults {
public:
  world(const plan& what, const scenario_maker& make);
  ~world() override;
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  [[nodiscard]] run_result run();

private:
  // What goes wrong at a message, a call, a commit:
  message_fate of_message(chance& drawn, bool may_be_lost, const event_origin* origin) override;
  duration until_call() override;
  void call_happened() override;
  commit_fate of_commit(std::span<const append_request> requests) override;
  sync_fate of_sync() override;
  void command_doubled(const event_origin& origin) override;
  [[nodiscard]] bool is_target(happening what, const event_origin& origin) const;
  [[nodiscard]] bool strikes(fault what, std::uint64_t cases_in_thousand);
  [[nodiscard]] bool strikes(fault what, std::uint64_t cases_in_thousand, chance& drawn);
  void cut(fault what);
  void note_cut(happening what, std::span<const append_request> requests);

  // The program:
  void start_program();
  void end_program();
  [[nodiscard]] int versions_before(const process_definition& p) const;
  [[nodiscard]] int newest_version_of(std::string_view process) const;
  [[nodiscard]] bool has_newer_versions() const;
  void try_changed_structure();
  void restart();
  void set_up();
  /// False: time had to pass.
  bool one_step();
  void break_something();
  void kill_an_actor();
  void break_down();
  void heal();
  void help_the_stuck();
  /// As far as is known now, everything that was begun has ended.
  [[nodiscard]] bool settled();

  // What came of it:
  void look();
  void check_subscriptions(journal_reader& journal);
  void check_history(journal_reader& journal);
  void cover(journal_reader& journal);
  [[nodiscard]] type_lookup types() const;
  void violated(std::string text);

  plan plan_;
  scenario scenario_;
  chance chance_;
  service_faults calls_;
  run_result result_{};
  std::vector<std::string> roles_{};
  std::vector<std::string> followers_{}; ///< subscriptions and policies
  std::vector<service_definition> services_{};
  std::vector<subscription_definition> subscriptions_{};
  /// By subscription: what it saw, in its order, repeats too.
  std::map<std::string, std::vector<recorded_event>> seen_{};
  /// What happened to commands, which the journal does not tell.
  std::vector<std::pair<happening, event_origin>> happenings_{};
  virtual_stage stage_;
  clients clients_;
  operators operators_;
  int versions_ = 0; ///< of each process, so many are given to the program
  std::unique_ptr<runtime> runtime_{};
  bool failed_ = false; ///< the program that runs can only be ended
  bool target_met_ = false;
  bool healing_ = false;
  std::uint64_t full_until_ = 0; ///< this commit
  bool quite_full_ = false;      ///< not even for what is essential
  std::uint64_t commits_ = 0;
  std::uint64_t killed_ = 0; ///< actors of the program that runs
  std::uint64_t words_ = 0;
};

} // namespace ensemble::simulation
