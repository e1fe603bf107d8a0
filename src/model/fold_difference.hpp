#pragma once

#include "model/instance.hpp"

#include <string>

namespace ensemble {

/// How messages are compared: by name and text, unless somebody knows a quicker way.
using message_equality = bool (*)(const message& a, const message& b);
[[nodiscard]] bool same_text(const message& a, const message& b);

/// The first field in which two folds of one instance differ, as in `steps[2].undo.round`; empty:
/// they are the same. Compares every field but the process's own state, whose type is erased: what
/// that led to stands in the commands. A field that is added does not compile until it is compared.
[[nodiscard]] std::string fold_difference(const instance& a, const instance& b,
                                          message_equality equal = same_text);

[[nodiscard]] bool same(const due_command& a, const due_command& b,
                        message_equality equal = same_text);
[[nodiscard]] bool same(const new_event& a, const new_event& b, message_equality equal = same_text);

} // namespace ensemble
