#pragma once

#include <ensemble/journal.hpp>

#include <memory>

namespace node_tests {

/// That journal as another node sees it: over a link, with both nodes in this process. What is
/// committed is recorded at the time that the commit names.
[[nodiscard]] std::unique_ptr<ensemble::journal>
open_linked_journal(const ensemble::journal_options& options);

} // namespace node_tests
