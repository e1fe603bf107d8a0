#pragma once

#include <ensemble/journal.hpp>

#include <optional>

namespace ensemble::trace {

/// The outside event that a recorded `event_received` handed over, which mostly stands in another
/// flow; none for other events, and when it is not where the record says.
[[nodiscard]] std::optional<recorded_event> outside_cause(journal_reader& journal,
                                                          const recorded_event& received);

} // namespace ensemble::trace
