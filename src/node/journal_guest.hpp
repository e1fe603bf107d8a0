#pragma once

#include "node/command_exchange.hpp"
#include "node/link_messages.hpp"
#include "runtime/base_actor.hpp"

#include <caf/group.hpp>

#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace ensemble::node {

inline constexpr std::string_view journal_guest_role = "journal guest";

/// Gives one node that has joined what it needs: records what it asks to append, reads for it,
/// sends it the committed events that it follows; passes its commands on, and gives it those for
/// its services. Owns the node's link, and ends with it. It reads the journal itself, so it needs a
/// thread of its own where that may wait.
///
/// Not for a journal of speculative durability: what it tells would have to wait for the disk
/// first.
class journal_guest final : public internal::base_actor {
public:
  /// `now` names the writer and the group of committed batches.
  journal_guest(caf::actor_config& config, internal::environment_ptr env,
                internal::directory_ptr now, std::shared_ptr<journal_reader> from);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void receive(frame& what);
  void let_in(const link_up& up);
  void introduce(const std::string& service);
  void directory_changed(const internal::directory_changed& change);
  void append(append_asked& what);
  void appended(const internal::append_answer& answer);
  [[nodiscard]] read_told read(const read_asked& what);
  void committed(const std::shared_ptr<const internal::committed_batch>& batch);
  /// Sends what the node follows, as far as its credit reaches.
  void send_events(const internal::committed_batch* newest);
  [[nodiscard]] bool read_behind(std::vector<recorded_event>& events);
  void say(const frame& what);
  void say_bytes(std::string bytes);

  std::shared_ptr<journal_reader> from_;
  caf::actor link_{};
  std::vector<std::string> services_{}; ///< that run at the peer
  command_exchange commands_;
  std::unordered_set<std::uint64_t> appending_{}; ///< tags of what the writer has been asked
  position head_{};
  position next_{}; ///< the first that was not sent
  std::uint32_t credit_ = 0;
};

} // namespace ensemble::node
