#pragma once

#include <ensemble/journal.hpp>
#include <ensemble/subscription.hpp>

#include <functional>
#include <string_view>
#include <variant>

namespace ensemble::internal {

/// The book of one subscription or policy: a row for its checkpoint, and one for each parked event,
/// sorted by position. They change together.
[[nodiscard]] std::string book_of(std::string_view subscription);

[[nodiscard]] book_change make_subscription_checkpoint(std::string_view subscription,
                                                       position up_to);
[[nodiscard]] book_change make_change(std::string_view subscription, const parked_event& row);
[[nodiscard]] book_change make_end(std::string_view subscription, position parked);

/// What a row says: the checkpoint, or a parked event. Throws errc::journal_damaged.
[[nodiscard]] std::variant<position, parked_event> read_row(std::string_view subscription,
                                                            const book_row& row);

/// Behind which key the rows behind that position stand.
[[nodiscard]] std::string parked_row_key(position at);

} // namespace ensemble::internal
