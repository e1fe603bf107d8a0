// Random histories: memory, SQLite and a model that anyone can check by eye agree on all answers
// and on all that can be read.

#include "journal/support.hpp"
#include "model/property.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

namespace journal_tests {

namespace {

// What is drawn for one request: small numbers, so that streams and ids meet often.
struct drawn_part {
  int stream = 0;
  int expected = -1; // -1: any
  int events = 1;
};

struct drawn_request {
  int key = 0; // of the command: equal keys are repeats, or clashes of other shapes
  std::vector<drawn_part> parts{};
  int book_key = 0;
  int book_value = 0; // 0: no change, 1: delete, else put
  int row_key = 0;
  int row_expected = 0; // of that row; 0: anything, 1: that there is none, else that value
};

struct drawn_batch {
  std::vector<drawn_request> requests{};
  int time = 0;
  bool reopen = false;
};

void showValue(const drawn_part& part, std::ostream& out) {
  out << "s-" << part.stream << " at " << part.expected << " x" << part.events;
}
void showValue(const drawn_request& request, std::ostream& out) {
  out << "\n  command " << request.key << ':';
  for (const auto& part : request.parts) {
    showValue(part, out);
    out << ", ";
  }
  out << "book " << request.book_key << '=' << request.book_value << " if " << request.row_key
      << '=' << request.row_expected;
}
void showValue(const drawn_batch& batch, std::ostream& out) {
  out << "\nbatch at " << batch.time << (batch.reopen ? ", reopened" : "");
  for (const auto& request : batch.requests) showValue(request, out);
}

rc::Gen<drawn_part> any_part() {
  using rc::gen::inRange;
  return rc::gen::build<drawn_part>(
      rc::gen::set(&drawn_part::stream, inRange(0, 4)),
      rc::gen::set(&drawn_part::expected,
                   rc::gen::weightedOneOf<int>({{3, rc::gen::just(-1)}, {2, inRange(0, 8)}})),
      rc::gen::set(&drawn_part::events, inRange(1, 4)));
}

rc::Gen<drawn_request> any_request() {
  using rc::gen::inRange;
  return rc::gen::build<drawn_request>(
      rc::gen::set(&drawn_request::key, inRange(1, 40)),
      rc::gen::set(&drawn_request::parts,
                   rc::gen::weightedOneOf<std::vector<drawn_part>>(
                       {{5, rc::gen::container<std::vector<drawn_part>>(1, any_part())},
                        {2, rc::gen::container<std::vector<drawn_part>>(2, any_part())},
                        {1, rc::gen::just(std::vector<drawn_part>{})}})),
      rc::gen::set(&drawn_request::book_key, inRange(0, 3)),
      rc::gen::set(&drawn_request::book_value, inRange(0, 5)),
      rc::gen::set(&drawn_request::row_key, inRange(0, 3)),
      rc::gen::set(&drawn_request::row_expected,
                   rc::gen::weightedOneOf<int>({{3, rc::gen::just(0)}, {2, inRange(1, 5)}})));
}

rc::Gen<drawn_batch> any_batch() {
  return rc::gen::build<drawn_batch>(
      rc::gen::set(
          &drawn_batch::requests,
          rc::gen::resize(6, rc::gen::container<std::vector<drawn_request>>(any_request()))),
      rc::gen::set(&drawn_batch::time, rc::gen::inRange(0, 100)),
      rc::gen::set(&drawn_batch::reopen,
                   rc::gen::map(rc::gen::inRange(0, 6), [](int n) { return n == 0; })));
}

append_request build(const drawn_request& from) {
  append_request made;
  std::uint32_t total = 0;
  for (const auto& part : from.parts) total += static_cast<std::uint32_t>(part.events);
  std::uint32_t index = 0;
  for (const auto& part : from.parts) {
    stream_append appended;
    appended.stream = "s-" + std::to_string(part.stream);
    if (part.expected >= 0)
      appended.expected = expected_version::exactly(static_cast<std::uint64_t>(part.expected));
    for (int i = 0; i < part.events; ++i, ++index) {
      auto made_event = event(static_cast<std::uint64_t>(from.key),
                              "[" + std::to_string(from.key) + "," + std::to_string(index) + "]");
      made_event.id = id(static_cast<std::uint64_t>(from.key), index + 1);
      made_event.index = index;
      made_event.last = index + 1 == total;
      made_event.origin.instance = instance_id::of(static_cast<std::uint64_t>(from.key % 5), 0);
      appended.events.push_back(std::move(made_event));
    }
    made.streams.push_back(std::move(appended));
  }
  if (from.book_value > 0) {
    made.books.push_back({"book", std::to_string(from.book_key), std::nullopt});
    if (from.book_value > 1) made.books.back().value = std::to_string(from.book_value);
  }
  if (from.row_expected > 0) {
    made.expected_rows.push_back({"book", std::to_string(from.row_key), std::nullopt});
    if (from.row_expected > 1) made.expected_rows.back().value = std::to_string(from.row_expected);
  }
  return made;
}

// The journal as its header describes it: one list, and everything else looked for in it.
class model {
public:
  /// Nothing: an id clashed, and the whole batch is refused.
  std::optional<std::vector<append_result>> commit(const std::vector<append_request>& requests,
                                                   timestamp now) {
    const auto events_before = events_;
    const auto book_before = book_;
    if (!events_.empty()) now = std::max(now, events_.back().time);
    std::vector<append_result> results;
    for (const auto& request : requests) {
      results.push_back(decide(request));
      if (results.back().state == status::appended && !record(request, now, results.back())) {
        events_ = events_before;
        book_ = book_before;
        return std::nullopt;
      }
      if (results.back().state == status::fenced) continue;
      for (const auto& part : request.streams)
        results.back().lengths.push_back(length(part.stream));
    }
    return results;
  }

  [[nodiscard]] const std::vector<recorded_event>& events() const { return events_; }
  [[nodiscard]] const std::map<std::string, std::string>& book() const { return book_; }

private:
  [[nodiscard]] std::uint64_t length(const std::string& stream) const {
    return static_cast<std::uint64_t>(std::ranges::count(events_, stream, &recorded_event::stream));
  }
  [[nodiscard]] const recorded_event* find(const std::string& stream, event_id wanted) const {
    for (const auto& e : events_)
      if (e.stream == stream && e.id == wanted) return &e;
    return nullptr;
  }

  [[nodiscard]] bool is_fenced(const append_request& request) const {
    return std::ranges::any_of(request.expected_rows, [&](const book_expectation& e) {
      const auto at = book_.find(e.key);
      return (at == book_.end() ? std::nullopt : std::optional(at->second)) != e.value;
    });
  }

  append_result decide(const append_request& request) {
    if (request.streams.empty())
      return {is_fenced(request) ? status::fenced : status::appended, {}, {}, {}};
    const auto& home = request.streams[0];
    if (const auto* earlier = find(home.stream, home.events[0].id)) {
      auto last = earlier->position;
      while (!events_[last.value - 1].last) ++last.value;
      return {status::repeated, earlier->position, last, {}};
    }
    if (is_fenced(request)) return {status::fenced, {}, {}, {}};
    std::map<std::string, std::uint64_t> lengths;
    for (const auto& part : request.streams) {
      auto& expected = lengths.try_emplace(part.stream, length(part.stream)).first->second;
      if (!part.expected.fits(expected)) return {status::conflict, {}, {}, {}};
      expected += part.events.size();
    }
    return {};
  }

  bool record(const append_request& request, timestamp now, append_result& result) {
    for (const auto& part : request.streams) {
      for (const auto& e : part.events) {
        if (find(part.stream, e.id) != nullptr) return false;
        result.last = {events_.size() + 1};
        if (result.first == position{}) result.first = result.last;
        events_.push_back({result.last,
                           part.stream,
                           {length(part.stream)},
                           now,
                           e.id,
                           e.index,
                           e.last,
                           e.origin,
                           e.body});
      }
    }
    for (const auto& change : request.books) {
      if (change.value)
        book_[change.key] = *change.value;
      else
        book_.erase(change.key);
    }
    return true;
  }

  std::vector<recorded_event> events_;
  std::map<std::string, std::string> book_;
};

std::string show(const std::vector<append_result>& results) {
  std::ostringstream out;
  for (const auto& r : results) {
    out << static_cast<int>(r.state) << ' ' << r.first.value << ".." << r.last.value << " of";
    for (const auto length : r.lengths) out << ' ' << length;
    out << '\n';
  }
  return out.str();
}

std::string show(const std::vector<recorded_event>& events) {
  std::ostringstream out;
  for (const auto& e : events)
    out << e.position.value << ' ' << e.stream << '@' << e.version.value << ' '
        << e.time.time_since_epoch().count() << ' ' << to_string(e.id) << ' ' << e.index << e.last
        << ' ' << to_string(e.origin.instance) << to_string(e.origin.correlation) << ' '
        << e.body.text() << '\n';
  return out.str();
}

template <class Predicate>
std::string show_if(const std::vector<recorded_event>& events, Predicate wanted) {
  std::vector<recorded_event> found;
  std::ranges::copy_if(events, std::back_inserter(found), wanted);
  return show(found);
}

std::string answer(journal& to, const std::vector<append_request>& requests, timestamp now) {
  try {
    return show(to.commit(requests, now));
  } catch (const error& refused) {
    return std::string(to_string(refused.code()));
  }
}

void check_reads(journal_reader& reader, const model& expected) {
  const auto& events = expected.events();
  RC_ASSERT(reader.head().value == events.size());
  RC_ASSERT(show(reader.read_all({1})) == show(events));
  std::map<std::string, std::string> book;
  for (auto& row : reader.read_book("book")) book.emplace(std::move(row.key), std::move(row.value));
  RC_ASSERT(book == expected.book());
  for (int s = 0; s < 4; ++s) {
    const auto name = "s-" + std::to_string(s);
    RC_ASSERT(show(reader.read_stream(name, {1})) == show_if(events, [&](const auto& e) {
                return e.stream == name && e.version >= stream_version{1};
              }));
  }
  for (std::uint64_t i = 1; i < 5; ++i) {
    const auto instance = instance_id::of(i, 0);
    RC_ASSERT(show(reader.read_instance(instance, {3})) == show_if(events, [&](const auto& e) {
                return e.origin.instance == instance && e.position > position{3};
              }));
  }
  for (const auto& e : events) {
    RC_ASSERT(reader.find(e.stream, e.id)->position == e.position);
    RC_ASSERT(!reader.read_correlation(e.origin.correlation, {e.position.value - 1}, 1).empty());
  }
  RC_ASSERT(faults(reader).empty());
}

TEST(JournalProperty, AdaptersAgreeWithTheModelOnAnyHistory) {
  check_property(150, [] {
    const temporary_directory directory;
    journal_options options;
    options.path = directory.file();
    options.durability = durability::relaxed;
    const auto memory = open_journal({});
    auto sqlite = open_journal(options);
    model expected;
    const auto history =
        *rc::gen::resize(12, rc::gen::container<std::vector<drawn_batch>>(any_batch()));
    for (const auto& batch : history) {
      std::vector<append_request> requests;
      for (const auto& drawn : batch.requests) requests.push_back(build(drawn));
      const auto results = expected.commit(requests, at(batch.time));
      const auto wanted = results ? show(*results) : "bad_argument";
      RC_ASSERT(answer(*memory, requests, at(batch.time)) == wanted);
      RC_ASSERT(answer(*sqlite, requests, at(batch.time)) == wanted);
      if (!batch.reopen) continue;
      sqlite.reset();
      sqlite = open_journal(options);
    }
    check_reads(*memory->open_reader(), expected);
    check_reads(*sqlite->open_reader(), expected);
  });
}

} // namespace

} // namespace journal_tests
