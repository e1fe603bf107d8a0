#pragma once

#include "node/link_messages.hpp"
#include "node/session.hpp"
#include "runtime/base_actor.hpp"

#include <caf/actor_addr.hpp>

#include <functional>
#include <map>
#include <string>

namespace ensemble::node {

inline constexpr std::string_view gate_role = "gate for nodes";

/// The one actor of a node that others can find: takes the greetings of those who want to join, and
/// gives a link to each that is let in. Who is not costs no actor.
///
/// A node's name is its own while it is connected: another start of it is let in once the first
/// one's connection is over, the same one at once (it knows earlier than this side that its
/// connection broke).
class gate final : public internal::base_actor {
public:
  /// Makes the actor that owns a link, for one that is let in; see link_messages.hpp.
  using make_owner = std::function<caf::actor()>;
  /// Links decode with `types`.
  gate(caf::actor_config& config, internal::environment_ptr env, session_settings own,
       make_owner owners, type_lookup types);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct guest {
    incarnation_id incarnation{};
    caf::actor link{};
  };

  void greet(const std::string& bytes);
  [[nodiscard]] std::optional<std::string> why_not(const hello& who) const;
  void let_in(const hello& who, caf::actor link);
  void let_go(const caf::actor_addr& link);

  session_settings own_;
  make_owner owners_;
  type_lookup types_;
  std::map<std::string, guest> guests_{}; ///< by name
};

} // namespace ensemble::node
