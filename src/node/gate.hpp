#pragma once

#include "node/link_figures.hpp"
#include "node/link_messages.hpp"
#include "node/session.hpp"
#include "runtime/base_actor.hpp"
#include "runtime/exactly_once.hpp"

#include <caf/actor_addr.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ensemble::node {

inline constexpr std::string_view gate_role = "gate for nodes";

/// To the gate: tell of all nodes. (Nobody outside can say that: it is never serialised.)
struct list_nodes {
  std::shared_ptr<internal::exactly_once<const std::vector<node_status>*, const error*>> callback{};
};

/// The one actor of a node that others can find: takes the greetings of those who want to join, and
/// gives a link to each that is let in. Who is not costs no actor.
///
/// A node's name is its own while it is connected, until the owner of its link has ended: so
/// nothing of an earlier connection comes behind anything of a later one. Who knows earlier than
/// this side that its connection broke, and greets again, ends the old one, and is let in soon
/// after.
class gate final : public internal::base_actor {
public:
  /// Makes the actor that owns a link, for one that is let in; it ends when the link is down. What
  /// it throws is why the node is not let in. See link_messages.hpp.
  using make_owner = std::function<caf::actor()>;
  /// `own` has passed check().
  gate(caf::actor_config& config, internal::environment_ptr env, session_settings own,
       make_owner owners);

protected:
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  struct guest {
    incarnation_id incarnation{};
    caf::actor link{};
    caf::actor owner{};
    std::vector<std::string> services{};
    std::shared_ptr<link_figures> figures{};
  };

  void greet(const std::string& bytes);
  [[nodiscard]] std::optional<std::string> why_not(const hello& who);
  void let_in(const caf::actor& peer, session talk, session::step first);
  void let_go(const caf::actor_addr& owner);
  [[nodiscard]] static node_status status_of(const std::string& name, const guest& who, moment now);
  [[nodiscard]] std::vector<node_status> all_nodes() const;

  session_settings own_;
  make_owner owners_;
  std::map<std::string, guest> guests_{}; ///< by name
  /// Those with services that have not come back, and when they were heard last.
  std::map<std::string, std::pair<node_status, moment>> gone_{};
};

} // namespace ensemble::node

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(ensemble::node::list_nodes)
