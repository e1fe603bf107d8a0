#pragma once

#include "orders/command_line.hpp"

#include <ensemble/runtime.hpp>

namespace orders {

/// Makes the runtime one of several, as the user asked; or leaves it alone.
void set_node(ensemble::runtime_options& of, const node_options& from);

} // namespace orders
