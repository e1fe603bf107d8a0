#pragma once

#include "orders/checks/verification.hpp"
#include "orders/domain/mishaps.hpp"

#include <ensemble/diagram.hpp>
#include <ensemble/journal.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace orders {

/// Where a program stands that is one of several: see ensemble::runtime_options.
struct node_options {
  std::string listen{};
  std::string join{};
  std::string name{};
  std::string certificates{}; ///< the folder that scripts/certificates made; empty: plain text
  std::optional<std::vector<std::string>> services{}; ///< that run here; none: all
  double silence = 5; ///< seconds, after which a node of which nothing is heard is down
};

/// `orders run`
struct run_options {
  std::string csv{};           ///< real orders from this file; empty: generated ones
  std::uint64_t orders = 1000; ///< how many to generate
  std::uint32_t lines = 1;     ///< of each generated order
  mishaps failures{};          ///< and the seed of the orders
  std::size_t concurrency = 100;
  std::int64_t stock = 1'000'000'000; ///< units of each item that no order has reserved yet
  std::string journal = "orders.db";
  ensemble::durability durability = ensemble::durability::durable;
  /// Conducted or danced. A journal may be continued in the other mode.
  ensemble::process_mode mode = ensemble::process_mode::orchestration;
  bool resume_only = false; ///< places nothing, ends what is in flight
  evidence files{};
  node_options node{}; ///< of a client: `join`, `name`, `certificates`
  std::string log = "warn";
};

/// `orders serve`
struct serve_options {
  node_options node{};
  std::string journal = "orders.db";
  ensemble::durability durability = ensemble::durability::durable;
  ensemble::process_mode mode = ensemble::process_mode::orchestration;
  mishaps failures{};
  std::int64_t stock = 1'000'000'000;
  std::string gateway{}; ///< the payment gateway's file; empty: payment decides by itself
  std::string log = "info";
};

/// How `orders compare` writes its tables.
enum class table_format { text, markdown };

/// `orders compare`
struct compare_options {
  std::uint64_t orders = 5000;
  std::uint32_t lines = 1;
  mishaps failures{0.1, 0.05, 0.05};
  std::size_t concurrency = 100;
  std::int64_t stock = 1'000'000'000;
  ensemble::durability durability = ensemble::durability::durable;
  /// The two undisturbed journals are kept as PREFIX-orchestration.db and PREFIX-choreography.db;
  /// empty: none is kept.
  std::string journal{};
  bool kill = true; ///< also kill each actor in turn
  table_format format = table_format::text;
  std::string log = "off";
};

/// `orders show`, `list`, `verify`, `export`
struct read_options {
  std::string journal = "orders.db";
  std::string order{};     ///< export: empty for all
  std::string state{};     ///< list: as `orders list` tells it; empty for all
  std::uint64_t from = 1;  ///< export: the first position
  std::uint64_t limit = 0; ///< list, export: how many at most; 0 for all
  evidence files{};
};

/// How `orders trace` and `orders graph` write.
enum class trace_format { text, json, mermaid, dot };

/// `orders trace`, `graph`, `conformance`
struct trace_options {
  std::string journal = "orders.db";
  std::string order{};
  bool all = false; ///< trace: count the events of every flow
  trace_format format = trace_format::text;
};

/// `orders backup`, `restore`
struct copy_options {
  std::string journal = "orders.db";
  std::string file{}; ///< the backup
};

/// `orders retry`, `skip`, `abort`
struct operator_options {
  std::string journal = "orders.db";
  std::string order{};
  bool all = false; ///< retry: every order that is stuck
  std::string reason{};
  std::string step{};
  std::string direction{};
  std::string event{};
  std::string event_name{};
  std::string key{};
};

/// `orders check`, `diagram`
struct definition_options {
  ensemble::process_mode mode = ensemble::process_mode::orchestration;
  ensemble::diagram_format format = ensemble::diagram_format::mermaid;
};

enum class command {
  run,
  serve,
  nodes,
  compare,
  show,
  list,
  verify,
  export_events,
  backup,
  restore,
  retry,
  skip,
  abort,
  check,
  diagram,
  trace,
  graph,
  conformance,
};

/// What the user asked for.
struct command_line {
  orders::command command = command::run;
  run_options run{};
  serve_options serve{};
  compare_options compare{};
  read_options read{};
  copy_options copy{};
  operator_options word{};
  definition_options definition{};
  trace_options trace{};
};

/// Reads the arguments. When the program has nothing more to do (help was asked for, or the
/// arguments are wrong) it says so on the terminal, and `exit_code` is 0 or 2.
struct parsed_command_line {
  command_line line{};
  std::optional<int> exit_code{};
};
[[nodiscard]] parsed_command_line parse_command_line(int argc, const char* const* argv);

} // namespace orders
