#pragma once

#include "runtime/base_actor.hpp"

#include <map>
#include <vector>

namespace ensemble::internal {

/// The one writer of the journal. Whatever waits when the disk is free goes into one commit; what
/// follows from it (answers, publication) is told only afterwards, in journal order.
class journal_writer final : public base_actor {
public:
  journal_writer(caf::actor_config& config, environment_ptr env, journal& to, position head,
                 timestamp newest, caf::actor supervisor);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void commit();
  void publish(std::vector<append_result> results, timestamp time);
  void answer(append_job& job, const append_result& result, timestamp time);
  void collect(append_job& job, const append_result& result, timestamp time);
  void tell_subscribers();

  journal& journal_;
  position head_;
  timestamp newest_;
  std::vector<observer_entry> observers_{};
  caf::actor manager_{};
  std::vector<std::shared_ptr<append_job>> waiting_{};
  std::map<caf::actor, std::vector<append_answer>> answers_{};
  std::vector<recorded_event> published_{};
  bool commit_scheduled_ = false;
  bool failed_ = false;
};

} // namespace ensemble::internal
