#pragma once

#include <ensemble/causation.hpp>

#include <string>
#include <string_view>

namespace ensemble::trace {

/// The name of a kind, as in `deadline`.
[[nodiscard]] std::string_view to_string(flow_wait::kind kind) noexcept;
/// One sentence, as in `waits for payment: do payment: authorise_payment, since +1.20 ms`. Times
/// are told from `first` on.
[[nodiscard]] std::string wait_text(const flow_wait& wait, timestamp first);

} // namespace ensemble::trace
