#pragma once

#include "runtime/base_actor.hpp"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ensemble::internal {

/// The one writer of the journal in this runtime. Whatever waits when the disk is free goes into
/// one commit; what follows from it (answers, publication) is told only afterwards, in journal
/// order. Where others record, too, publication follows the journal (journal::follow), and answers
/// wait for it.
///
/// A full disk refuses new work (append_result::status::no_space); essential jobs are kept here, in
/// their order, until there is space.
class journal_writer final : public base_actor {
public:
  journal_writer(caf::actor_config& config, environment_ptr env, journal& to, position head,
                 timestamp newest, caf::actor supervisor);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void receive(const std::shared_ptr<append_job>& job);
  void keep(const std::shared_ptr<append_job>& job);
  void commit();
  void commit_waiting();
  [[nodiscard]] bool came_from_elsewhere() const;
  void commit_one_by_one(const error& why);
  [[nodiscard]] std::vector<append_result>
  commit_what_fits(const std::vector<append_request>& requests, timestamp time);
  void keep_or_answer(std::vector<append_result> results);
  void note_space(bool refused, bool accepted_new_work);
  void count_events(const append_result& appended);
  void publish();
  [[nodiscard]] message typed(message from) const;
  void answer(append_job& job, const append_result& result,
              std::shared_ptr<const error> failure = {});
  void collect(append_job& job, const append_result& result);
  void send_answers();
  void tell_subscribers();

  journal& journal_;
  position head_;
  timestamp newest_;
  std::vector<observer_entry> observers_{};
  caf::group group_{};
  std::vector<std::shared_ptr<append_job>> waiting_{};
  std::map<caf::actor, std::vector<append_answer>> answers_{};
  /// Answers that wait for what they rest on to be published, in their order.
  std::deque<std::pair<caf::actor, append_answer>> held_{};
  std::vector<recorded_event> published_{};
  std::vector<std::shared_ptr<append_job>> kept_{}; ///< essential, and without space so far
  std::set<std::pair<std::string, event_id>> kept_untold_{}; ///< of those whom nobody waits for
  bool commit_scheduled_ = false;
  bool try_scheduled_ = false;
  bool full_ = false;
  bool failed_ = false;
  bool others_write_ = false; ///< what is published comes from the journal: see journal::follow
};

} // namespace ensemble::internal
