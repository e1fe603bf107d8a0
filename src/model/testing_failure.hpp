#pragma once

#include <string>

namespace ensemble::detail {

/// Reports a failed check: calls the installed failure handler, or throws test_failure.
void fail_test(const std::string& text, const char* file, int line);

} // namespace ensemble::detail
