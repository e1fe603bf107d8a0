#include "explorer/messages.hpp"
#include "explorer/random_definition.hpp"
#include "fuzz/fuzz.hpp"
#include "runtime/deployments.hpp"
#include "runtime/open_instances.hpp"
#include "runtime/subscription_book.hpp"

#include <array>

namespace fuzz {

namespace {

using namespace ensemble;
using namespace ensemble::internal;

/// A process that awaits, so that every kind of row means something.
std::shared_ptr<const process_definition> awaiting_process() {
  process_definition p;
  p.name = "explored";
  p.owner = "owner";
  p.initial = [] { return std::any(explorer::memory{}); };
  p.start.event = &type_of<explorer::begun>();
  step_definition s;
  s.name = "step0";
  awaited_definition a;
  a.outcome.event = &type_of<explorer::approved>();
  a.key_of_event = [](const message& m) { return m.as<explorer::approved>().key; };
  a.key_of_state = [](const std::any&) { return std::string("k0"); };
  s.awaited.push_back(a);
  p.steps.push_back(s);
  return std::make_shared<process_definition>(std::move(p));
}

new_event an_event(std::uint64_t n, message body) {
  new_event e;
  e.id = event_id::of(n, 1);
  e.body = std::move(body);
  return e;
}

void subscription_rows(const book_row& row) {
  const auto read = read_row("mails", row);
  if (const auto* checkpoint = std::get_if<position>(&read)) {
    const auto again = make_subscription_checkpoint("mails", *checkpoint);
    claim(std::get<position>(read_row("mails", {again.key, *again.value})) == *checkpoint,
          "a checkpoint reads back as itself");
    return;
  }
  const auto& parked = std::get<parked_event>(read);
  const auto again = make_change("mails", parked);
  const auto back = std::get<parked_event>(read_row("mails", {again.key, *again.value}));
  claim(back.position == parked.position && back.cause == parked.cause &&
            back.order_key == parked.order_key && back.attempts == parked.attempts,
        "a parked event reads back as itself");
}

void open_instances(const environment& env, journal_reader& reader) {
  const std::set<std::string, std::less<>> all{"explored"};
  std::size_t pages = 0;
  const auto page = [&](open_instances_page told) {
    ++pages;
    for (const auto& [id, row] : told.rows)
      claim(!waiting_rows(awaited_keys(row, *env.processes[0]), *env.processes[0]).empty() ||
                awaited_keys(row, *env.processes[0]).empty(),
            "what a row awaits can be written again");
  };
  bool ended = false;
  find_open_instances(reader, env, {all, all}, page, [&](open_instances_tail tail) {
    ended = true;
    claim(tail.checkpoint <= reader.head() && tail.head == reader.head(),
          "the tail begins within the journal, and ends with it");
  });
  claim(pages > 0 && ended, "rows and tail are told");
}

} // namespace

/// The rows of the engine's books, as any program, old or broken, may have written them.
void books(input in) {
  static const std::array<std::string, 5> names{
      std::string(open_instances_book), std::string(checkpoints_book),
      std::string(outside_events_book), std::string(deployments_book), book_of("mails")};
  const auto j = open_journal({});
  append_request request;
  request.streams.push_back({"outside-1", expected_version::any(), {}});
  request.streams.back().events.push_back(an_event(1, explorer::approved{"k0"}));
  while (!in.empty() && request.books.size() < 8) {
    const auto& book = names.at(in.below(names.size()));
    auto key = in.flag() ? std::string("checkpoint") : in.text(1 + in.below(24));
    if (key.empty()) key = "1";
    request.books.push_back({book, std::move(key), in.short_text()});
  }
  const auto rows = request.books;
  (void)j->commit(std::array{std::move(request)}, timestamp{});
  const auto reader = j->open_reader();
  for (const auto& row : rows)
    if (row.book == names[4])
      (void)refused({errc::journal_damaged}, [&] {
        subscription_rows({row.key, row.value.value()});
      });
  environment env({});
  env.processes.push_back(awaiting_process());
  const auto damaged = {errc::journal_damaged};
  (void)refused(damaged, [&] { read_deployments(env, *reader); });
  (void)refused(damaged, [&] { open_instances(env, *reader); });
}

} // namespace fuzz
