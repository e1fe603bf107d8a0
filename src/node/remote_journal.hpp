#pragma once

#include <ensemble/journal.hpp>

#include <caf/actor.hpp>

#include <functional>
#include <future>
#include <memory>

namespace ensemble::node {

/// A journal that another node keeps: the port of every adapter, over a link. `client` asks that
/// node (see journal_client), and outlives it. Calls wait for the answer, however long the link is
/// away, until the client ends; then they throw errc::journal_failed.
///
/// What the port says of commits holds, but for this: each request is recorded by itself, in their
/// order. So events of others may stand between those of two requests of one commit; readers may
/// see one before the other; and one that cannot be recorded keeps only itself out. A message that
/// is not JSON throws errc::bad_argument. The journal's node gives the time. Of a commit whose
/// answer was lost the requests come back as repeats, those of books alone having been applied
/// again (one that demands a row, as a claim does, says `fenced` then: see ownership.hpp). Over one
/// link nothing is lost. A request has to fit into a frame (most_frame_bytes), or throws
/// errc::bad_argument. A commit returns when the slowest of its requests is answered.
/// Messages are read with `types`; follow() gives them opaque.
/// A reader's verify() throws errc::wrong_state: it is the journal's node that can look at its
/// file.
///
/// `wait` returns when what it is given says so: where a whole node lives in one thread, it lets
/// the others go on meanwhile.
[[nodiscard]] std::unique_ptr<journal>
make_remote_journal(caf::actor client, type_lookup types,
                    std::function<void(const std::function<bool()>&)> wait = {});

} // namespace ensemble::node
