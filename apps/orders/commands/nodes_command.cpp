#include "orders/commands/commands.hpp"
#include "orders/text.hpp"

#include <ensemble/control.hpp>

#include <iomanip>
#include <ostream>

namespace orders {

namespace {

std::string joined(const std::vector<std::string>& all) {
  std::string text;
  for (const auto& one : all) text += (text.empty() ? "" : ",") + one;
  return text.empty() ? "-" : text;
}

} // namespace

int list_nodes(const read_options& options, std::ostream& out) {
  const auto all = ensemble::control_client(options.journal).nodes();
  const auto row = [&](const auto&... cells) {
    const int widths[] = {16, 12, 30, 12, 12};
    std::size_t n = 0;
    out << std::left;
    ((out << std::setw(widths[n++]) << cells << ' '), ...);
  };
  row("node", "state", "services", "heard", "under way");
  out << "last error\n";
  for (const auto& node : all) {
    const bool self = &node == &all.front();
    row(node.name,
        self             ? "here"
        : node.connected ? "connected"
                         : "gone",
        joined(node.services), self ? "-" : to_text(node.heard) + " ago",
        std::to_string(node.bytes_under_way) + " B");
    out << (node.last_error.empty() ? "-" : node.last_error) << '\n';
  }
  return 0;
}

} // namespace orders
