#pragma once

#include "model/executor.hpp"

#include <string>

namespace explorer {

/// The first field in which two folds differ, as in `steps[2].undo.round`; empty: they are equal.
/// Compares every field: one that is added to the structs does not compile until it is compared.
std::string difference(const ensemble::instance& a, const ensemble::instance& b);

bool equal(const ensemble::message& a, const ensemble::message& b);
bool equal(const ensemble::due_command& a, const ensemble::due_command& b);
bool equal(const ensemble::new_event& a, const ensemble::new_event& b);

} // namespace explorer
