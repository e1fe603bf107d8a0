#pragma once

#include "node/frames.hpp"

#include <ensemble/journal.hpp>
#include <ensemble/message.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// Who may write for a shard. The journal itself holds it: a row of a book a shard, which every
// append of the owner demands to be as it knows it. So an owner that was paused, and wakes when
// another one has taken its place, can record nothing any more, whatever it believes and however
// its messages travel (a fencing token; Kleppmann 2016, "How to do distributed locking"). Pure: the
// caller commits what is made here, and keeps the time of leases.

namespace ensemble::node {

struct owner {
  std::string node{};        ///< its name
  std::string incarnation{}; ///< which start of it, in hexadecimal
  std::uint64_t epoch{};     ///< how often the shard has changed hands: 1 for its first owner
  friend bool operator==(const owner&, const owner&) = default;
};
ENSEMBLE_MESSAGE_NAMED(owner, "ensemble.owner", 1, node, incarnation, epoch)

/// An owner as the journal names it.
struct ownership {
  owner by{};
  std::string row{}; ///< its bytes: they are compared as they stand there, whoever wrote them
  friend bool operator==(const ownership&, const ownership&) = default;
};

/// The book that holds them, by the shard's name.
inline constexpr std::string_view owners_book = "owners";

/// The owner that the journal names; none: the shard has none yet. Throws errc::journal_damaged for
/// a row that says nothing, errc::bad_argument for a shard without a name.
[[nodiscard]] std::optional<ownership> owner_of(journal_reader& from, std::string_view shard);

/// That node's ownership behind `before` (none: the first one).
[[nodiscard]] ownership next_owner(const std::optional<ownership>& before, std::string_view node,
                                   incarnation_id incarnation);

/// Makes `next` the owner of the shard, if `before` still is (none: if there is none). Of several
/// who try, one succeeds; the others are told append_result::status::fenced. So is whoever asks a
/// second time, its answer having been lost: whether it has the shard, the journal then says, by
/// naming exactly `next`. (Nobody else's claim is equal to it: it names the start of a node.) It
/// needs no headroom of its own: a full disk must not keep accepted work from going on elsewhere.
[[nodiscard]] append_request claim(std::string_view shard, const std::optional<ownership>& before,
                                   const ownership& next);

/// What each append of an owner has to demand: that it still is.
[[nodiscard]] book_expectation still_owned(std::string_view shard, const ownership& own);

} // namespace ensemble::node
