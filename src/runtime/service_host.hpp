#pragma once

#include "runtime/base_actor.hpp"
#include "runtime/effect_threads.hpp"
#include "runtime/entity_cache.hpp"

#include <map>
#include <unordered_map>

namespace ensemble::internal {

/// Runs one service: takes commands, decides them on the entity's state, and has the outcome
/// recorded. Decides on the pending tail, so that a busy entity is not held to one command a
/// commit; if an append does not go as expected, the tail is dropped and decided anew (rule 13).
/// A command over several entities (rule 12) waits until all are in memory, is decided on all their
/// tails at once, and appended at the version of each. It holds none of them meanwhile: so there is
/// nothing to lock, and nobody who waits for one who waits.
class service_host final : public base_actor {
public:
  service_host(caf::actor_config& config, environment_ptr env,
               std::shared_ptr<const service_definition> service, effect_executor& effects,
               directory_ptr directory);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct pending_append {
    work_ptr item{};
    std::vector<stream_append> streams{}; ///< kept only for the receipt, where there is one
  };
  struct pending_read {
    read_request request{};
    work_ptr item{};   ///< whose earlier outcome is looked for
    std::string key{}; ///< else: of the entity that is being loaded
  };

  void catch_up();
  void caught_up();
  void take(const std::shared_ptr<const host_command>& command);
  void take(const std::shared_ptr<const state_query>& what);
  // A command's way: take -> receive -> (load) -> (look up) -> carry out -> append -> finish.
  void receive(std::shared_ptr<const host_command> command);
  void pump(entity& e);
  void proceed(const work_ptr& item);
  void look_up(const work_ptr& item);
  void carry_out(const work_ptr& item);
  void decide(const work_ptr& item);
  void run_effect(const work_ptr& item);
  void carry_out_close(const work_ptr& item);
  void append(const work_ptr& item, std::vector<std::vector<new_event>> events);
  void append(const work_ptr& item, new_event only);
  void finish(const work_ptr& item, std::vector<recorded_event> events,
              std::optional<std::uint64_t> commit);
  void fail(const work_ptr& item, const std::string& reason, errc code = errc::handler_failed);
  void tell_failure(const host_command& command, const std::string& reason, errc code,
                    bool may_be_recorded);
  void leave(const work& item);
  [[nodiscard]] bool must_wait_for_space(const host_command& command) const;
  [[nodiscard]] bool waits_already(const host_command& command) const;

  [[nodiscard]] bool expects_new(const work& item) const;
  void assume_new(entity& e);
  [[nodiscard]] bool look_after_all(const work_ptr& item, const std::string& why);
  [[nodiscard]] static bool guess_was_right(const work& item);
  void load(entity& e, stream_version from);
  void loaded(entity& e);
  void read(pending_read what);
  void page_read(const journal_page& page);
  void append_answered(const append_answer& answer);
  void not_appended(const work_ptr& item, append_result::status why);
  void settle(entity& e);
  void give_up(entity& e, const std::string& reason);
  void effect_finished(const effect_done& report);
  void query(const std::shared_ptr<const state_query>& what);
  void answer_queries(entity& e, std::uint64_t recorded_length);
  void directory_replaced(const directory_changed& change);

  [[nodiscard]] bool stateless() const noexcept { return service_->folds.empty(); }
  [[nodiscard]] std::vector<std::string> keys_of(const work& item) const;

  std::shared_ptr<const service_definition> service_;
  effect_executor& effects_;
  entity_cache entities_;
  std::uint64_t next_tag_ = 1;
  std::uint64_t catching_up_ = 0;                            ///< the tag of the answer that ends it
  std::vector<std::shared_ptr<const host_command>> early_{}; ///< commands until then
  std::vector<std::shared_ptr<const state_query>> early_queries_{};
  std::map<std::uint64_t, pending_append> appends_{}; ///< in the order in which they were sent
  std::unordered_map<std::uint64_t, pending_read> reads_{};
  /// Commands at work, by the id that their outcome will carry; with each, the closes and repeats
  /// that wait for it to end.
  std::unordered_map<command_id, std::vector<std::shared_ptr<const host_command>>> at_work_{};
  std::unordered_map<command_id, work_ptr> outside_{}; ///< effects and cancels
  /// By the command that brought an entity into memory: how many in a row had no event.
  std::unordered_map<const command_handler*, std::size_t> new_in_a_row_{};
};

} // namespace ensemble::internal
