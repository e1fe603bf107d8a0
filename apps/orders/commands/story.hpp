#pragma once

#include <ensemble/journal.hpp>

#include <string>
#include <vector>

namespace orders {

/// Everything that stands in the journal about one order, in journal order: its creation, and the
/// events of the process that this began. Throws errc::bad_argument when the order is not there.
[[nodiscard]] std::vector<ensemble::recorded_event> story_of(ensemble::journal_reader& journal,
                                                             const std::string& order_id);

/// The process that fulfils an order. Throws likewise.
[[nodiscard]] ensemble::instance_id instance_of(ensemble::journal_reader& journal,
                                                const std::string& order_id);

/// The flow that the order's creation belongs to. Throws likewise.
[[nodiscard]] ensemble::correlation_id flow_of(ensemble::journal_reader& journal,
                                               const std::string& order_id);

} // namespace orders
