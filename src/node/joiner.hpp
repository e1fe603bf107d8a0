#pragma once

#include "node/join_note.hpp"
#include "node/link_messages.hpp"
#include "node/session.hpp"
#include "runtime/base_actor.hpp"

#include <caf/expected.hpp>

#include <functional>
#include <memory>
#include <string>

namespace ensemble::node {

inline constexpr std::string_view joiner_role = "joiner of a node";

/// Looks another node's gate up, on behalf of that actor, and tells it once, in its own time, what
/// came of it: see network.hpp.
using gate_finder =
    std::function<void(caf::event_based_actor& by, std::function<void(caf::expected<caf::actor>)>)>;

/// How long it waits between two tries: doubled with each that fails, up to the longest. Where many
/// nodes lose one at the same moment, each waits a little differently.
[[nodiscard]] duration pause_after(std::uint64_t failures, incarnation_id own) noexcept;

/// Keeps a node joined to another one: finds its gate, greets, and begins anew whenever the link
/// is over. `owner` is told of each link; it ends with the owner. `note` may be null.
class joiner final : public internal::base_actor {
public:
  joiner(caf::actor_config& config, internal::environment_ptr env, session_settings own,
         gate_finder find, caf::actor owner, std::shared_ptr<join_note> note = {});

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  void look_up();
  void connect(const caf::actor& gate);
  void failed(const std::string& why);

  session_settings own_;
  gate_finder find_;
  caf::actor owner_;
  std::shared_ptr<join_note> note_;
  caf::actor link_{};          ///< none: it is being looked for
  std::uint64_t failures_ = 0; ///< since one was up for a while
  moment connected_{};
  std::string last_reason_{};
};

} // namespace ensemble::node
