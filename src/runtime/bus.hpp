#pragma once

#include <caf/fwd.hpp>
#include <caf/group.hpp>

#include <string>

namespace ensemble::internal {

/// The name that one runtime's groups have in common. Several runtimes may live in one actor
/// system; a name is used again once its owner is gone, since CAF never frees a group.
[[nodiscard]] std::string bus_name(const void* owner);

/// The group that carries the journal's committed batches: one `committed` a commit, in journal
/// order, from its only publisher, the journal writer. Nothing that was lost or came too early is
/// sent again: the journal makes it complete (see journal_follower).
[[nodiscard]] caf::group journal_group(caf::actor_system& system, const std::string& bus);

} // namespace ensemble::internal
