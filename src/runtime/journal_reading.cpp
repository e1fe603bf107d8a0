#include "runtime/journal_reading.hpp"

#include "runtime/log.hpp"
#include "runtime/open_instances.hpp"

#include <caf/all.hpp>

namespace ensemble::internal {

namespace {

error endless(const recorded_event& e) {
  return {errc::journal_damaged, "stream '" + e.stream + "': the outcome at version " +
                                     std::to_string(e.version.value) + " has no end"};
}

} // namespace

journal_reading::journal_reading(caf::actor_config& config, environment_ptr env,
                                 std::shared_ptr<journal_reader> reader, caf::actor supervisor)
    : base_actor(config, std::move(env), std::string(reader_role)), reader_(std::move(reader)) {
  supervisor_ = std::move(supervisor);
}

caf::behavior journal_reading::make_behavior() {
  return {
      [this](const read_journal& m) {
        try {
          serve(*m.request, m.from);
        } catch (const error& e) {
          // What cannot be read cannot be worked with; guessing would be worse.
          log().critical("the journal cannot be read: {}", e.what());
          send(supervisor_, runtime_failed{std::make_shared<error>(e)});
        }
      },
      [](const directory_changed&) {},
  };
}

void journal_reading::serve(const read_request& request, const caf::actor& from) {
  if (request.what == read_request::kind::open) {
    find_open_instances(
        *reader_, env(), *request.processes,
        [&](open_instances_page page) {
          send(from, open_instances_read{std::make_shared<open_instances_page>(std::move(page))});
        },
        [&](open_instances_tail tail) {
          send(from, open_instances_found{std::make_shared<open_instances_tail>(std::move(tail))});
        });
  } else if (request.what == read_request::kind::book) {
    auto rows = reader_->read_book(request.book, request.after_key);
    send(from, book_page{request.tag, std::make_shared<std::vector<book_row>>(std::move(rows))});
  } else {
    send(from, read(request));
  }
}

journal_page journal_reading::read(const read_request& request) {
  std::vector<recorded_event> events;
  bool complete = true;
  switch (request.what) {
  case read_request::kind::stream:
    events = reader_->read_stream(request.stream, request.version);
    complete = events.size() < read_page;
    break;
  case read_request::kind::outcome: events = outcome(request.stream, request.command); break;
  case read_request::kind::instance: events = whole_instance(request.instance); break;
  case read_request::kind::range:
    events = reader_->read_all(request.from, request.limit);
    complete = events.size() < request.limit;
    break;
  case read_request::kind::open:
  case read_request::kind::book: break;
  }
  return {request.tag, std::make_shared<std::vector<recorded_event>>(std::move(events)), complete};
}

std::vector<recorded_event> journal_reading::outcome(const std::string& stream,
                                                     command_id command) {
  std::vector<recorded_event> found;
  auto first = reader_->find(stream, make_event_id(command, 0));
  if (!first) return found;
  found.push_back(std::move(*first));
  // One command's events stand one behind the other, whatever their streams; mostly there are few.
  for (std::size_t limit = 8; !found.back().last; limit = read_page) {
    auto page = reader_->read_all({found.back().position.value + 1}, limit);
    if (page.empty()) throw endless(found.back());
    for (auto& next : page) {
      if (next.command() != command) throw endless(found.back());
      found.push_back(std::move(next));
      if (found.back().last) break;
    }
  }
  return found;
}

std::vector<recorded_event> journal_reading::whole_instance(instance_id id) {
  auto events = reader_->read_all(start_of(id), 1);
  auto after = start_of(id);
  for (;;) {
    auto page = reader_->read_instance(id, after);
    if (page.empty()) return events;
    after = page.back().position;
    std::move(page.begin(), page.end(), std::back_inserter(events));
  }
}

} // namespace ensemble::internal
