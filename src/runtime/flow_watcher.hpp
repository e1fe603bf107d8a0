#pragma once

#include "runtime/base_actor.hpp"
#include "runtime/journal_follower.hpp"

#include <ensemble/flow_graph.hpp>

namespace ensemble::internal {

/// Where the flow graph is kept: one row, with the graph and its checkpoint.
inline constexpr std::string_view flow_graph_book = "ensemble.flow_graph";

/// Keeps the graph of all flows up to date with the journal, and answers who asks for it. A
/// projection: it goes on from its checkpoint, and what lies between it and the head it reads
/// again. Looks causes up in a reader of its own, so it may wait for the disk.
class flow_watcher final : public base_actor {
public:
  flow_watcher(caf::actor_config& config, environment_ptr env,
               std::shared_ptr<journal_reader> reader, directory_ptr directory,
               caf::actor supervisor);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void load();
  void take(const committed_batch& batch);
  void save();

  std::shared_ptr<journal_reader> reader_;
  flow_graph graph_{};
  position saved_{};
  timestamp saved_at_{};
  bool saving_ = false; ///< the writer has not answered yet
  journal_follower follower_;
};

} // namespace ensemble::internal
