#include "orders/commands/commands.hpp"

#include <exception>
#include <iostream>

namespace {

int dispatch(const orders::command_line& line) {
  switch (line.command) {
  case orders::command::run: return orders::run_orders(line.run, std::cout);
  case orders::command::serve: return orders::serve_orders(line.serve, std::cout);
  case orders::command::nodes: return orders::list_nodes(line.read, std::cout);
  case orders::command::compare: return orders::compare_modes(line.compare, std::cout);
  case orders::command::show: return orders::show_order(line.read, std::cout);
  case orders::command::list: return orders::list_orders(line.read, std::cout);
  case orders::command::verify: return orders::verify_orders(line.read, std::cout);
  case orders::command::retry:
  case orders::command::skip:
  case orders::command::abort: return orders::operate_order(line.command, line.word, std::cout);
  case orders::command::export_events: return orders::export_events(line.read, std::cout);
  case orders::command::backup: return orders::backup_orders(line.copy, std::cout);
  case orders::command::restore: return orders::restore_orders(line.copy, std::cout);
  case orders::command::check: return orders::check_process(line.definition, std::cout);
  case orders::command::diagram: return orders::draw_process(line.definition, std::cout);
  case orders::command::trace: return orders::trace_order(line.trace, std::cout);
  case orders::command::graph: return orders::draw_graph(line.trace, std::cout);
  case orders::command::conformance: return orders::hold_conformance(line.trace, std::cout);
  }
  return 2;
}

} // namespace

int main(int argc, char** argv) {
  const auto parsed = orders::parse_command_line(argc, argv);
  if (parsed.exit_code) return *parsed.exit_code;
  try {
    const int code = dispatch(parsed.line);
    std::cout.flush();
    return code;
  } catch (const std::exception& e) {
    std::cerr << "orders: " << e.what() << '\n';
    return 1;
  }
}
