#include "orders/command_line.hpp"

#include <CLI/CLI.hpp>

#include <iostream>

namespace orders {

namespace {

/// Counts are unsigned, and a minus sign would wrap them round.
const CLI::Range count(std::uint64_t{0}, std::uint64_t{1'000'000'000'000});

/// A number from 0 to 1. CLI's own range lets `nan` through, for it is neither below nor above.
const CLI::Validator share(
    [](const std::string& text) {
      double value{};
      const bool is_share = CLI::detail::lexical_cast(text, value) && value >= 0 && value <= 1;
      return is_share ? std::string() : text + " is no number from 0 to 1";
    },
    "FLOAT in [0 - 1]");

/// A subcommand whose options are added when it is named: to set up all of those takes many
/// times as long as to read the arguments.
template <class AddOptions>
CLI::App* subcommand(CLI::App& app, const std::string& name, const std::string& help,
                     AddOptions add_options) {
  auto* made = app.add_subcommand(name, help);
  made->preparse_callback([made, add_options](std::size_t) { add_options(*made); });
  return made;
}

void add_evidence(CLI::App& app, evidence& files, const char* gateway_help,
                  const char* history_help) {
  app.add_option("--gateway", files.gateway, gateway_help);
  app.add_option("--evidence", files.history, history_help);
}

void add_journal(CLI::App& app, std::string& journal) {
  app.add_option("--journal", journal, "The journal's file")->capture_default_str();
}

void add_mode(CLI::App& app, ensemble::process_mode& mode) {
  using ensemble::process_mode;
  const auto read = [&mode](const std::string& name) {
    mode = name == "choreography" ? process_mode::choreography : process_mode::orchestration;
  };
  app.add_option_function<std::string>("--mode", read,
                                       "orchestration: conducted; choreography: danced")
      ->check(CLI::IsMember({"orchestration", "choreography"}))
      ->default_str("orchestration");
}

void add_failures(CLI::App& app, mishaps& failures) {
  app.add_option("--decline-rate", failures.decline_rate, "Share of payments declined, 0 to 1")
      ->capture_default_str()
      ->check(share);
  app.add_option("--out-of-stock-rate", failures.out_of_stock_rate,
                 "Share of reservations rejected")
      ->capture_default_str()
      ->check(share);
  app.add_option("--shipping-failure-rate", failures.shipping_failure_rate,
                 "Share of parcels not taken")
      ->capture_default_str()
      ->check(share);
}

void add_durability(CLI::App& app, ensemble::durability& durability) {
  const std::map<std::string, ensemble::durability> degrees{
      {"durable", ensemble::durability::durable},
      {"speculative", ensemble::durability::speculative},
      {"relaxed", ensemble::durability::relaxed}};
  app.add_option("--durability", durability,
                 "durable: survives a power cut; speculative: as durable, with fewer waits "
                 "for the disk; relaxed: survives a killed process only")
      ->transform(CLI::Transformer(degrees))
      ->default_str("durable");
}

void add_log(CLI::App& app, std::string& log) {
  app.add_option("--log", log, "The engine's log: debug, info, warn, error, off")
      ->capture_default_str()
      ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}));
}

/// What all nodes have in common that join another one.
void add_membership(CLI::App& app, node_options& o) {
  app.add_option("--join", o.join, "HOST:PORT of the node that keeps the journal");
  app.add_option("--name", o.name, "The node's name: lower case letters, digits and '-'");
  app.add_option("--certificates", o.certificates,
                 "The folder that scripts/certificates made, for TLS: needed where other machines "
                 "can reach an address, and needs --name")
      ->needs("--name")
      ->check(CLI::ExistingDirectory);
  app.add_option("--silence", o.silence,
                 "Seconds after which a node of which nothing is heard is down")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 3600.0));
}

void add_serve_options(CLI::App& serve, serve_options& o) {
  add_membership(serve, o.node);
  auto* listen = serve.add_option("--listen", o.node.listen,
                                  "HOST:PORT where other nodes may join this one, "
                                  "which then keeps the journal");
  listen->excludes("--join");
  auto* journal = serve.add_option("--journal", o.journal, "The journal's file");
  journal->capture_default_str()->excludes("--join");
  serve
      .add_option_function<std::vector<std::string>>(
          "--services", [&o](const std::vector<std::string>& all) { o.node.services = all; },
          "Which run here: order, payment, stock, shipping, with commas, or none; without: all")
      ->delimiter(',')
      ->check(CLI::IsMember({"order", "payment", "stock", "shipping", "none"}));
  add_durability(serve, o.durability);
  add_mode(serve, o.mode);
  add_failures(serve, o.failures);
  serve.add_option("--seed", o.failures.seed, "Other seed, other failures")
      ->capture_default_str()
      ->check(count);
  serve.add_option("--stock", o.stock, "Units of each item that the journal does not know yet")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000'000'000}));
  serve.add_option("--gateway", o.gateway,
                   "Payments go to a gateway outside, which keeps its books in this file");
  add_log(serve, o.log);
}

CLI::App* add_serve(CLI::App& app, serve_options& o) {
  return subcommand(
      app, "serve",
      "Be one node of several: keep the journal (--listen), or run services beside it "
      "(--join), until Ctrl-C",
      [&o](CLI::App& serve) { add_serve_options(serve, o); });
}

CLI::App* add_nodes(CLI::App& app, read_options& o) {
  return subcommand(app, "nodes", "List the nodes that share a journal, and what runs where",
                    [&o](CLI::App& nodes) { add_journal(nodes, o.journal); });
}

void add_run_options(CLI::App& run, run_options& o) {
  auto* csv = run.add_option("--csv", o.csv, "Real orders, in the Online Retail format");
  run.add_option("--orders", o.orders, "How many orders to generate")
      ->capture_default_str()
      ->check(count)
      ->excludes(csv);
  run.add_option("--lines", o.lines, "Lines of a generated order")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, most_lines))
      ->excludes(csv);
  run.add_option("--seed", o.failures.seed, "Other seed, other orders and other failures")
      ->capture_default_str()
      ->check(count);
  run.add_option("--concurrency", o.concurrency, "Orders in flight")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  add_failures(run, o.failures);
  run.add_option("--last-word-failure-rate", o.failures.last_word_failure_rate,
                 "Share of orders whose confirmation or cancellation fails the first time: they "
                 "are stuck until an operator retries")
      ->check(share);
  run.add_option("--stock", o.stock, "Units of each item that the journal does not know yet")
      ->capture_default_str()
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{1'000'000'000'000'000}));
  auto* journal =
      run.add_option("--journal", o.journal, "The journal's file, or memory: to keep nothing");
  journal->capture_default_str();
  add_durability(run, o.durability);
  add_mode(run, o.mode);
  auto* resume =
      run.add_flag("--resume-only", o.resume_only, "Place nothing, only end what is in flight");
  add_membership(run, o.node);
  auto* join = run.get_option("--join");
  join->excludes(journal)->excludes(resume);
  // What the services do is a matter of the nodes where they run.
  for (const auto* elsewhere : {"--decline-rate", "--out-of-stock-rate", "--shipping-failure-rate",
                                "--last-word-failure-rate", "--stock", "--durability"})
    join->excludes(run.get_option(elsewhere));
  add_evidence(run, o.files, "Payments go to a gateway outside, which keeps its books in this file",
               "Add to this file what is asked, before it is, and what is told, after it was");
  add_log(run, o.log);
}

CLI::App* add_run(CLI::App& app, run_options& o) {
  return subcommand(app, "run",
                    "Place orders and see them through; again with the same flags: go on where the "
                    "last run ended",
                    [&o](CLI::App& run) { add_run_options(run, o); });
}

void add_compare_options(CLI::App& compare, compare_options& o) {
  compare.add_option("--orders", o.orders, "How many orders to generate")
      ->capture_default_str()
      ->check(CLI::Range(std::uint64_t{10}, std::uint64_t{1'000'000}));
  compare.add_option("--lines", o.lines, "Lines of an order")
      ->capture_default_str()
      ->check(CLI::Range(std::size_t{1}, most_lines));
  compare.add_option("--seed", o.failures.seed, "Other seed, other orders and other failures")
      ->capture_default_str()
      ->check(count);
  compare.add_option("--concurrency", o.concurrency, "Orders in flight")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000));
  add_failures(compare, o.failures);
  add_durability(compare, o.durability);
  compare.add_option("--journal", o.journal,
                     "Keep the undisturbed journals as PREFIX-orchestration.db and "
                     "PREFIX-choreography.db; without, none is kept");
  compare.add_flag("!--no-kill", o.kill, "Only the undisturbed runs");
  const std::map<std::string, table_format> formats{{"text", table_format::text},
                                                    {"markdown", table_format::markdown}};
  compare.add_option("--format", o.format, "text or markdown")
      ->transform(CLI::CheckedTransformer(formats))
      ->default_str("text");
  add_log(compare, o.log);
}

CLI::App* add_compare(CLI::App& app, compare_options& o) {
  return subcommand(app, "compare",
                    "Run the same orders in both modes, undisturbed and with each actor killed in "
                    "turn, and compare: exit code 1 if an order ends differently or not at all",
                    [&o](CLI::App& compare) { add_compare_options(compare, o); });
}

CLI::App* add_show(CLI::App& app, read_options& o) {
  return subcommand(app, "show", "Tell an order's story, event by event", [&o](CLI::App& show) {
    show.add_option("ORDER", o.order, "The order's id")->required();
    add_journal(show, o.journal);
  });
}

CLI::App* add_list(CLI::App& app, read_options& o) {
  return subcommand(app, "list", "List the orders of a journal", [&o](CLI::App& list) {
    add_journal(list, o.journal);
    list.add_option("--state", o.state,
                    "Only these: open, stuck, confirmed (completed), cancelled (compensated)")
        ->check(
            CLI::IsMember({"open", "stuck", "confirmed", "cancelled", "completed", "compensated"}));
    list.add_option("--limit", o.limit, "How many at most; 0: all")
        ->capture_default_str()
        ->check(count);
  });
}

CLI::App* add_verify(CLI::App& app, read_options& o) {
  return subcommand(
      app, "verify", "Check a journal, and what it says of the orders", [&o](CLI::App& verify) {
        add_journal(verify, o.journal);
        add_evidence(verify, o.files, "The payment gateway's file, to be held against the journal",
                     "What clients asked and were told, to be held against the journal");
      });
}

CLI::App* add_export(CLI::App& app, read_options& o) {
  return subcommand(app, "export", "Write events as lines of JSON", [&o](CLI::App& events) {
    add_journal(events, o.journal);
    events.add_option("--order", o.order, "Only the events of this order");
    events.add_option("--from", o.from, "The first position")->capture_default_str()->check(count);
    events.add_option("--limit", o.limit, "How many events at most; 0: all")
        ->capture_default_str()
        ->check(count);
  });
}

CLI::App* add_copy(CLI::App& app, copy_options& o, const char* name, const char* what,
                   const char* file) {
  return subcommand(app, name, what, [&o, file](CLI::App& copy) {
    copy.add_option("FILE", o.file, file)->required();
    add_journal(copy, o.journal);
  });
}

void add_word_options(CLI::App& word, operator_options& o, const std::string& verb) {
  auto* order = word.add_option("ORDER", o.order, "The order's id");
  word.add_option("--reason", o.reason, "Why: it is kept in the journal")->required();
  add_journal(word, o.journal);
  word.add_option("--key", o.key, "The same word under the same key again has one effect");
  if (verb == "retry")
    order->excludes(word.add_flag("--all", o.all, "Every order that is stuck"));
  else
    order->required();
  if (verb == "abort") return;
  word.add_option("--step", o.step, "The step that is meant; of retry, without: all of it");
  word.add_option("--direction", o.direction, "do, undo, or one of the last words")
      ->check(CLI::IsMember({"do", "undo", "complete", "abort"}));
  if (verb == "skip") {
    word.add_option("--event", o.event, "The event in the step's place, as JSON");
    word.add_option("--event-name", o.event_name, "Its name, where the step has several");
  }
}

/// An operator's word. `verb` is also the subcommand's name.
CLI::App* add_word(CLI::App& app, operator_options& o, const std::string& verb,
                   const std::string& help) {
  return subcommand(app, verb, help + ". While orders run, it asks the running program",
                    [&o, verb](CLI::App& word) { add_word_options(word, o, verb); });
}

void add_format(CLI::App& app, trace_options& o,
                const std::map<std::string, trace_format>& formats) {
  std::string names;
  for (const auto& [name, format] : formats) names += (names.empty() ? "" : ", ") + name;
  app.add_option("--format", o.format, names)
      ->transform(CLI::CheckedTransformer(formats))
      ->default_str("text");
}

CLI::App* add_check(CLI::App& app, definition_options& o) {
  return subcommand(app, "check",
                    "Prove that the order process cannot go wrong by its structure, or show how it "
                    "does",
                    [&o](CLI::App& checked) { add_mode(checked, o.mode); });
}

CLI::App* add_diagram(CLI::App& app, definition_options& o) {
  return subcommand(app, "diagram", "Draw the order process", [&o](CLI::App& drawn) {
    add_mode(drawn, o.mode);
    const std::map<std::string, ensemble::diagram_format> formats{
        {"mermaid", ensemble::diagram_format::mermaid},
        {"graphviz", ensemble::diagram_format::graphviz}};
    drawn.add_option("--format", o.format, "mermaid or graphviz")
        ->transform(CLI::CheckedTransformer(formats))
        ->default_str("mermaid");
  });
}

CLI::App* add_trace(CLI::App& app, trace_options& o) {
  return subcommand(app, "trace",
                    "Tell what caused what in an order, how long each edge took, and what it waits "
                    "for",
                    [&o](CLI::App& traced) {
                      auto* order = traced.add_option("ORDER", o.order, "The order's id");
                      add_journal(traced, o.journal);
                      traced
                          .add_flag("--all", o.all,
                                    "Count the events of every flow: exit code 1 if the journal "
                                    "has others")
                          ->excludes(order);
                      add_format(traced, o,
                                 {{"text", trace_format::text},
                                  {"json", trace_format::json},
                                  {"mermaid", trace_format::mermaid}});
                    });
}

CLI::App* add_graph(CLI::App& app, trace_options& o) {
  return subcommand(app, "graph",
                    "Draw who reacts to what, over all flows of a journal, with counts and how "
                    "long it takes",
                    [&o](CLI::App& graph) {
                      add_journal(graph, o.journal);
                      add_format(graph, o,
                                 {{"text", trace_format::text},
                                  {"dot", trace_format::dot},
                                  {"mermaid", trace_format::mermaid}});
                    });
}

CLI::App* add_conformance(CLI::App& app, trace_options& o) {
  return subcommand(
      app, "conformance",
      "Hold a journal against the process and its services: exit code 1 if it does not conform",
      [&o](CLI::App& held) {
        add_journal(held, o.journal);
        add_format(held, o, {{"text", trace_format::text}, {"json", trace_format::json}});
      });
}

} // namespace

parsed_command_line parse_command_line(int argc, const char* const* argv) {
  parsed_command_line parsed;
  auto& line = parsed.line;
  CLI::App app("Orders: paid, reserved, shipped and confirmed, or everything undone.", "orders");
  app.require_subcommand(1);
  app.footer("Exit codes: 0 all checks hold and every order has ended, 1 not so, 2 wrong usage.");
  const std::pair<CLI::App*, command> commands[] = {
      {add_run(app, line.run), command::run},
      {add_serve(app, line.serve), command::serve},
      {add_nodes(app, line.read), command::nodes},
      {add_compare(app, line.compare), command::compare},
      {add_show(app, line.read), command::show},
      {add_list(app, line.read), command::list},
      {add_verify(app, line.read), command::verify},
      {add_export(app, line.read), command::export_events},
      {add_copy(app, line.copy, "backup",
                "Copy a journal, beside a run or without one, and verify the copy",
                "The copy, a file that does not exist yet"),
       command::backup},
      {add_copy(app, line.copy, "restore", "Verify a backup, and make a journal of it",
                "The backup, which stays"),
       command::restore},
      {add_word(app, line.word, "retry", "Give what is stuck of an order another try"),
       command::retry},
      {add_word(app, line.word, "skip", "Pass over a step of an order, or its undo"),
       command::skip},
      {add_word(app, line.word, "abort", "Undo an order, if it has not been shipped"),
       command::abort},
      {add_check(app, line.definition), command::check},
      {add_diagram(app, line.definition), command::diagram},
      {add_trace(app, line.trace), command::trace},
      {add_graph(app, line.trace), command::graph},
      {add_conformance(app, line.trace), command::conformance}};
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    parsed.exit_code = app.exit(e) == 0 ? 0 : 2;
    return parsed;
  }
  if (app.got_subcommand("trace") && line.trace.order.empty() && !line.trace.all) {
    std::cerr << "orders trace: an ORDER is required, or --all\n";
    parsed.exit_code = 2;
    return parsed;
  }
  if (app.got_subcommand("serve") && line.serve.node.listen.empty() &&
      line.serve.node.join.empty()) {
    std::cerr << "orders serve: one of --listen and --join is required\n";
    parsed.exit_code = 2;
    return parsed;
  }
  for (const auto& [app_command, command] : commands)
    if (app_command->parsed()) line.command = command;
  return parsed;
}

} // namespace orders
