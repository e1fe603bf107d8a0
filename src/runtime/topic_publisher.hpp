#pragma once

#include "runtime/base_actor.hpp"
#include "runtime/journal_follower.hpp"
#include "runtime/topics.hpp"

#include <unordered_map>

namespace ensemble::internal {

/// Publishes committed events to the groups of the topics that were asked for; until then it does
/// not even follow the journal.
class topic_publisher final : public base_actor {
public:
  topic_publisher(caf::actor_config& config, environment_ptr env, directory_ptr directory,
                  std::shared_ptr<topic_table> topics);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void follow();
  void publish_when_durable(const batch_ptr& batch);
  void publish(const batch_ptr& batch);
  void publish(asked_topic& to, const batch_ptr& batch);
  void tell_of_the_skipped();
  void read(const std::shared_ptr<topic_question>& question);
  void ask_reader(std::uint64_t tag);
  void page_read(const journal_page& page);

  std::shared_ptr<topic_table> topics_;
  journal_follower follower_;
  bool following_ = false;
  bool tick_scheduled_ = false;
  std::uint64_t next_tag_ = 1;
  std::unordered_map<std::uint64_t, std::shared_ptr<topic_question>> questions_{};
};

} // namespace ensemble::internal
